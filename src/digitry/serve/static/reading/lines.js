// Ink → lines of writing: their places and the height of their digits. The same steps as images/lines.py.
// A line is {box, digitHeight, ink, columns}, in pixels of the ink page: `ink` is the number of stroke pixels, `columns` are
// the first and last column of each piece as high as a digit, left to right.

import { lines as shared } from "./constants.js";
import { piecesOf } from "./pieces.js";
import { percentile, strokeMask } from "./pixels.js";
import { INK_LEVEL, withoutFrame } from "./segment.js";

export const { MIN_HEIGHT } = shared;
const { MIN_DIGIT_SHARE, OUTLINE_FILL, OUTLINED, SAME_LINE_OVERLAP, SAME_SLOPE_OVERLAP, WIDEST_GAP } = shared;

/** The lines of writing on an ink page, top to bottom; empty if there are none. */
export function findLines(ink) {
  const found = piecesOf(strokeMask(ink, INK_LEVEL));
  const kept = withoutOutlines(
    withoutFrame(found)
      .map((number) => found.stats[number])
      .filter((piece) => piece.area >= 4),
  );
  if (!kept.length) return [];
  const least = Math.max(MIN_DIGIT_SHARE * weightedMedian(kept), MIN_HEIGHT);
  const tall = kept.filter((piece) => piece.height >= least);
  const small = kept.filter((piece) => piece.height < least);
  const lines = sameLine(tall).map((group) => lineOf(group, small));
  return lines.sort((a, b) => a.box[1] + a.box[3] / 2 - (b.box[1] + b.box[3] / 2));
}

/** The pieces without thin ones that surround others. */
function withoutOutlines(pieces) {
  return pieces.filter((outline) => {
    if (outline.area >= OUTLINE_FILL * outline.width * outline.height) return true;
    const within = pieces.filter((piece) => {
      const x = piece.left + piece.width / 2 - outline.left;
      const y = piece.top + piece.height / 2 - outline.top;
      return x > 0 && x < outline.width && y > 0 && y < outline.height;
    });
    return within.length <= OUTLINED;
  });
}

/** The height above and below which lies as much ink. */
function weightedMedian(pieces) {
  const ordered = [...pieces].sort((a, b) => a.height - b.height);
  const half = ordered.reduce((sum, piece) => sum + piece.area, 0) / 2;
  let total = 0;
  return ordered.find((piece) => (total += piece.area) >= half).height;
}

/** Pieces grouped by line. */
function sameLine(pieces) {
  const groups = []; // each with the core of its line, where its tallest pieces overlap
  for (const piece of [...pieces].sort((a, b) => b.height - a.height)) {
    let best = null;
    let most = SAME_LINE_OVERLAP;
    for (const group of groups) {
      const shared = Math.min(group.last, piece.top + piece.height) - Math.max(group.first, piece.top);
      const overlap = shared / Math.min(piece.height, group.last - group.first);
      if (overlap > most) [best, most] = [group, overlap];
    }
    if (best) best.pieces.push(piece);
    else groups.push({ pieces: [piece], first: piece.top, last: piece.top + piece.height });
  }
  return groups.map((group) => group.pieces);
}

/** The line formed by these pieces, with the small ones that lie within it. */
function lineOf(tall, small) {
  let left = Math.min(...tall.map((piece) => piece.left));
  let right = Math.max(...tall.map((piece) => piece.left + piece.width));
  const top = Math.min(...tall.map((piece) => piece.top));
  const bottom = Math.max(...tall.map((piece) => piece.top + piece.height));
  const digitHeight = percentile(
    tall.map((piece) => piece.height),
    0.6,
  );
  const room = 1.5 * digitHeight;
  const [from, to] = [left - room, right + room];
  const inside = small.filter((piece) => {
    const middle = piece.top + piece.height / 2;
    return middle > top && middle < bottom && piece.left > from && piece.left + piece.width < to;
  });
  left = Math.min(left, ...inside.map((piece) => piece.left));
  right = Math.max(right, ...inside.map((piece) => piece.left + piece.width));
  return {
    box: [left, top, right - left, bottom - top],
    digitHeight,
    ink: [...tall, ...inside].reduce((sum, piece) => sum + piece.area, 0),
    columns: merged(tall.map((piece) => [piece.left, piece.left + piece.width])),
  };
}

/** Columns in order, with overlapping ones merged. */
function merged(columns) {
  const found = [];
  for (const [left, right] of [...columns].sort(([a, b], [c, d]) => a - c || b - d)) {
    const last = found.at(-1);
    if (last && left <= last[1]) last[1] = Math.max(last[1], right);
    else found.push([left, right]);
  }
  return found;
}

/** Takes the line with the most ink out of `leftOver`, joined with its continuations, as of sloping writing. */
export function takeLine(leftOver) {
  leftOver.sort((a, b) => a.ink - b.ink);
  let whole = leftOver.pop();
  for (;;) {
    const at = leftOver.findIndex((line) => goesOn(whole, line));
    if (at < 0) return whole;
    whole = joined(whole, leftOver.splice(at, 1)[0]);
  }
}

/** Whether the other line has digits of about the same height, beside this one and overlapping vertically. */
function goesOn(line, other) {
  const [x, y, width, height] = line.box;
  const [a, b, wide, tall] = other.box;
  const gap = Math.max(a - (x + width), x - (a + wide)) / line.digitHeight;
  const level = Math.min(y + height, b + tall) - Math.max(y, b);
  const ratio = other.digitHeight / line.digitHeight;
  const alike = 0.5 < ratio && ratio < 2;
  return alike && -0.5 < gap && gap < WIDEST_GAP && level > SAME_SLOPE_OVERLAP * Math.min(height, tall);
}

function joined(line, other) {
  const [x, y, width, height] = line.box;
  const [a, b, wide, tall] = other.box;
  const [left, top] = [Math.min(x, a), Math.min(y, b)];
  const ink = line.ink + other.ink;
  return {
    box: [left, top, Math.max(x + width, a + wide) - left, Math.max(y + height, b + tall) - top],
    digitHeight: (line.digitHeight * line.ink + other.digitHeight * other.ink) / ink,
    ink,
    columns: merged([...line.columns, ...other.columns]),
  };
}
