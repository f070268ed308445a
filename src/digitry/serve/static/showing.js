// Readings in words, bars and pictures.

import { types } from "./reading/constants.js";

const SIDE = types.IMAGE_SIDE;
const FOR = [0, 95, 148], AGAINST = [213, 94, 0]; // blue and vermilion: told apart by colour-blind eyes too
const find = (id) => document.getElementById(id);

export function percent(share) {
  if (share > 0.999) return "over 99.9%";
  if (share < 0.001) return "under 0.1%";
  return `${(100 * share).toFixed(1)}%`;
}

/** A reading of the drawing; null when nothing is drawn. */
export function showReading(reading) {
  const answer = find("answer");
  const number = reading?.numbers[0];
  answer.classList.toggle("sure", Boolean(number) && reading.sure);
  answer.classList.toggle("unsure", Boolean(number) && !reading.sure);
  find("text").textContent = number?.text ?? "\u00a0";
  find("verdict").textContent = verdict(reading, number);
  showBars(number);
}

function verdict(reading, number) {
  if (!reading) return "Nothing drawn yet.";
  if (!number) return `No digit here: ${reading.reason}.`;
  if (reading.sure) return `Sure: right with a probability of ${percent(number.confidence)}.`;
  return `Not sure, it may be something else: ${reading.reason}.`;
}

function showBars(number) {
  const bars = find("bars");
  bars.replaceChildren();
  bars.hidden = !number;
  if (!number) return;
  for (const { text, confidence: share } of [number, ...number.alternatives]) {
    const name = span("name", text === "" ? "none" : text);
    const bar = span("bar", "");
    const fill = document.createElement("i");
    fill.style.width = `${100 * share}%`;
    bar.append(fill);
    bar.setAttribute("aria-hidden", "true"); // the figure beside it says the same
    bars.append(name, bar, span("share", percent(share)));
  }
}

/** The digits as the network sees them: [{digit, stages, saliency}]. */
export function showDigits(seen) {
  find("why").hidden = seen.length === 0;
  find("digits").replaceChildren(...seen.map(({ digit, stages, saliency }) => {
    const card = document.createElement("article");
    card.className = "seen";
    if (seen.length > 1) card.append(heading(`${digit.label}, ${percent(digit.confidence)}`));
    const views = document.createElement("div");
    views.className = "views";
    if (stages.crop) views.append(view(inkPicture(stages.crop), `The strokes of the ${digit.label}, dark on white`, "Its strokes"));
    views.append(view(greyPicture(stages.canonical), `The ${digit.label} as ${SIDE}×${SIDE} pixels, light on black`, `${SIDE}×${SIDE} pixels`));
    const heat = saliency ? heatPicture(stages.canonical, saliency.answerDrop) : greyPicture(stages.canonical);
    const label = saliency ? `Heat map: the pixels that spoke for ${digit.label}` : "Looking for what spoke for it";
    views.append(view(heat, label, saliency ? `What spoke for ${digit.label}` : "One moment…"));
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

/** The digit dark on white, coloured by how much each pixel's patch matters; full colour at the largest drop. */
function heatPicture(digit, drops) {
  const most = Math.max(1e-6, ...drops.map(Math.abs));
  return painted(SIDE, SIDE, (i) => {
    const weight = Math.abs(drops[i]) / most;
    const base = 255 - 0.55 * digit[i];
    const colour = drops[i] >= 0 ? FOR : AGAINST;
    return colour.map((value) => Math.round(base + weight * (value - base)));
  });
}

/** What the server said of a picture: {readings} or {problem}. */
export function showServerReadings(place, { readings, problem }) {
  place.replaceChildren();
  if (problem) {
    place.append(paragraph(`That did not work: ${problem}`));
    return;
  }
  for (const reading of readings) {
    if (reading.page === null) {
      place.append(paragraph(`The rest could not be read: ${reading.reason}.`));
      continue;
    }
    const page = readings.length > 1 ? `Page ${reading.page}: ` : "";
    if (!reading.numbers.length) {
      place.append(paragraph(`${page}no digit here: ${reading.reason}.`));
      continue;
    }
    const list = document.createElement("ul");
    for (const number of reading.numbers) {
      const item = document.createElement("li");
      const sure = number.sure && (reading.sure || !reading.numbers.every((other) => other.sure));
      const text = document.createElement("strong");
      text.textContent = number.text;
      item.append(text, " ", span(sure ? "sure-word" : "unsure-word", sure ? "sure" : "not sure"));
      item.append(`, ${percent(number.confidence)}${sure ? "" : `: ${number.reason ?? reading.reason}`}`);
      list.append(item);
    }
    place.append(paragraph(`${page}${reading.numbers.length === 1 ? "one number" : `${reading.numbers.length} numbers`}`), list);
  }
}

function paragraph(text) {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}

function heading(text) {
  const element = document.createElement("h3");
  element.textContent = text;
  return element;
}

function span(name, text) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}
