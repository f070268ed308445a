// Ink of a line of digits → whether it has a mark too low for a digit: a point, a minus, a plus.

import { low_marks, segment } from "./constants.js";
import { piecesOf } from "./pieces.js";
import { strokeMask } from "./pixels.js";

const { LEAST_INK, LOW } = low_marks;

/** Whether an image with digits of this height, in pixels, has a low mark in its own columns. */
export function hasLowMark(ink, height) {
  const { stats } = piecesOf(strokeMask(ink, segment.INK_LEVEL));
  const marks = [];
  for (const piece of stats.slice(1).sort((one, other) => one.left - other.left)) {
    const [right, bottom] = [piece.left + piece.width, piece.top + piece.height];
    const mark = marks.at(-1);
    if (!mark || piece.left >= mark.right) {
      marks.push({ right, bottom, top: piece.top, area: piece.area });
      continue;
    }
    mark.right = Math.max(mark.right, right);
    mark.top = Math.min(mark.top, piece.top);
    mark.bottom = Math.max(mark.bottom, bottom);
    mark.area += piece.area;
  }
  return marks.some(({ top, bottom, area }) => bottom - top < LOW * height && area > LEAST_INK * height ** 2);
}
