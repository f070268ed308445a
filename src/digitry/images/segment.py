"""Ink → the crop of the one digit in the picture, without rules, frames and specks, with broken strokes joined."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.strokes import Mask, stroke_mask
from digitry.types import Box

INK_LEVEL = 90
"""Pixels of at least this intensity belong to a stroke (0 to 255)."""

RULE_LEVEL = 45
"""Least intensity of pixels of printed rules, which are often fainter than the writing."""

MAX_RULE_THICKNESS = 0.02
"""Rules are thinner than this share of the page's longer side."""

SPECK_SHARE = 0.015
"""Pieces with less than this share of the main stroke's ink are specks."""

REACH = 0.3
"""Pieces nearer to the main stroke than this share of its longer side belong to the same digit."""

RIVAL_SHARE = 0.3
"""A piece that is left out and has at least this share of the digit's ink may be another digit."""

MIN_INK_SHARE = 0.25
"""A digit has at least this share of all stroke pixels on the page; otherwise the page is texture or noise."""


BLOT_FILL, BLOT_ASPECT, BLOT_SIDE = 0.7, 1.3, 10
"""A blot inks at least this share of its box, which is about square; smaller boxes cannot be judged."""


class Crop(NamedTuple):
    """One digit's ink."""

    ink: NDArray[np.uint8]
    """Ink intensity, uint8 (h, w), of the digit's own strokes only."""
    box: Box
    """Where the crop lies, in pixels of the ink page."""
    rivals: int
    """Number of other pieces as large as a digit that were left out."""


def find_digit(ink: NDArray[np.uint8], *, ruled: bool = True) -> Crop | None:
    """Return the crop of the one digit on an ink page, or None if nothing could be a digit.

    `ruled`: whether the page may have printed rules; a drawing has none.
    """
    strokes = strokes_of(ink, ruled=ruled)
    count, labels, stats = pieces_of(strokes)
    pieces = without_frame(stats, strokes.shape)
    if not pieces:
        return None
    main = max(pieces, key=lambda piece: _prominence(stats[piece], strokes.shape))
    chosen = _join(main, pieces, stats, labels)
    inked = float(stats[chosen, cv2.CC_STAT_AREA].sum())
    if inked < MIN_INK_SHARE * float(stats[pieces, cv2.CC_STAT_AREA].sum()) or inked < 4:
        return None
    rivals = [p for p in pieces if p not in chosen and stats[p, cv2.CC_STAT_AREA] > RIVAL_SHARE * inked]
    return Crop(*_cut(ink, labels, stats, chosen, count), rivals=len(rivals))


def is_blot(ink: NDArray[np.uint8]) -> bool:
    """Tell whether ink (h, w) is a dot or blot: about square, with no paper in it, as a thick 0 may become."""
    mask = stroke_mask(ink, INK_LEVEL)
    _, _, width, height = cv2.boundingRect(mask)
    short, long = min(width, height), max(width, height)
    return short >= BLOT_SIDE and long <= BLOT_ASPECT * short and cv2.countNonZero(mask) >= BLOT_FILL * short * long


