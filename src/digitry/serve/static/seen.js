// The digits of a drawing as the network sees them, as pictures.

import { types } from "./reading/constants.js";
import { percent } from "./words.js";

const SIDE = types.IMAGE_SIDE;
const FOR = [0, 95, 148], AGAINST = [213, 94, 0]; // blue and vermilion, distinguishable for the colour-blind
const MANY = 3; // more digits than this are shown smaller
const find = (id) => document.getElementById(id);

/** Shows the digit being written in canonical form, a Uint8Array of 784, or null. */
export function showTiny(canonical) {
  const image = new ImageData(SIDE, SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) image.data.set([canonical?.[i] ?? 0, canonical?.[i] ?? 0, canonical?.[i] ?? 0, 255], 4 * i);
  find("tiny").getContext("2d").putImageData(image, 0, 0);
}

/** Shows the digits as the network sees them: [{digit, stages, saliency}]. */
export function showDigits(seen) {
  find("why").hidden = seen.length === 0;
  find("digits").classList.toggle("many", seen.length > MANY);
  find("digits").replaceChildren(...seen.map(({ digit, stages, saliency }) => {
    const card = document.createElement("article");
    card.className = "seen";
    if (seen.length > 1) card.append(heading(`${digit.label}, ${percent(digit.confidence)}`));
    const views = document.createElement("div");
    views.className = "views";
    if (stages.crop) views.append(view(inkPicture(stages.crop), `The strokes of the ${digit.label}, dark on white`, "Its strokes"));
    views.append(view(greyPicture(stages.canonical), `The ${digit.label} as ${SIDE}×${SIDE} pixels, light on black`, `${SIDE}×${SIDE} pixels`));
    const heat = saliency ? heatPicture(stages.canonical, saliency.answerDrop) : greyPicture(stages.canonical);
    const label = saliency ? `Heat map: the pixels that support ${digit.label}` : "Looking for the evidence";
    views.append(view(heat, label, saliency ? `Evidence for ${digit.label}` : "One moment…"));
    card.append(views);
    return card;
  }));
}

function view(canvas, label, caption) {
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  const figure = document.createElement("figure");
  const words = document.createElement("figcaption");
  words.textContent = caption;
  figure.append(canvas, words);
  return figure;
}

function painted(width, height, colour) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) image.data.set([...colour(i), 255], 4 * i);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function greyPicture(digit) {
  return painted(SIDE, SIDE, (i) => [digit[i], digit[i], digit[i]]);
}

function inkPicture({ data, width, height }) {
  const canvas = painted(width, height, (i) => [255 - data[i], 255 - data[i], 255 - data[i]]);
  canvas.className = "soft";
  return canvas;
}

/** Draws the digit dark on white, coloured by the drop of each pixel's patch; full colour at the largest drop. */
function heatPicture(digit, drops) {
  const most = Math.max(1e-6, ...drops.map(Math.abs));
  return painted(SIDE, SIDE, (i) => {
    const weight = Math.abs(drops[i]) / most;
    const base = 255 - 0.55 * digit[i];
    const colour = drops[i] >= 0 ? FOR : AGAINST;
    return colour.map((value) => Math.round(base + weight * (value - base)));
  });
}

function heading(text) {
  const element = document.createElement("h3");
  element.textContent = text;
  return element;
}
