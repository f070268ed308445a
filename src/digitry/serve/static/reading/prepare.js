// Canonical digits and strips → network input: the only place that resizes and scales, as in networks/prepare.py.

import { contract as known, prepare as levels, types } from "./constants.js";

const { IMAGE_SIDE } = types;

/**
 * Images or strips, a Uint8Array of n · width · height, 0 is paper → {dims, data}, the input of a network with this
 * contract. Canonical digits are resized as the contract says, strips keep their size.
 */
export function prepare(pixels, { width, height }, contract) {
  const side = contract.input_shape[0];
  const isResized = contract.reads === "digit" && side !== IMAGE_SIDE;
  const count = pixels.length / (width * height);
  const [high, wide] = isResized ? [side, side] : [height, width];
  const data = isResized ? resized(pixels, count, side) : Float32Array.from(pixels);
  const [scale, isDark] = [Math.fround(contract.scale), contract.polarity === known.DARK];
  for (let at = 0; at < data.length; at++) data[at] = (isDark ? levels.WHITE - data[at] : data[at]) * scale;
  return { dims: [count, high, wide, 1], data };
}

function resized(pixels, count, side) {
  const shares = resizing(side);
  const data = new Float32Array(count * side ** 2);
  const rows = new Float32Array(side * IMAGE_SIDE);
  for (let image = 0; image < count; image++) {
    const from = image * IMAGE_SIDE ** 2;
    for (let row = 0; row < side; row++) {
      for (let x = 0; x < IMAGE_SIDE; x++) {
        let sum = 0;
        for (let y = 0; y < IMAGE_SIDE; y++) sum += shares[row * IMAGE_SIDE + y] * pixels[from + y * IMAGE_SIDE + x];
        rows[row * IMAGE_SIDE + x] = sum;
      }
      for (let column = 0; column < side; column++) {
        let sum = 0;
        for (let x = 0; x < IMAGE_SIDE; x++) sum += shares[column * IMAGE_SIDE + x] * rows[row * IMAGE_SIDE + x];
        data[image * side ** 2 + row * side + column] = sum;
      }
    }
  }
  return data;
}

/** The matrix that resizes the rows of a canonical digit to `side` rows, a Float32Array of side · 28. */
function resizing(side) {
  const step = IMAGE_SIDE / side;
  const shares = new Float32Array(side * IMAGE_SIDE);
  for (let row = 0; row < side; row++) {
    const middle = (row + 0.5) * step - 0.5;
    const parts = Array.from({ length: IMAGE_SIDE }, (_, y) => Math.max(1 - Math.abs(middle - y) / Math.max(step, 1), 0));
    const all = parts.reduce((sum, part) => sum + part, 0);
    parts.forEach((part, y) => (shares[row * IMAGE_SIDE + y] = part / all));
  }
  return shares;
}
