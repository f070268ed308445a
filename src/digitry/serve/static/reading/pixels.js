// Plain images, and small operations on them that all modules use.
// An image is {data, width, height}: one value per pixel, row by row; ink is a Uint8Array, 0 is paper, 255 is full ink.

export function image(width, height, data = new Uint8Array(width * height)) {
  return { data, width, height };
}

/** Rounds to the nearest integer, half to even, like Python's round and OpenCV's cvRound. */
export function round(value) {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** An integer clipped to 0 to 255. */
export function byte(value) {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** 255 where the ink has at least this intensity, else 0. */
export function strokeMask(ink, level) {
  return image(ink.width, ink.height, ink.data.map((value) => (value >= level ? 255 : 0)));
}

/** The part of an image from column x and row y on, with paper outside it. */
export function cut(source, x, y, width, height) {
  const part = image(width, height, new source.data.constructor(width * height));
  const first = Math.max(x, 0);
  const last = Math.min(x + width, source.width);
  for (let row = Math.max(y, 0); row < Math.min(y + height, source.height) && last > first; row++) {
    const line = source.data.subarray(row * source.width + first, row * source.width + last);
    part.data.set(line, (row - y) * width + first - x);
  }
  return part;
}

/** The image padded on all sides by this many pixels of a value. */
export function padded(source, by, value = 0) {
  const page = cut(source, -by, -by, source.width + 2 * by, source.height + 2 * by);
  if (value) {
    for (let y = 0; y < page.height; y++) {
      for (let x = 0; x < page.width; x++) {
        if (y < by || x < by || y >= page.height - by || x >= page.width - by) page.data[y * page.width + x] = value;
      }
    }
  }
  return page;
}

/** x, y, width, height of the smallest box around all non-zero pixels; null if there are none. */
export function boundingBox({ data, width, height }) {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (!data[at]) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return right < 0 ? null : [left, top, right - left + 1, bottom - top + 1];
}

/** Dilates an image: each pixel becomes the maximum in a square of side 2 · reach + 1 around it, clipped at the border. */
export function dilated(source, reach) {
  const { width, height } = source;
  const along = new source.data.constructor(width * height);
  highest(source.data, along, height, width, width, 1, reach);
  const both = new source.data.constructor(width * height);
  highest(along, both, width, height, 1, width, reach);
  return image(width, height, both);
}

function highest(from, to, lines, length, lineStep, step, reach) {
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep;
    for (let i = 0; i < length; i++) {
      let most = from[start + i * step];
      const last = Math.min(i + reach, length - 1);
      for (let j = Math.max(i - reach, 0); j <= last; j++) {
        const value = from[start + j * step];
        if (value > most) most = value;
      }
      to[start + i * step] = most;
    }
  }
}

/** The quantile of the values at a share, interpolated as in NumPy. */
export function percentile(values, share) {
  const ordered = Float64Array.from(values).sort();
  const at = share * (ordered.length - 1);
  const low = Math.floor(at);
  const below = ordered[low];
  const above = ordered[Math.min(low + 1, ordered.length - 1)];
  const rest = at - low;
  return rest < 0.5 ? below + (above - below) * rest : above - (above - below) * (1 - rest);
}

/** The median of at least one float32 value. */
export function median(values) {
  const ordered = Float32Array.from(values).sort();
  const middle = ordered.length >> 1;
  return ordered.length % 2 ? ordered[middle] : Math.fround(ordered[middle - 1] + ordered[middle]) / 2;
}

/** Indices of the values in descending order; stable. */
export function ranked(values) {
  return Array.from(values.keys()).sort((a, b) => values[b] - values[a] || a - b);
}
