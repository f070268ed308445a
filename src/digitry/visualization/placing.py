"""Where a label goes: beside its box, off every other box and label, on the calmest spot. Geometry alone."""

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
"""Grey levels between neighbours that make a pixel busy: an edge of a stroke, not the paper's texture."""

_OUTSIDE_COST = 0.1
"""A label beyond the picture's edge costs a wider canvas: worse than free paper, better than busy paper."""


class BusyMap:
    """Where a page has strokes or edges, quick to ask for any rectangle."""

    def __init__(self, grey: NDArray[np.uint8]) -> None:
        """Look at a page, uint8 (h, w)."""
        self._scale = max(1.0, max(grey.shape) / _BUSY_SIDE)
        size = (max(1, round(grey.shape[1] / self._scale)), max(1, round(grey.shape[0] / self._scale)))
        small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
        steps = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        self._sums = cv2.integral((np.asarray(steps) > _BUSY_STEP).astype(np.uint8))
        self._typical = float(self._sums[-1, -1]) / small.size

    def excess(self, rectangle: Rectangle) -> float:
        """Tell how much busier the rectangle is than the page at large, 0 to 1; what lies beyond the page is calm.

        Patterned paper is busy everywhere: there a stroke would be no worse than the pattern.
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
    """Find the best spot for a label of `size` (width, height) beside `box`, and how much of what is taken it covers.

    `taken` are rectangles, float64 (n, 4); `page` is (width, height), and a spot may lie beyond it. What is covered is
    in square pixels, 0 for a free spot.
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
    """Return spots with their costs: above, where headings are looked for; at the sides; below, where the next is."""
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
    """Return the area that `one` shares with each of the others (n, 4), in square pixels, float64 (n,)."""
    left, top, right, bottom = others.T
    width = np.minimum(one[2], right) - np.maximum(one[0], left)
    height = np.minimum(one[3], bottom) - np.maximum(one[1], top)
    return np.asarray(np.maximum(width, 0) * np.maximum(height, 0), np.float64)


def room_above(boxes: NDArray[np.float64]) -> float:
    """Return the typical free height between a box and the one above it, (n, 4) in any unit; infinite when none is
    above.
    """
    left, top, right, bottom = boxes.T
    beside = (left[:, np.newaxis] < right) & (right[:, np.newaxis] > left)
    above = beside & (bottom < top[:, np.newaxis])
    gaps = np.where(above, top[:, np.newaxis] - bottom, np.inf).min(axis=1)
    return float(np.median(gaps[np.isfinite(gaps)])) if np.isfinite(gaps).any() else math.inf
