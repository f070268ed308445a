// Boxes of what was read, each x, y, width and height: brought to the drawing, and cut where it ends.
// The same steps as reading/boxes.py.

import { round } from "./pixels.js";

/** The box of a digit on a page that was shrunk by `scale`, in pixels of the drawing. */
export function enlargedBox([x, y, width, height], scale) {
  const [left, top] = [Math.max(round(x * scale), 0), Math.max(round(y * scale), 0)];
  const [right, bottom] = [round((x + width) * scale), round((y + height) * scale)];
  return [left, top, Math.max(1, right - left), Math.max(1, bottom - top)];
}

export function boxAround(boxes) {
  const [left, top] = [0, 1].map((side) => Math.min(...boxes.map((box) => box[side])));
  const [right, bottom] = [0, 1].map((side) => Math.max(...boxes.map((box) => box[side] + box[side + 2])));
  return [left, top, right - left, bottom - top];
}

/** The reading with every box cut at the border of its drawing; what lies outside becomes a pixel at its border. */
export function boxesWithin(reading, width, height) {
  const within = ([x, y, wide, high]) => {
    const [left, top] = [Math.min(Math.max(x, 0), width - 1), Math.min(Math.max(y, 0), height - 1)];
    return [left, top, Math.max(1, Math.min(x + wide, width) - left), Math.max(1, Math.min(y + high, height) - top)];
  };
  const moved = (one) => ({ ...one, box: within(one.box) });
  const numbers = reading.numbers.map((number) => {
    return { ...moved(number), digits: number.digits.map(moved), signs: number.signs.map(moved) };
  });
  return { ...reading, numbers };
}
