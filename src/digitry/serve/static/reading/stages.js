// Ink page → canonical digit, keeping every stage in between, or the reason why there is none.
// The same steps as images/stages.py.

import { canonical } from "./canonical.js";
import { stages as shared } from "./constants.js";
import { countPatches } from "./pieces.js";
import { padded, round, strokeMask } from "./pixels.js";
import { shrink } from "./resize.js";
import { findDigit } from "./segment.js";

export const { BLANK, MIN_SIDE } = shared;
const { MIN_SMOOTHNESS, MAX_HOLES, HOLE_SIDE, TEXTURE, SPECKS, NOISE } = shared;

/** The stages of the one digit on an ink page, shrunk by `scale` from a drawing of `width` and `height`. */
export function inkStages(ink, scale, width, height) {
  const nothing = (reason) => ({ crop: null, canonical: null, box: [0, 0, 0, 0], rivals: 0, reason });
  if (!ink.data.some((value) => value)) return nothing(BLANK);
  const crop = findDigit(ink);
  if (!crop) return nothing(TEXTURE);
  if (Math.max(crop.box[2], crop.box[3]) < MIN_SIDE) return nothing(SPECKS);
  const digit = canonical(crop.ink);
  if (smoothness(digit) < MIN_SMOOTHNESS || holeCount(crop.ink) > MAX_HOLES) return nothing(NOISE);
  const box = scaled(crop.box, scale, width, height);
  return { crop: crop.ink, canonical: digit, box, rivals: crop.rivals, reason: null };
}

export function tooSmall(width, height) {
  return `a picture of ${width}×${height} pixels is too small to hold a digit`;
}

/** Mean correlation of an image with itself shifted by one pixel, right and down: about 0 for noise. */
function smoothness({ data, width }) {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  let [alike, energy] = [0, 0];
  data.forEach((value, at) => {
    energy += (value - mean) ** 2;
    if (at % width) alike += (value - mean) * (data[at - 1] - mean);
    if (at >= width) alike += (value - mean) * (data[at - width] - mean);
  });
  return alike / (2 * (energy || 1));
}

/** The number of patches of paper enclosed by ink, ignoring pinholes in a large crop's strokes. */
function holeCount(ink) {
  const paper = strokeMask(shrink(ink, HOLE_SIDE)[0], 128);
  paper.data = paper.data.map((value) => 255 - value);
  return countPatches(padded(paper, 1, 255)) - 1; // minus the paper around it
}

function scaled([x, y, wide, tall], scale, width, height) {
  const [left, top] = [Math.trunc(x * scale), Math.trunc(y * scale)];
  const right = Math.min(width, round((x + wide) * scale));
  const bottom = Math.min(height, round((y + tall) * scale));
  return [left, top, right - left, bottom - top];
}
