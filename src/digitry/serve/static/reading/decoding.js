// Frame probabilities → the numbers they may spell, and the place of each digit. The same steps as decoding.py.
// Frames are {data, count, width}: one row per frame, left to right, with the probability of the blank first.

import { decoding as shared, types } from "./constants.js";

const { BLANK_COLUMN, BEAM_WIDTH, MIN_PROBABILITY } = shared;
const { TEN_DIGITS } = types;

/** Frames reduced to the blank and the ten digits, from those of a network with these classes: signs count as blank. */
export function digitsAlone(frames, classNames) {
  if (classNames.join() === TEN_DIGITS.join()) return frames;
  const width = TEN_DIGITS.length + 1;
  const data = new Float32Array(frames.count * width);
  for (let t = 0; t < frames.count; t++) {
    let none = 0;
    classNames.forEach((name, place) => {
      const probability = frames.data[t * frames.width + place + 1];
      if (TEN_DIGITS.includes(name)) data[t * width + TEN_DIGITS.indexOf(name) + 1] = probability;
      else none += probability;
    });
    data[t * width + BLANK_COLUMN] = frames.data[t * frames.width + BLANK_COLUMN] + Math.fround(none);
  }
  return { data, count: frames.count, width };
}

/** The most probable spellings, best first, as {digits, probability}, by prefix beam search; [] means no digit. */
export function spellings({ data, count, width }) {
  // Text of a prefix → its digits, and the probability of all paths that spell it, ending in a blank, or its last digit.
  let beams = new Map([["", { digits: [], ends: 1, last: 0 }]]);
  for (let t = 0; t < count; t++) {
    const row = data.subarray(t * width, (t + 1) * width);
    if (!row.subarray(1).some((probability) => probability >= MIN_PROBABILITY)) {
      for (const beam of beams.values()) [beam.ends, beam.last] = [(beam.ends + beam.last) * row[BLANK_COLUMN], 0];
      continue;
    }
    const grown = new Map();
    const add = (digits, ends, last) => {
      const key = digits.join();
      const beam = grown.get(key);
      if (beam) {
        beam.ends += ends;
        beam.last += last;
      } else grown.set(key, { digits, ends, last });
    };
    for (const { digits, ends, last } of beams.values()) {
      const end = digits.at(-1);
      add(digits, (ends + last) * row[BLANK_COLUMN], digits.length ? last * row[end + 1] : 0);
      for (let digit = 0; digit + 1 < width; digit++) {
        if (row[digit + 1] < MIN_PROBABILITY) continue;
        add([...digits, digit], 0, (digit === end ? ends : ends + last) * row[digit + 1]);
      }
    }
    const best = [...grown].sort(([, a], [, b]) => b.ends + b.last - (a.ends + a.last));
    beams = new Map(best.slice(0, BEAM_WIDTH));
  }
  return [...beams.values()].map(({ digits, ends, last }) => ({ digits, probability: ends + last }));
}

/** The probability that each digit stands alone: blanks, the digit for some frames, blanks. */
export function singleDigits({ data, count, width }) {
  const digit = new Float64Array(width - 1);
  const after = new Float64Array(width - 1);
  let before = 1;
  for (let t = 0; t < count; t++) {
    const blank = data[t * width + BLANK_COLUMN];
    for (let d = 0; d + 1 < width; d++) {
      after[d] = (after[d] + digit[d]) * blank;
      digit[d] = (digit[d] + before) * data[t * width + d + 1];
    }
    before *= blank;
  }
  return Float32Array.from(digit, (value, d) => Math.min(value + after[d], 1));
}

/** First and last frame of every digit, on the most probable way to spell exactly these digits (Viterbi). */
export function alignment({ data, count, width: classes }, digits) {
  const states = [BLANK_COLUMN, ...digits.flatMap((digit) => [digit + 1, BLANK_COLUMN])];
  const width = states.length;
  const score = (t, state) => Math.fround(Math.log(Math.max(data[t * classes + states[state]], 1e-30)));
  // From a digit to the next without a blank, unless they are equal.
  const maySkip = states.map((state, at) => at >= 3 && at % 2 === 1 && state !== states[at - 2]);
  let best = states.map((_, state) => (state < 2 ? score(0, state) : -Infinity));
  const came = [new Int8Array(width)];
  for (let t = 1; t < count; t++) {
    const from = new Int8Array(width);
    best = best.map((stay, state) => {
      let most = stay;
      if (state > 0 && best[state - 1] > most) [most, from[state]] = [best[state - 1], 1];
      if (maySkip[state] && best[state - 2] > most) [most, from[state]] = [best[state - 2], 2];
      return most + score(t, state);
    });
    came.push(from);
  }
  let state = width === 1 || best[width - 1] >= best[width - 2] ? width - 1 : width - 2;
  const spans = digits.map(() => [count, -1]);
  for (let t = count - 1; t >= 0; t--) {
    if (state % 2) {
      const span = spans[state >> 1];
      span[0] = Math.min(span[0], t);
      span[1] = Math.max(span[1], t);
    }
    state -= came[t][state];
  }
  return spans;
}
