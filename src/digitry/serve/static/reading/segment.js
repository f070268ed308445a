// Ink → the crop of the one digit in the drawing, without specks, with broken strokes joined.
// The same steps as images/segment.py, except for printed rules, which drawings do not have.

import { segment as shared } from "./constants.js";
import { distances } from "./distance.js";
import { piecesOf } from "./pieces.js";
import { cut, dilated, image, round, strokeMask } from "./pixels.js";

export const { INK_LEVEL } = shared;
const { SPECK_SHARE, REACH, RIVAL_SHARE, MIN_INK_SHARE, BLOT_FILL, BLOT_ASPECT, BLOT_SIDE } = shared;

/** The one digit on an ink page as {ink, box, rivals}, or null if nothing could be a digit. */
export function findDigit(ink) {
  const found = piecesOf(strokeMask(ink, INK_LEVEL));
  const { stats } = found;
  const pieces = withoutFrame(found);
  if (!pieces.length) return null;
  const prominence = pieces.map((piece) => prominenceOf(stats[piece], ink));
  const main = pieces[prominence.indexOf(Math.max(...prominence))];
  const chosen = join(main, pieces, found);
  const inked = areaOf(chosen, stats);
  if (inked < MIN_INK_SHARE * areaOf(pieces, stats) || inked < 4) return null;
  const rivals = pieces.filter((p) => !chosen.includes(p) && stats[p].area > RIVAL_SHARE * inked).length;
  return { ...cutOut(ink, found, chosen), rivals };
}

/** Whether the ink of a crop is a dot or blot: about square, with no paper in it. */
export function isBlot({ data, width }) {
  let [left, right, top, bottom, inked] = [Infinity, -1, Infinity, -1, 0];
  data.forEach((value, at) => {
    if (value < INK_LEVEL) return;
    const [x, y] = [at % width, Math.floor(at / width)];
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
    inked += 1;
  });
  const [wide, tall] = [right - left + 1, bottom - top + 1];
  const [short, long] = [Math.min(wide, tall), Math.max(wide, tall)];
  return inked > 0 && short >= BLOT_SIDE && long <= BLOT_ASPECT * short && inked >= BLOT_FILL * short * long;
}

const areaOf = (pieces, stats) => pieces.reduce((sum, piece) => sum + stats[piece].area, 0);

/** Numbers of the pieces, largest first, without those attached to the border if there are others. */
export function withoutFrame({ stats, width, height }) {
  const inner = [];
  const outer = [];
  stats.forEach((piece, number) => {
    if (!piece) return;
    const { left, top } = piece;
    const touches = left === 0 || top === 0 || left + piece.width === width || top + piece.height === height;
    (touches ? outer : inner).push(number);
  });
  const biggest = inner.reduce((most, number) => Math.max(most, stats[number].area), 0);
  // A digit may touch the border too; it is dropped only if a piece inside could be the digit.
  const apart = biggest > 0.002 * height * width && biggest >= 12;
  const kept = [...inner, ...outer.filter((number) => !apart || !hugsBorder(stats[number], width, height))];
  return kept.sort((a, b) => stats[b].area - stats[a].area || b - a);
}

/** Whether a piece at the border lies entirely in the outer part of the page, or surrounds it. */
function hugsBorder({ left, top, width: wide, height: tall }, width, height) {
  const frame = wide > 0.95 * width && tall > 0.95 * height;
  const across = Math.min(left + wide, width - left) < 0.15 * width;
  return frame || across || Math.min(top + tall, height - top) < 0.15 * height;
}

/** How much a piece looks like the subject of the drawing: large, and near the centre. */
function prominenceOf({ left, top, width: wide, height: tall, area }, { width, height }) {
  const away = Math.max(Math.abs((left + wide / 2) / width - 0.5), Math.abs((top + tall / 2) / height - 0.5));
  return Math.sqrt(area) * Math.max(wide, tall) * (1.2 - away);
}

/** The main piece and all others near and large enough to be strokes of the same digit, growing from it. */
function join(main, pieces, { labels, stats, width, height }) {
  const chosen = [main];
  let leftOver = pieces.filter((piece) => piece !== main);
  while (leftOver.length) {
    const { left, top, right, bottom } = boundsOf(chosen, stats);
    const area = areaOf(chosen, stats);
    const reach = REACH * Math.max(right - left, bottom - top);
    const x = Math.max(0, Math.trunc(left - reach));
    const y = Math.max(0, Math.trunc(top - reach));
    const wide = Math.min(width, Math.trunc(right + reach) + 1) - x;
    const tall = Math.min(height, Math.trunc(bottom + reach) + 1) - y;
    const window = cut(image(width, height, labels), x, y, wide, tall);
    const inside = new Set(chosen);
    const outside = image(wide, tall, Uint8Array.from(window.data, (label) => (inside.has(label) ? 0 : 1)));
    const nearest = new Map();
    distances(outside, 3).data.forEach((distance, at) => {
      const label = window.data[at];
      if (label && !(distance >= nearest.get(label))) nearest.set(label, distance);
    });
    const near = leftOver.filter((piece) => {
      const share = stats[piece].area / area;
      // The smaller a piece, the nearer it must be.
      return share >= SPECK_SHARE && nearest.get(piece) <= reach * Math.min(1, 0.25 + 3 * share);
    });
    if (!near.length) break;
    chosen.push(...near);
    leftOver = leftOver.filter((piece) => !near.includes(piece));
  }
  return chosen;
}

function boundsOf(pieces, stats) {
  const boxes = pieces.map((piece) => stats[piece]);
  return {
    left: Math.min(...boxes.map((box) => box.left)),
    top: Math.min(...boxes.map((box) => box.top)),
    right: Math.max(...boxes.map((box) => box.left + box.width)),
    bottom: Math.max(...boxes.map((box) => box.top + box.height)),
  };
}

/** Crops to the chosen pieces with their soft edges. */
function cutOut(ink, { labels, stats, width, height }, chosen) {
  const { left, top, right, bottom } = boundsOf(chosen, stats);
  const longest = Math.max(...chosen.flatMap((piece) => [stats[piece].width, stats[piece].height]));
  const edge = Math.max(1, round(longest / 40));
  const x = Math.max(0, left - edge);
  const y = Math.max(0, top - edge);
  const box = [x, y, Math.min(width, right + edge) - x, Math.min(height, bottom + edge) - y];
  const member = new Set(chosen);
  const mine = cut(image(width, height, labels), ...box);
  const mask = Uint8Array.from(mine.data, (label) => (member.has(label) ? 255 : 0));
  const near = dilated(image(box[2], box[3], mask), edge);
  const crop = cut(ink, ...box);
  crop.data = crop.data.map((value, at) => (near.data[at] ? value : 0));
  return { ink: crop, box };
}
