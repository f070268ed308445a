// Which pixels support an answer: occlude one patch at a time with paper and compare the probabilities.
// The same measure as visualization/saliency.py, on a coarser grid while a person is waiting.

import { types, saliency as shared } from "./constants.js";
import { ranked } from "./pixels.js";

const SIDE = types.IMAGE_SIDE;
const PATCH_REACH = (shared.PATCH_SIDE - 1) / 2;
const { LEAST } = shared;
const BATCH = 8;
const COARSEST = 4;

/**
 * The saliency of one canonical digit, a Uint8Array of 784:
 * {answer, runnerUp, probabilities, answerDrop, marginDrop, measured, stride}.
 *
 * `answerDrop` and `marginDrop` are Float32Arrays of 784, in nats: by how much ln p of the answer, and its margin over
 * the second most probable class, drop when the patch around a pixel is erased. Patches are measured on a grid of
 * `stride` pixels, from coarse to fine, until `budget` milliseconds are over; between them, drops are interpolated.
 * `measured` is the number of measured patches; `stride` is that of the finest completed grid.
 * `pause` is awaited between batches; if it returns true, the result is null.
 */
export async function saliency(readDigits, digit, { stride = 2, budget = 800, pause = async () => false } = {}) {
  const end = performance.now() + budget;
  const probabilities = readDigits(digit);
  const [answer, runnerUp] = ranked(probabilities);
  const log = (value) => Math.log(Math.max(value, LEAST));
  const whole = { answer: log(probabilities[answer]), runnerUp: log(probabilities[runnerUp]) };
  const drops = { answer: new Float32Array(SIDE * SIDE), margin: new Float32Array(SIDE * SIDE) };
  const known = new Uint8Array(SIDE * SIDE); // 1 if a patch was measured, or holds no ink and so changes nothing
  let measured = 0;
  let finished = 0;
  const grids = [...new Set([Math.max(COARSEST, stride), Math.max(2, stride), stride])];
  for (const grid of grids) {
    const places = onGrid(grid).filter((place) => !known[place]);
    const empty = places.filter((place) => !patchOf(place).some((at) => digit[at]));
    for (const place of empty) known[place] = 1;
    const inked = places.filter((place) => !known[place]);
    for (let start = 0; start < inked.length; start += BATCH) {
      // The coarsest grid is always measured, as a basis for interpolation.
      if (finished && performance.now() > end) return result();
      if (await pause()) return null;
      const some = inked.slice(start, start + BATCH);
      const rows = readDigits(erased(digit, some));
      some.forEach((place, index) => {
        const row = rows.subarray(index * probabilities.length, (index + 1) * probabilities.length);
        const [first, second] = [log(row[answer]), log(row[runnerUp])];
        drops.answer[place] = whole.answer - first;
        drops.margin[place] = whole.answer - whole.runnerUp - (first - second);
        known[place] = 1;
      });
      measured += some.length;
    }
    finished = grid;
  }
  return result();

  function result() {
    const [answerDrop, marginDrop] = [drops.answer, drops.margin].map((drop) => filledIn(drop, known, finished, digit));
    return { answer, runnerUp, probabilities, answerDrop, marginDrop, measured, stride: finished };
  }
}

function onGrid(stride) {
  const places = [];
  for (let y = 0; y < SIDE; y += stride) for (let x = 0; x < SIDE; x += stride) places.push(y * SIDE + x);
  return places;
}

/** The pixels of the patch around a place, clipped at the border. */
function patchOf(place) {
  const [row, column] = [Math.floor(place / SIDE), place % SIDE];
  const pixels = [];
  for (let y = Math.max(row - PATCH_REACH, 0); y <= Math.min(row + PATCH_REACH, SIDE - 1); y++) {
    for (let x = Math.max(column - PATCH_REACH, 0); x <= Math.min(column + PATCH_REACH, SIDE - 1); x++) {
      pixels.push(y * SIDE + x);
    }
  }
  return pixels;
}

/** The digit with the patch around each place erased, one image per place. */
function erased(digit, places) {
  const images = new Uint8Array(places.length * digit.length);
  places.forEach((place, index) => {
    const one = images.subarray(index * digit.length, (index + 1) * digit.length);
    one.set(digit);
    for (const at of patchOf(place)) one[at] = 0;
  });
  return images;
}

/** Interpolates linearly between the known drops; 0 where the patch holds no ink. */
function filledIn(values, known, stride, digit) {
  return values.map((value, place) => {
    if (known[place] || !patchOf(place).some((at) => digit[at])) return value;
    const [row, column] = [Math.floor(place / SIDE), place % SIDE];
    let [sum, weights] = [0, 0];
    for (let y = Math.max(row - stride + 1, 0); y < Math.min(row + stride, SIDE); y++) {
      for (let x = Math.max(column - stride + 1, 0); x < Math.min(column + stride, SIDE); x++) {
        if (!known[y * SIDE + x]) continue;
        const weight = (1 - Math.abs(y - row) / stride) * (1 - Math.abs(x - column) / stride);
        sum += weight * values[y * SIDE + x];
        weights += weight;
      }
    }
    return sum / weights;
  });
}
