// Ink of one line of writing → ink strip: the upright band, always as high, that the network for numbers reads.
// The same steps as images/strip.py.

import { strip as shared } from "./constants.js";
import { cut, round } from "./pixels.js";
import { resizeArea, resizeLinear } from "./resize.js";

export const { STRIP_HEIGHT, DIGIT_HEIGHT, FRAME_PIXELS } = shared;
const { WIDTH_STEP, MAX_WIDTH } = shared;

/**
 * The band of an ink page from `left` to `right` around the row `middle`, shrunk by `scale`; paper beyond it.
 * A strip is {ink, left, top, scale, columnScale}: where its corner lies on the page, and page pixels per strip pixel
 * from row to row and from column to column. With `squeeze` it comes out narrower, or wider, than it is.
 */
export function cutStrip(ink, left, middle, right, scale, squeeze = 1) {
  scale = Math.max(scale, (right - left) / MAX_WIDTH);
  const height = STRIP_HEIGHT * scale;
  const width = Math.ceil(((right - left) * squeeze) / scale / WIDTH_STEP) * WIDTH_STEP;
  const x = round(left);
  const y = round(middle - height / 2);
  const band = cut(ink, x, y, Math.max(round((width * scale) / squeeze), 1), Math.max(round(height), 1));
  const resize = band.height > STRIP_HEIGHT ? resizeArea : resizeLinear;
  return { ink: resize(band, width, STRIP_HEIGHT), left: x, top: y, scale, columnScale: scale / squeeze };
}
