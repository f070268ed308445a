// Numbers that the server has read, and their corrections: `given` is the corrected text, "" if it is not a number.

import { certaintyOf, howSure } from "../words.js";

/** The readings of a picture with each number marked as sure or not: doubt about a page applies to all its numbers. */
export function settled(readings) {
  for (const reading of readings) {
    reading.tables ??= []; // missing if the picture could not be read
    const isAbout = reading.sure || !reading.numbers.every((number) => number.sure);
    for (const number of reading.numbers) Object.assign(number, { sure: number.sure && isAbout, given: null });
  }
  return readings;
}

/** `sure`, `likely`, `unsure`, or `checked` if a person has confirmed or corrected it. */
export function certaintyIn(number) {
  return number.given === null ? certaintyOf(number) : "checked";
}

export function textIn(number) {
  return number.given ?? number.text;
}

/** Whether a person should check it. */
export function isOpen(number) {
  return certaintyIn(number) !== "sure" && certaintyIn(number) !== "checked";
}

export function wordsOn(number) {
  if (number.given !== null) return number.given === "" ? "not a number, checked by you" : `${number.given}, checked by you`;
  return `${number.text}, ${howSure(number).toLowerCase()}`;
}

/** All numbers on a page after corrections, without those that a person has rejected. */
export function standing(numbers) {
  return numbers.filter(textIn).map((number) => {
    const { table, row, column } = number;
    return { text: textIn(number), table, row, column };
  });
}

/** The numbers, given in reading order, grouped into rows, each left to right. */
export function rowsOf(numbers) {
  const rows = [];
  for (const number of numbers) {
    const [, top, , height] = number.box;
    const row = rows.at(-1);
    const [, above, , tall] = row?.at(-1).box ?? [0, -Infinity, 0, 0];
    if (row && Math.min(top + height, above + tall) - Math.max(top, above) > 0.5 * Math.min(height, tall)) row.push(number);
    else rows.push([number]);
  }
  return rows;
}

/** A reading as tables: rows of cells, each a list of numbers; numbers outside tables have rows of their own. */
export function gridsOf(reading) {
  const grids = reading.tables.map(({ rows, columns }, place) => Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (__, column) => reading.numbers.filter((number) =>
      number.table === place && number.row === row && number.column === column))));
  const beside = rowsOf(reading.numbers.filter((number) => number.table === null));
  if (beside.length) grids.push(beside.map((row) => row.map((number) => [number])));
  return grids;
}

/** The same as texts, a list of rows of texts. */
export function textsOf(grid) {
  return grid.map((row) => row.map((cell) => cell.map(textIn).filter(Boolean).join(" ")));
}
