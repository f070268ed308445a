// Ink of one line of writing → ink strip: the band of fixed height that the network for numbers reads.
// The same steps as images/strip.py.

import { strip as shared } from "./constants.js";
import { cut, round } from "./pixels.js";
import { resizeArea, resizeLinear } from "./resize.js";

export const { STRIP_HEIGHT, DIGIT_HEIGHT, FRAME_PIXELS } = shared;
const { WIDTH_STEP, MAX_WIDTH } = shared;

/**
 * The band of an ink page from `left` to `right` around the row `middle`, shrunk by `scale`; paper outside the page.
 * A strip is {ink, left, top, scale, columnScale}: the position of its top left corner on the page, and page pixels per
 * strip pixel, vertically and horizontally. `squeeze` scales its width.
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
