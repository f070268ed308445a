"""Where a label goes: beside its box, off every other box and label, in the least busy place. Geometry only."""

from __future__ import annotations

import math
from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""

_BUSY_SIDE = 500
_BUSY_STEP = 24
"""Difference in grey levels that makes a pixel busy: the edge of a stroke, not the paper's texture."""

_OUTSIDE_COST = 0.1
"""Cost of lying beyond the edge, which needs a larger canvas: worse than free paper, better than busy paper."""


class BusyMap:
    """Where a page has strokes or edges, as a summed-area table, fast to query for any rectangle."""

    def __init__(self, grey: NDArray[np.uint8]) -> None:
        """Build the map of a page, uint8 (h, w)."""
        self._scale = max(1.0, max(grey.shape) / _BUSY_SIDE)
        size = (max(1, round(grey.shape[1] / self._scale)), max(1, round(grey.shape[0] / self._scale)))
        small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
        steps = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        self._sums = cv2.integral((np.asarray(steps) > _BUSY_STEP).astype(np.uint8))
        self._typical = float(self._sums[-1, -1]) / small.size

    def excess(self, rectangle: Rectangle) -> float:
        """Return by how much the rectangle is busier than the whole page, 0 to 1; outside the page nothing is busy.

        It is relative because patterned paper is busy everywhere.
        """
        left, top, right, bottom = (v / self._scale for v in rectangle)
        height, width = self._sums.shape[0] - 1, self._sums.shape[1] - 1
        x0, x1 = (int(np.clip(round(v), 0, width)) for v in (left, right))
        y0, y1 = (int(np.clip(round(v), 0, height)) for v in (top, bottom))
        busy = int(self._sums[y1, x1] - self._sums[y0, x1] - self._sums[y1, x0] + self._sums[y0, x0])
        return max(0.0, float(busy / max((right - left) * (bottom - top), 1.0)) - self._typical)


def place(
    size: tuple[float, float],
    box: Rectangle,
    taken: NDArray[np.float64],
    page: tuple[float, float],
    busy: BusyMap,
    gap: float,
) -> tuple[Rectangle, float]:
    """Return the best place for a label of `size` (width, height) beside `box`, and how much of `taken` it covers.

    `taken` are rectangles, float64 (n, 4); `page` is (width, height), and a place may lie beyond it. The covered area
    is in square pixels, 0 for a free place.
    """
    best: tuple[float, float, Rectangle] | None = None
    for habit, spot in _spots(size, box, gap):
        covered = float(overlaps(spot, taken).sum())
        inside = float(overlaps(spot, np.array([[0, 0, *page]])).sum())
        outside = 1 - inside / max(size[0] * size[1], 1.0)
        cost = busy.excess(spot) + _OUTSIDE_COST * outside + habit
        if best is None or (covered, cost) < best[:2]:
            best = (covered, cost, spot)
    assert best is not None
    return best[2], best[0]


def _spots(size: tuple[float, float], box: Rectangle, gap: float) -> Iterable[tuple[float, Rectangle]]:
    """Return candidate places with their costs: above, like a heading; at the sides; below, next to the next box."""
    width, height = size
    left, top, right, bottom = box
    middle_x, middle_y = (left + right - width) / 2, (top + bottom - height) / 2
    spots = [
        (0.0, left, top - gap - height),
        (0.02, right - width, top - gap - height),
        (0.03, middle_x, top - gap - height),
        (0.15, right + gap, middle_y),
        (0.17, left - gap - width, middle_y),
        (0.2, left, bottom + gap),
        (0.22, right - width, bottom + gap),
        (0.23, middle_x, bottom + gap),
        (0.25, right + gap, top),
        (0.26, left - gap - width, top),
        (0.27, right + gap, bottom - height),
    ]
    return ((cost, (x, y, x + width, y + height)) for cost, x, y in spots)


def overlaps(one: Rectangle, others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the overlap of `one` with each of `others`, (n, 4), in square pixels, float64 (n,)."""
    left, top, right, bottom = others.T
    width = np.minimum(one[2], right) - np.maximum(one[0], left)
    height = np.minimum(one[3], bottom) - np.maximum(one[1], top)
    return np.asarray(np.maximum(width, 0) * np.maximum(height, 0), np.float64)


def room_above(boxes: NDArray[np.float64]) -> float:
    """Return the median gap between a box and the one above it, for boxes (n, 4) in any unit; infinite without any."""
    left, top, right, bottom = boxes.T
    beside = (left[:, np.newaxis] < right) & (right[:, np.newaxis] > left)
    above = beside & (bottom < top[:, np.newaxis])
    gaps = np.where(above, top[:, np.newaxis] - bottom, np.inf).min(axis=1)
    return float(np.median(gaps[np.isfinite(gaps)])) if np.isfinite(gaps).any() else math.inf
