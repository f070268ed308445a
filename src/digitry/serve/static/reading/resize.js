// Resizes images exactly as OpenCV's resize does for uint8: area, linear and cubic.

import { byte, image, round } from "./pixels.js";

/** The page with its longer side at most `longest`, and the factor by which it was shrunk, at least 1. */
export function shrink(page, longest) {
  const scale = Math.max(page.width, page.height) / longest;
  if (scale <= 1) return [page, 1];
  const width = Math.max(1, round(page.width / scale));
  const height = Math.max(1, round(page.height / scale));
  return [resizeArea(page, width, height), scale];
}

/** The mean of the pixels covered by each new one, weighted by their overlap; only for shrinking. */
export function resizeArea(source, width, height) {
  if (width === source.width && height === source.height) return source;
  const scaleX = 1 / (width / source.width);
  const scaleY = 1 / (height / source.height);
  const wholeX = round(scaleX);
  const wholeY = round(scaleY);
  const whole = Math.abs(scaleX - wholeX) < Number.EPSILON && Math.abs(scaleY - wholeY) < Number.EPSILON;
  return whole ? wholeArea(source, width, height, wholeX, wholeY) : partArea(source, width, height, scaleX, scaleY);
}

function wholeArea(source, width, height, scaleX, scaleY) {
  const result = image(width, height);
  const share = Math.fround(1 / (scaleX * scaleY));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      let count = 0;
      for (let row = y * scaleY; row < Math.min((y + 1) * scaleY, source.height); row++) {
        for (let column = x * scaleX; column < Math.min((x + 1) * scaleX, source.width); column++, count++) {
          sum += source.data[row * source.width + column];
        }
      }
      const mean = count === scaleX * scaleY ? Math.fround(sum * share) : Math.fround(sum / count);
      result.data[y * width + x] = scaleX === 2 && scaleY === 2 && count === 4 ? (sum + 2) >> 2 : round(mean);
    }
  }
  return result;
}

function partArea(source, width, height, scaleX, scaleY) {
  const columns = shares(source.width, width, scaleX);
  const rows = shares(source.height, height, scaleY);
  const result = image(width, height);
  const line = new Float32Array(width);
  const sum = new Float32Array(width);
  for (let k = 0; k < rows.to.length; k++) {
    line.fill(0);
    const start = rows.from[k] * source.width;
    for (let i = 0; i < columns.to.length; i++) {
      line[columns.to[i]] += Math.fround(source.data[start + columns.from[i]] * columns.share[i]);
    }
    for (let x = 0; x < width; x++) sum[x] += Math.fround(rows.share[k] * line[x]);
    if (rows.to[k] !== rows.to[k + 1]) {
      for (let x = 0; x < width; x++) result.data[rows.to[k] * width + x] = byte(round(sum[x]));
      sum.fill(0);
    }
  }
  return result;
}

/** The share of each old pixel in each new one, along one side. */
function shares(before, after, scale) {
  const [to, from, share] = [[], [], []];
  const add = (target, pixel, part) => (to.push(target), from.push(pixel), share.push(Math.fround(part)));
  for (let target = 0; target < after; target++) {
    const start = target * scale;
    const end = start + scale;
    const cell = Math.min(scale, before - start);
    const last = Math.min(Math.floor(end), before - 1);
    const first = Math.min(Math.ceil(start), last);
    if (first - start > 1e-3) add(target, first - 1, (first - start) / cell);
    for (let pixel = first; pixel < last; pixel++) add(target, pixel, 1 / cell);
    if (end - last > 1e-3) add(target, last, Math.min(end - last, 1, cell) / cell);
  }
  return { to, from, share };
}

/** Linear interpolation, in OpenCV's fixed-point arithmetic. */
export function resizeLinear(source, width, height) {
  if (width === source.width && height === source.height) return source;
  const fixed = (t) => [round(Math.fround(1 - t) * 2048), round(t * 2048)];
  const across = taps(source.width, width, 1 / (width / source.width), fixed);
  const down = taps(source.height, height, 1 / (height / source.height), fixed);
  const lines = alongRows(source, width, across);
  const result = image(width, height);
  for (let y = 0, at = 0; y < height; y++) {
    const [upper, lower] = [down.from[2 * y] * width, down.from[2 * y + 1] * width];
    const [above, below] = [down.share[2 * y], down.share[2 * y + 1]];
    for (let x = 0; x < width; x++, at++) {
      const sum = ((above * (lines[upper + x] >> 4)) >> 16) + ((below * (lines[lower + x] >> 4)) >> 16);
      result.data[at] = (sum + 2) >> 2;
    }
  }
  return result;
}

/** Cubic interpolation; a `scale` of 5 makes the image five times as large. */
export function resizeCubic(source, scale) {
  return cubic(source, round(source.width * scale), round(source.height * scale), 1 / scale, 1 / scale);
}

export function resizeCubicTo(source, width, height) {
  if (width === source.width && height === source.height) return source;
  return cubic(source, width, height, 1 / (width / source.width), 1 / (height / source.height));
}

function cubic(source, width, height, stepX, stepY) {
  const lines = alongRows(source, width, taps(source.width, width, stepX, cubicShares));
  const down = taps(source.height, height, stepY, cubicShares);
  const result = image(width, height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      let sum = 0;
      for (let k = 4 * y; k < 4 * y + 4; k++) sum += lines[down.from[k] * width + x] * down.share[k];
      result.data[at] = byte(round(sum));
    }
  }
  return result;
}

function cubicShares(t) {
  const a = -0.75;
  const f = Math.fround;
  const c0 = f(((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a);
  const c1 = f(((a + 2) * t - (a + 3)) * t * t + 1);
  const c2 = f(((a + 2) * (1 - t) - (a + 3)) * (1 - t) * (1 - t) + 1);
  return [c0, c1, c2, f(1 - c0 - c1 - c2)];
}

/** For every new pixel its source pixels, repeating the border, and their weights. */
function taps(before, after, scale, sharesOf) {
  const from = [];
  const share = [];
  for (let target = 0; target < after; target++) {
    const at = Math.fround((target + 0.5) * scale - 0.5);
    const left = Math.floor(at);
    const parts = sharesOf(Math.fround(at - left));
    const first = left + 1 - parts.length / 2;
    parts.forEach((_, k) => from.push(Math.min(Math.max(first + k, 0), before - 1)));
    share.push(...parts);
  }
  return { from, share, count: share.length / after };
}

function alongRows(source, width, { from, share, count }) {
  const lines = new Float64Array(width * source.height);
  for (let y = 0, at = 0; y < source.height; y++) {
    for (let x = 0; x < width; x++, at++) {
      let sum = 0;
      for (let k = x * count; k < (x + 1) * count; k++) sum += source.data[y * source.width + from[k]] * share[k];
      lines[at] = sum;
    }
  }
  return lines;
}
