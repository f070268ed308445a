// A line of writing → the number on it: it is read as strips of several sizes, whose spellings are averaged.
// The same steps as reading/number.py.

import { number as shared, types } from "./constants.js";
import { alignment, digitsAlone, spellings } from "./decoding.js";
import { round } from "./pixels.js";
import { INK_LEVEL } from "./segment.js";
import { cutStrip, DIGIT_HEIGHT, FRAME_PIXELS, STRIP_HEIGHT } from "./strip.js";

const { VIEWS, MARGIN, NEAR, THIN, ALTERNATIVES } = shared;
const { TEN_DIGITS } = types;

/** Strips of a line on an ink page, at several scales. */
export function lineStrips(ink, line) {
  const [x, y, width, height] = line.box;
  const margin = MARGIN * line.digitHeight;
  // A line that rises or falls is higher than its digits, and must fit into the strip as a whole.
  const base = Math.max(line.digitHeight / DIGIT_HEIGHT, height / STRIP_HEIGHT);
  const [middle, right] = [y + height / 2, x + width + margin];
  return VIEWS.map(([zoom, squeeze]) => cutStrip(ink, x - margin, middle, right, base * zoom, squeeze));
}

/**
 * The number on one line, from its strips, with equal weights; null if there is no digit.
 * `read` takes an ink strip and returns the frames of a network with these classes.
 */
export function readStrips(strips, read, classNames = TEN_DIGITS) {
  const seen = strips.map((strip) => read(strip.ink));
  const answers = seen.map((frames) => digitsAlone(frames, classNames));
  const votes = new Map();
  answers.forEach((frames, index) => {
    for (const { digits, probability } of spellings(frames)) {
      const key = digits.join();
      if (!votes.has(key)) votes.set(key, { digits, probability: 0, strongest: -1, index });
      const vote = votes.get(key);
      vote.probability += probability / strips.length;
      if (probability > vote.strongest) [vote.strongest, vote.index] = [probability, index];
    }
  });
  const [best, ...others] = [...votes.values()].sort((a, b) => b.probability - a.probability);
  if (!best.digits.length) return null;
  const alternatives = others
    .slice(0, ALTERNATIVES)
    .filter((vote) => vote.digits.length && vote.probability > 1e-4)
    .map((vote) => [vote.digits.join(""), Math.min(vote.probability, 1)]);
  return {
    digits: best.digits,
    probability: Math.min(best.probability, 1),
    alternatives,
    spots: spotsOf(strips[best.index], answers[best.index], best.digits),
    signs: signsOf(strips[best.index], seen, best, classNames),
  };
}

/** The signs that the strips together find most probable among the best number's digits, placed on the main strip. */
function signsOf(strip, seen, { digits, index }, classNames) {
  if (classNames.every((name) => TEN_DIGITS.includes(name))) return [];
  const isDigit = (kind) => TEN_DIGITS.includes(classNames[kind]);
  const votes = new Map();
  for (const frames of seen) {
    for (const { digits: characters, probability } of spellings(frames)) {
      const spelled = characters.filter(isDigit).map((kind) => TEN_DIGITS.indexOf(classNames[kind]));
      if (spelled.join() !== digits.join()) continue;
      const vote = votes.get(characters.join()) ?? { characters, probability: 0 };
      vote.probability += probability;
      votes.set(characters.join(), vote);
    }
  }
  const ranked = [...votes.values()].sort((a, b) => b.probability - a.probability);
  const best = ranked[0]?.characters ?? [];
  if (best.length <= digits.length) return [];
  const share = ranked[0].probability / ranked.reduce((sum, { probability }) => sum + probability, 0);
  const places = placesOf(strip, seen[index], best);
  let after = 0;
  return best.flatMap((kind, at) => {
    if (isDigit(kind)) after += 1;
    return isDigit(kind) ? [] : [{ name: classNames[kind], after, confidence: share, box: places[at].box }];
  });
}

