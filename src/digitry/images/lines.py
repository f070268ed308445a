"""Ink → lines of writing, top to bottom: their places and the height of their digits."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.segment import pieces_of, strokes_of, without_frame
from digitry.types import Box

MIN_DIGIT_SHARE = 0.4
"""Pieces lower than this share of the writing's height are dots, dashes and parts of broken digits."""

OUTLINE_FILL, OUTLINED = 0.12, 1
"""An outline inks less than this share of its box, and has at least this many other pieces inside it."""

SAME_LINE_OVERLAP = 0.5
"""Pieces are on one line if at least this share of the smaller one's height overlaps with the other's."""

SAME_SLOPE_OVERLAP = 0.2
"""Parts of one sloping number overlap vertically by at least this share of the smaller one's height."""

WIDEST_GAP = 2.5
"""Largest gap between digits of one number, in digit heights, however even the gaps."""

MIN_HEIGHT = 5
"""Lower writing, in pixels of the ink page, is illegible."""


class Line(NamedTuple):
    """One line of writing, in pixels of the ink page."""

    box: Box
    digit_height: float
    """Typical height of the pieces as high as a digit."""
    ink: int
    """Number of stroke pixels."""
    columns: tuple[tuple[int, int], ...]
    """First and last column of each piece as high as a digit, left to right; overlapping ones are merged."""


def find_lines(ink: NDArray[np.uint8], *, ruled: bool = True) -> list[Line]:
    """Find the lines of writing on an ink page (h, w), top to bottom; empty if there are none.

    `ruled`: whether the page may have printed rules; a drawing has none.
    """
    strokes = strokes_of(ink, ruled=ruled)
    _, _, stats = pieces_of(strokes)
    kept = stats[without_frame(stats, strokes.shape)]
    kept = _without_outlines(kept[kept[:, cv2.CC_STAT_AREA] >= 4])
    if not len(kept):
        return []
    heights = kept[:, cv2.CC_STAT_HEIGHT].astype(float)
    reference = _weighted_median(heights, kept[:, cv2.CC_STAT_AREA])
    tall = heights >= max(MIN_DIGIT_SHARE * reference, MIN_HEIGHT)
    if not tall.any():
        return []
    groups = _same_line(kept[tall])
    lines = [_line(group, kept[~tall]) for group in groups]
    return sorted(lines, key=lambda line: line.box[1] + line.box[3] / 2)


def _without_outlines(stats: NDArray[np.int32]) -> NDArray[np.int32]:
    """Drop thin pieces that surround others: edges of a sheet, grids, frames."""
    left, top, width, height, area = stats.T
    x, y = left + width / 2, top + height / 2
    thin = np.flatnonzero(area < OUTLINE_FILL * width * height)
    outlines = [
        index
        for index in thin.tolist()
        if (
            (x > left[index]) & (x < left[index] + width[index]) & (y > top[index]) & (y < top[index] + height[index])
        ).sum()
        > OUTLINED
    ]
    return np.delete(stats, outlines, axis=0)


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.int32]) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _same_line(stats: NDArray[np.int32]) -> list[NDArray[np.int32]]:
    """Group pieces, rows of left, top, width, height and area, by line."""
    order = np.argsort(-stats[:, cv2.CC_STAT_HEIGHT])
    groups: list[list[int]] = []
    bounds: list[tuple[float, float]] = []  # the core of each line: where its tallest pieces overlap
    for index in order.tolist():
        _, top, _, height, _ = (int(v) for v in stats[index])
        best, most = -1, SAME_LINE_OVERLAP
        for at, (first, last) in enumerate(bounds):
            overlap = (min(last, top + height) - max(first, top)) / min(height, last - first)
            if overlap > most:
                best, most = at, overlap
        if best < 0:
            groups.append([index])
            bounds.append((top, top + height))
        else:
            groups[best].append(index)
    return [stats[group] for group in groups]


def _line(tall: NDArray[np.int32], small: NDArray[np.int32]) -> Line:
    """Return the line formed by these pieces, with the small ones that lie within it."""
    left, top = tall[:, 0].min(), tall[:, 1].min()
    right, bottom = (tall[:, 0] + tall[:, 2]).max(), (tall[:, 1] + tall[:, 3]).max()
    height = float(np.percentile(tall[:, 3], 60))
    middle = small[:, 1] + small[:, 3] / 2
    inside = small[(middle > top) & (middle < bottom)]
    inside = inside[(inside[:, 0] > left - 1.5 * height) & (inside[:, 0] + inside[:, 2] < right + 1.5 * height)]
    if len(inside):
        left, right = min(left, inside[:, 0].min()), max(right, (inside[:, 0] + inside[:, 2]).max())
    area = int(tall[:, 4].sum() + inside[:, 4].sum())
    box = (int(left), int(top), int(right - left), int(bottom - top))
    return Line(box, height, area, _merged(tall[:, 0], tall[:, 0] + tall[:, 2]))


def _merged(lefts: NDArray[np.int32], rights: NDArray[np.int32]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for left, right in sorted(zip(lefts.tolist(), rights.tolist(), strict=True)):
        if merged and left <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(right, merged[-1][1]))
        else:
            merged.append((left, right))
    return tuple(merged)


def one_line(lines: list[Line]) -> Line:
    """Return the line with the most ink (of at least one), joined with its continuations, as of sloping writing."""
    return take_line(list(lines))


def take_line(left_over: list[Line]) -> Line:
    """Return the same as `one_line`, and remove its parts from the list."""
    left_over.sort(key=lambda line: line.ink)
    whole = left_over.pop()
    while part := next((line for line in left_over if _goes_on(whole, line)), None):
        left_over.remove(part)
        whole = _joined(whole, part)
    return whole


def _goes_on(line: Line, other: Line) -> bool:
    """Tell whether the other line has digits of about the same height, beside this one and overlapping vertically."""
    x, y, width, height = line.box
    a, b, wide, tall = other.box
    gap = max(a - (x + width), x - (a + wide))
    level = min(y + height, b + tall) - max(y, b)
    alike = 0.5 < other.digit_height / line.digit_height < 2
    return alike and -0.5 < gap / line.digit_height < WIDEST_GAP and level > SAME_SLOPE_OVERLAP * min(height, tall)


def _joined(line: Line, other: Line) -> Line:
    (x, y, width, height), (a, b, wide, tall) = line.box, other.box
    left, top = min(x, a), min(y, b)
    right, bottom = max(x + width, a + wide), max(y + height, b + tall)
    columns = np.array(line.columns + other.columns, np.int32)
    height_of_digits = (line.digit_height * line.ink + other.digit_height * other.ink) / (line.ink + other.ink)
    box = (left, top, right - left, bottom - top)
    return Line(box, height_of_digits, line.ink + other.ink, _merged(columns[:, 0], columns[:, 1]))