def pieces_of(mask: Mask) -> tuple[int, NDArray[np.int32], NDArray[np.int32]]:
    """Return the connected components: their number, with the background; their label at every pixel; and left, top,
    width, height, area of each.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return count, np.asarray(labels, np.int32), np.asarray(stats, np.int32)


def strokes_of(ink: NDArray[np.uint8], *, ruled: bool) -> Mask:
    """Return a mask of the strokes on an ink page, without printed rules if it may be `ruled`."""
    strokes = stroke_mask(ink, INK_LEVEL)
    return remove_rules(strokes, stroke_mask(ink, RULE_LEVEL)) if ruled else strokes


def remove_rules(strokes: Mask, marks: Mask) -> Mask:
    """Remove long thin lines across the whole page, keeping strokes where they cross.

    Both arguments are masks, uint8 (h, w) of 0 and 255; `marks` includes fainter ink.
    """
    strokes = _without_horizontal_rules(strokes, marks)
    return np.ascontiguousarray(
        _without_horizontal_rules(np.ascontiguousarray(strokes.T), np.ascontiguousarray(marks.T)).T
    )


def _without_horizontal_rules(strokes: Mask, marks: Mask) -> Mask:
    height, width = strokes.shape
    # A rule reaches both sides, once gaps are bridged.
    side = round(0.015 * width) + width // 10 + 1
    if width < 64 or not (marks[:, :side].any() and marks[:, -side:].any()):
        return strokes
    thickest = max(3, round(MAX_RULE_THICKNESS * max(height, width)))
    thin = marks - cv2.morphologyEx(marks, cv2.MORPH_OPEN, np.ones((thickest, 1), np.uint8))
    segments = cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones((1, width // 25), np.uint8))
    if not segments.any():
        return strokes
    # Photographed lines are broken and slightly bent: bridge the gaps before measuring their length.
    bridged = cv2.morphologyEx(segments, cv2.MORPH_CLOSE, np.ones((3, (width // 5) | 1), np.uint8))
    _, labels, stats = pieces_of(np.asarray(bridged, np.uint8))
    left, long, tall = (stats[1:, column] for column in (cv2.CC_STAT_LEFT, cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT))
    flat = tall < 0.08 * height + thickest
    starts, ends = left <= 0.015 * width, left + long >= 0.985 * width
    rules = flat & starts & ends
    if rules.sum() >= 2:  # ruled paper: lines that fade on one side are rules too
        rules |= flat & (starts | ends) & (long > 0.25 * width)
    if not rules.any():
        return strokes
    chosen = np.concatenate([[0], rules]).astype(np.uint8)[labels] & (segments > 0)
    thickness = max(1, int(np.median(chosen.sum(axis=0)) / max(1, rules.sum()) + 0.5))
    band = cv2.dilate(chosen.astype(np.uint8), np.ones((3 + thickness // 2, (width // 12) | 1), np.uint8)) > 0
    # Where a stroke crosses a line, its column is inked well beyond the line; that ink is kept.
    beyond = cv2.morphologyEx(strokes, cv2.MORPH_OPEN, np.ones((2 * thickness + 3, 1), np.uint8)) > 0
    return np.where(band & ~beyond, 0, strokes).astype(np.uint8)


def without_frame(stats: NDArray[np.int32], shape: tuple[int, ...]) -> list[int]:
    """Return the indices of the pieces, without those attached to the border if there are others."""
    height, width = shape
    inner: list[tuple[int, int]] = []
    outer: list[tuple[int, int]] = []
    for index in range(1, len(stats)):
        left, top, wide, tall, area = (int(v) for v in stats[index])
        sides = (left == 0) + (top == 0) + (left + wide == width) + (top + tall == height)
        (outer if sides else inner).append((area, index))
    biggest = max((area for area, _ in inner), default=0)
    # A digit may touch the border too; it is dropped only if a piece inside could be the digit.
    kept = inner if biggest > 0.002 * height * width and biggest >= 12 else []
    if kept:
        kept = kept + [(area, index) for area, index in outer if not _hugs_border(stats[index], shape)]
    else:
        kept = inner + outer
    return [index for _, index in sorted(kept, reverse=True)]


def _hugs_border(stat: NDArray[np.int32], shape: tuple[int, ...]) -> bool:
    """Tell whether a piece at the border lies entirely in the outer part of the page, or surrounds it, like a frame."""
    height, width = shape
    left, top, wide, tall, _ = (int(v) for v in stat)
    frame = wide > 0.95 * width and tall > 0.95 * height
    reach = min(left + wide, width - left) < 0.15 * width or min(top + tall, height - top) < 0.15 * height
    return frame or reach


def _prominence(stat: NDArray[np.int32], shape: tuple[int, ...]) -> float:
    """Return how much a piece looks like the subject of the picture: large, and near the centre."""
    height, width = shape
    left, top, wide, tall, area = (float(v) for v in stat)
    away = max(abs((left + wide / 2) / width - 0.5), abs((top + tall / 2) / height - 0.5))
    return float(np.sqrt(area) * max(wide, tall) * (1.2 - away))


def _join(main: int, pieces: list[int], stats: NDArray[np.int32], labels: NDArray[np.int32]) -> list[int]:
    """Return the main piece and all others near and large enough to be strokes of the same digit, growing from it."""
    chosen, left_over = [main], [p for p in pieces if p != main]
    height, width = labels.shape
    while left_over:
        boxes, areas = stats[chosen, :4], stats[chosen, cv2.CC_STAT_AREA]
        (left, top), (right, bottom) = boxes[:, :2].min(axis=0), (boxes[:, :2] + boxes[:, 2:]).max(axis=0)
        area = float(areas.sum())
        reach = REACH * float(max(right - left, bottom - top))
        x0, y0 = max(0, int(left - reach)), max(0, int(top - reach))
        x1, y1 = min(width, int(right + reach) + 1), min(height, int(bottom + reach) + 1)
        window = labels[y0:y1, x0:x1]
        near = []
        distance = cv2.distanceTransform(np.isin(window, chosen, invert=True).astype(np.uint8), cv2.DIST_L2, 3)
        for piece in left_over:
            share = float(stats[piece, cv2.CC_STAT_AREA]) / area
            if share < SPECK_SHARE:
                continue
            mine = window == piece
            # The smaller a piece, the nearer it must be.
            if mine.any() and float(distance[mine].min()) <= reach * min(1.0, 0.25 + 3 * share):
                near.append(piece)
        if not near:
            break
        chosen += near
        left_over = [p for p in left_over if p not in near]
    return chosen


def _cut(
    ink: NDArray[np.uint8], labels: NDArray[np.int32], stats: NDArray[np.int32], chosen: list[int], count: int
) -> tuple[NDArray[np.uint8], Box]:
    """Crop to the chosen pieces with their soft edges."""
    boxes = stats[chosen].tolist()
    height, width = ink.shape
    edge = max(1, round(max(max(wide, tall) for _, _, wide, tall, _ in boxes) / 40))
    x0 = max(0, min(left for left, _, _, _, _ in boxes) - edge)
    y0 = max(0, min(top for _, top, _, _, _ in boxes) - edge)
    x1 = min(width, max(left + wide for left, _, wide, _, _ in boxes) + edge)
    y1 = min(height, max(top + tall for _, top, _, tall, _ in boxes) + edge)
    member = np.zeros(count, np.uint8)
    member[chosen] = 255
    near = cv2.dilate(member[labels[y0:y1, x0:x1]], np.ones((2 * edge + 1, 2 * edge + 1), np.uint8))
    crop = cv2.bitwise_and(ink[y0:y1, x0:x1], near)
    return np.asarray(crop, np.uint8), (x0, y0, x1 - x0, y1 - y0)