/** The place of each digit of the number, and what else it may be. */
function spotsOf(strip, frames, digits) {
  const places = placesOf(strip, frames, digits);
  return digits.map((digit, at) => ({
    digit,
    probabilities: probabilitiesIn(frames, places[at].span),
    box: places[at].box,
  }));
}

/** The frames and the box of each character. */
function placesOf(strip, frames, characters) {
  const spans = alignment(frames, characters);
  const centres = spans.map(([first, last]) => ((first + last + 1) / 2) * FRAME_PIXELS);
  const between = centres.slice(1).map((centre, at) => border(strip.ink, centres[at], centre));
  const borders = [-1e9, ...between, 1e9];
  return spans.map((span, at) => ({ span, box: boxOf(strip, centres[at], borders[at], borders[at + 1]) }));
}

function probabilitiesIn({ data, width }, [first, last]) {
  const here = new Float32Array(width - 1);
  for (let t = first; t <= last; t++) {
    for (let digit = 0; digit + 1 < width; digit++) here[digit] += data[t * width + digit + 1];
  }
  const sum = Math.max(here.reduce((total, value) => total + value, 0), 1e-12);
  return here.map((value) => value / sum);
}

/** The column with the least ink between two digits, the most central one of several. */
function border(ink, left, right) {
  const first = Math.trunc(left);
  const last = Math.max(Math.min(Math.ceil(right) + 1, ink.width), first + 1);
  let [best, least] = [first, Infinity];
  for (let x = first; x < last; x++) {
    let sum = Math.abs(x - (left + right) / 2) / 1000;
    for (let y = 0; y < ink.height; y++) sum += ink.data[y * ink.width + x];
    if (sum < least) [best, least] = [x, sum];
  }
  return best;
}

/** The box, on the ink page, around the ink between two columns of the strip, at most as wide as a digit. */
function boxOf({ ink, left, top, scale, columnScale }, centre, from, to) {
  const reach = 0.75 * DIGIT_HEIGHT;
  const first = Math.trunc(Math.max(from, centre - reach, 0));
  const last = Math.ceil(Math.min(to, centre + reach, ink.width));
  const width = Math.max(last, first + 1) - first;
  const isInk = (x, y) => ink.data[y * ink.width + first + x] > INK_LEVEL;
  const count = (length, has) => Array.from({ length }, (_, at) => at).filter(has).length;
  const rows = Array.from({ length: STRIP_HEIGHT }, (_, y) => count(width, (x) => isInk(x, y)));
  let [upper, lower, near, far] = [0, STRIP_HEIGHT, 0, Math.max(last - first, 1)];
  if (rows.some((inked) => inked)) {
    [upper, lower] = core(rows);
    [near, far] = core(Array.from({ length: width }, (_, x) => count(lower - upper, (y) => isInk(x, upper + y))));
  }
  return [
    round(left + (first + near) * columnScale),
    round(top + upper * scale),
    Math.max(1, round((far - near) * columnScale)),
    Math.max(1, round((lower - upper) * scale)),
  ];
}

/** Start and end of the run with the most ink and of those that belong to it; a thin, far one does not. */
function core(profile) {
  const runs = [];
  profile.forEach((inked, at) => {
    if (!inked) return;
    if (at && profile[at - 1]) {
      runs.at(-1).end = at + 1;
      runs.at(-1).inked += inked;
    } else runs.push({ start: at, end: at + 1, inked });
  });
  const main = runs.reduce((best, run, at) => (run.inked > runs[best].inked ? at : best), 0);
  let { start, end } = runs[main];
  for (const earlier of runs.slice(0, main).reverse()) {
    if (start - earlier.end > NEAR && earlier.end - earlier.start <= THIN) break;
    start = earlier.start;
  }
  for (const later of runs.slice(main + 1)) {
    if (later.start - end > NEAR && later.end - later.start <= THIN) break;
    end = later.end;
  }
  return [start, end];
}
