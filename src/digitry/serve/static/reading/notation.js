// A row of characters → the numbers in it. The same steps as reading/notation.py.

import { notation as shared } from "./constants.js";

const { LETTER, PARTING, LEADING } = shared;
const isDigit = (character) => /^[0-9]$/.test(character);

/** The numbers in a row of characters, in order, as {text, places, around}; each has at least one digit. */
export function numbersIn(characters) {
  const found = [];
  let start = 0;
  for (let place = 0; place <= characters.length; place++) {
    const atEnd = place === characters.length;
    // A plus at the very beginning belongs to the number.
    if (!atEnd && !(PARTING.includes(characters[place]) && characters.slice(start, place).some(isDigit))) continue;
    const end = atEnd ? place : place + 1;
    const number = trimmed(characters, start, place, end);
    if (number) found.push(number);
    start = end;
  }
  return found;
}

/** The number between `start` and `stop`; signs trimmed from its ends, up to `end`, are around it. */
function trimmed(characters, start, stop, end) {
  const within = range(start, stop);
  const digits = within.filter((place) => isDigit(characters[place]));
  if (!digits.length) return null;
  let [first, last] = [digits[0], digits.at(-1)];
  let before = first > start ? characters[first - 1] : "";
  const behind = last + 1 < stop ? characters[last + 1] : "";
  const afterLetter = first > 1 && characters[first - 2] === LETTER; // "AT-3312" has a hyphen
  if (LEADING.includes(before) && before !== "(" && !afterLetter) {
    first -= 1;
    before = first > start ? characters[first - 1] : "";
  }
  if (before === "(" && characters.slice(first, stop).includes(")")) first -= 1;
  const inner = characters.slice(first, last + 1);
  if (behind === ")" && inner.includes("(") && !inner.includes(")")) last += 1;
  const places = range(first, last + 1);
  const around = range(start, end).filter((place) => characters[place] !== LETTER && (place < first || place > last));
  return {
    text: places.map((place) => characters[place]).join(""),
    places,
    around: around.map((place) => characters[place]),
  };
}

const range = (from, to) => Array.from({ length: Math.max(to - from, 0) }, (_, at) => from + at);
