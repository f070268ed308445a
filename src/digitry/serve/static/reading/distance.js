// The distance of every pixel from the nearest 0, as by OpenCV's distanceTransform (chamfer, DIST_L2).

import { dilated, image } from "./pixels.js";

const FAR = 1e9;
// Costs of steps: straight, diagonal, and a knight's move in the larger mask.
const SMALL = { straight: 0.955, diagonal: 1.3693, knight: FAR };
const LARGE = { straight: 1, diagonal: 1.4, knight: 2.1969 };

const BLOCK = 4;
// Costs of this many steps to the right, and of a diagonal one in addition, in the smaller mask.
const RIGHT = Float32Array.from({ length: BLOCK + 1 }, (_, k) => k * Math.fround(SMALL.straight));
const RIGHT_DIAGONAL = RIGHT.map((right) => right + Math.fround(SMALL.diagonal));

/** Distances of a mask's pixels to its nearest 0, float32; `mask` is 3 or 5, the side of the square of steps. */
export function distances(source, mask) {
  const { straight, diagonal, knight } = mask === 3 ? SMALL : LARGE;
  const { width, height } = source;
  const step = width + 4;
  const cost = new Float32Array(step * (height + 4)).fill(FAR);
  const before = [
    [-1, straight],
    [-step, straight],
    [-step - 1, diagonal],
    [-step + 1, diagonal],
  ];
  if (mask === 5) for (const by of [-2 * step - 1, -2 * step + 1, -step - 2, -step + 2]) before.push([by, knight]);
  const offsets = Int32Array.from(before, ([by]) => by);
  const costs = Float32Array.from(before, ([, price]) => price);

  const settle = (at, sign) => {
    let least = cost[at];
    for (let k = 0; k < offsets.length; k++) {
      const other = Math.fround(cost[at + sign * offsets[k]] + costs[k]);
      if (other < least) least = other;
    }
    cost[at] = least;
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0, at = (y + 2) * step + 2; x < width; x++, at++) {
      if (!source.data[y * width + x]) cost[at] = 0;
      else if (mask === 5 || x < BLOCK) settle(at, 1);
      else cost[at] = alongBlock(cost, at, x % BLOCK, step, source.data, y * width + x);
    }
  }
  const result = new Float32Array(width * height);
  for (let y = height - 1; y >= 0; y--) {
    for (let x = width - 1, at = (y + 2) * step + x + 2; x >= 0; x--, at--) {
      settle(at, -1);
      result[y * width + x] = cost[at];
    }
  }
  return image(width, height, result);
}

/**
 * The least cost from above and from the left for the pixel at place `lane` in its block of four. OpenCV processes four
 * at once, adding up the steps to the right first. That decides the last bit, and thus which of two lines of a stroke is
 * its middle.
 */
function alongBlock(cost, at, lane, step, mask, pixel) {
  const f = Math.fround;
  let least = f(cost[at - lane - 1] + RIGHT[lane + 1]);
  for (let k = 0; k <= lane; k++) {
    if (!mask[pixel - k]) least = Math.min(least, RIGHT[k]);
    const above = at - k - step;
    const slanted = f(Math.min(cost[above - 1], cost[above + 1]) + RIGHT_DIAGONAL[k]);
    least = Math.min(least, slanted, f(cost[above] + RIGHT[k + 1]));
  }
  return least;
}

/** The distance to the edge of every pixel along the middle of a mask's strokes. */
export function ridge(mask) {
  const distance = distances(mask, 3);
  const highest = dilated(distance, 1);
  return distance.data.filter((value, at) => value > 0 && value >= highest.data[at]);
}
