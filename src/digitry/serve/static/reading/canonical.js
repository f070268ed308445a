// Ink of one digit → canonical digit: fitted into 20×20 and centred by mass in 28×28, as in MNIST.
// The same steps as images/canonical.py.

import { types, canonical as shared } from "./constants.js";
import { distances, ridge } from "./distance.js";
import { boundingBox, byte, cut, image, median, padded, round, strokeMask } from "./pixels.js";
import { resizeArea, resizeCubic, resizeCubicTo } from "./resize.js";

const { IMAGE_SIDE } = types;
const { BOX_SIDE, BOX_LEVEL, STROKE_RANGE, WORK_SIDE } = shared;

/** The canonical digit, an image of 28×28, of all ink; throws an Error if there is none. */
export function canonical(ink) {
  let digit = tight(ink);
  const longest = Math.max(digit.width, digit.height);
  if (longest > BOX_SIDE) digit = sharpen(digit, Math.min(longest / BOX_SIDE, 4));
  return centre(fit(normaliseStrokes(digit)));
}

function tight(ink) {
  const box = boundingBox(strokeMask(ink, BOX_LEVEL));
  if (!box) throw new Error("there is no ink");
  return cut(ink, ...box);
}

function sharpen(ink, gain) {
  const f = Math.fround;
  const shift = f(127.5 * (1 - gain));
  const steeper = Uint8Array.from({ length: 256 }, (_, value) => byte(round(f(value * f(gain) + shift))));
  return image(ink.width, ink.height, ink.data.map((value) => steeper[value]));
}

/** Median width of the strokes in pixels: twice the distance from a stroke's middle to its edge. */
function strokeWidth(ink) {
  const scale = Math.max(1, WORK_SIDE / Math.max(ink.width, ink.height));
  const middle = ridge(padded(strokeMask(enlarged(ink, scale), 128), 1));
  return middle.length ? Math.max(2 * median(middle) - 1, 1) / scale : 0;
}

function enlarged(ink, scale) {
  return scale <= 1 ? ink : resizeCubic(ink, scale);
}

function normaliseStrokes(ink) {
  const longest = Math.max(ink.width, ink.height);
  const width = (strokeWidth(ink) * BOX_SIDE) / longest;
  const [low, high] = STROKE_RANGE;
  if (width === 0 || (low <= width && width <= high)) return ink;
  const scale = Math.max(1, WORK_SIDE / longest);
  const wanted = width < low ? low : high;
  // Half the change on each side. Fitting shrinks thickened strokes again, hence the last factor.
  const pixel = (longest * scale) / BOX_SIDE;
  const margin = ((((wanted - width) / 2) * pixel) * BOX_SIDE) / (BOX_SIDE - (wanted - width));
  return tight(offsetEdges(enlarged(ink, scale), margin));
}

/** Moves every edge outwards by `margin` pixels, inwards if negative, with antialiasing. */
function offsetEdges(ink, margin) {
  const f = Math.fround;
  const mask = padded(strokeMask(ink, 128), Math.ceil(Math.max(margin, 0)) + 1);
  const outwards = margin >= 0;
  if (outwards) mask.data = mask.data.map((value) => 255 - value);
  const start = f(outwards ? margin + 1 : margin);
  const edges = Uint8Array.from(distances(mask, 5).data, (distance) => {
    const reach = f(outwards ? start - distance : start + distance);
    return Math.floor(f(Math.min(Math.max(reach, 0), 1) * 255));
  });
  return image(mask.width, mask.height, edges);
}

/** Tight ink resized so that its longer side is 20, keeping the aspect ratio. */
function fit(ink) {
  const longest = Math.max(ink.width, ink.height);
  if (longest === BOX_SIDE) return ink;
  const width = Math.max(1, round((ink.width * BOX_SIDE) / longest));
  const height = Math.max(1, round((ink.height * BOX_SIDE) / longest));
  return longest > BOX_SIDE ? resizeArea(ink, width, height) : resizeCubicTo(ink, width, height);
}

/** Fitted ink on a black page, its centre of mass within half a pixel of the middle. */
function centre(ink) {
  let [mass, momentX, momentY] = [0, 0, 0];
  ink.data.forEach((value, at) => {
    mass += value;
    momentX += value * (at % ink.width);
    momentY += value * Math.floor(at / ink.width);
  });
  const half = IMAGE_SIDE / 2;
  const place = (moment, side) => Math.min(Math.max(round(half - moment / (mass || 1)), 0), IMAGE_SIDE - side);
  return cut(ink, -place(momentX, ink.width), -place(momentY, ink.height), IMAGE_SIDE, IMAGE_SIDE);
}
