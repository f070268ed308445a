// Lines of writing → the numbers of a drawing. The same steps as images/split_lines.py.

import { lines as known, split_lines as shared } from "./constants.js";
import { takeLine } from "./lines.js";

const { WIDEST_GAP } = known;
const { APART, UNUSUAL } = shared;

/** The lines as separate numbers, top to bottom and left to right: continuations are joined, then split at wide gaps. */
export function splitLines(lines) {
  const leftOver = [...lines];
  const whole = [];
  while (leftOver.length) whole.push(takeLine(leftOver));
  whole.sort((a, b) => a.box[1] + a.box[3] / 2 - (b.box[1] + b.box[3] / 2));
  return whole.flatMap(parted);
}

/** Splits a line at gaps wider than those between the digits of one number. */
function parted(line) {
  const gaps = line.columns.slice(1).map(([left], at) => left - line.columns[at][1]);
  const parts = [[line.columns[0]]];
  gaps.forEach((gap, at) => {
    if (isWide(gap, gaps, line.digitHeight)) parts.push([]);
    parts.at(-1).push(line.columns[at + 1]);
  });
  return parts.length === 1 ? [line] : parts.map((columns, at) => part(line, columns, at === 0, at === parts.length - 1));
}

function isWide(gap, gaps, digitHeight) {
  const others = [...gaps].sort((a, b) => a - b);
  others.splice(others.indexOf(gap), 1);
  const usual = others.length ? others[(others.length - 1) >> 1] : 0;
  return gap > WIDEST_GAP * digitHeight || gap > Math.max(APART * digitHeight, UNUSUAL * usual);
}

/** The part of a line with these columns; the first and last parts extend to the ends of the line. */
function part(line, columns, isFirst, isLast) {
  const [x, y, width, height] = line.box;
  const left = isFirst ? Math.min(x, columns[0][0]) : columns[0][0];
  const right = isLast ? Math.max(x + width, columns.at(-1)[1]) : columns.at(-1)[1];
  return { ...line, box: [left, y, right - left, height], columns };
}
