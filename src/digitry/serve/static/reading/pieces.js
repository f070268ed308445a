// Connected components of a mask: which pixels are connected, and the box and size of each piece.

/**
 * Pieces of pixels that touch, including at corners: `labels` has a piece's number at each of its pixels, 0 elsewhere;
 * `stats[number]` is its left, top, width, height and area. Numbers start at 1, in OpenCV's order: by blocks of 2×2
 * pixels, row by row.
 */
export function piecesOf({ data, width, height }) {
  const labels = new Int32Array(width * height);
  const stats = [null];
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      for (const at of [y * width + x, y * width + x + 1, (y + 1) * width + x, (y + 1) * width + x + 1]) {
        const inside = at < data.length && (x + 1 < width || (at - x) % width === 0);
        if (inside && data[at] && !labels[at]) stats.push(fill(at, stats.length, data, labels, width, height));
      }
    }
  }
  return { labels, stats, width, height };
}

function fill(start, label, data, labels, width, height) {
  let [left, right, top, bottom, area] = [width, 0, height, 0, 0];
  const open = [start];
  labels[start] = label;
  while (open.length) {
    const at = open.pop();
    const y = Math.floor(at / width);
    const x = at - y * width;
    area++;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
    for (let row = Math.max(y - 1, 0); row <= Math.min(y + 1, height - 1); row++) {
      for (let column = Math.max(x - 1, 0); column <= Math.min(x + 1, width - 1); column++) {
        const next = row * width + column;
        if (data[next] && !labels[next]) {
          labels[next] = label;
          open.push(next);
        }
      }
    }
  }
  return { left, top, width: right - left + 1, height: bottom - top + 1, area };
}

/** The number of connected patches of a mask, not connecting pixels that only touch at corners. */
export function countPatches({ data, width, height }) {
  const seen = new Uint8Array(width * height);
  let count = 0;
  for (let start = 0; start < data.length; start++) {
    if (!data[start] || seen[start]) continue;
    count++;
    const open = [start];
    seen[start] = 1;
    while (open.length) {
      const at = open.pop();
      const x = at % width;
      const beside = [x > 0 ? at - 1 : -1, x + 1 < width ? at + 1 : -1, at - width, at + width];
      for (const next of beside) {
        if (next >= 0 && next < data.length && data[next] && !seen[next]) {
          seen[next] = 1;
          open.push(next);
        }
      }
    }
  }
  return count;
}
