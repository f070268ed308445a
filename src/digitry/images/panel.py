"""Grey page → the sheet, panel or form cell that carries the writing, when the picture shows what is around it too."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.arrays import Box
from digitry.images.ink import median_of_nine, shrink

_COARSE_SIDE = 200

AREA_RANGE = (0.08, 0.97)
"""Share of the picture that a panel may cover."""

MIN_FILL = 0.93
"""A panel, its holes filled, covers this share of the smallest rectangle around it."""

MIN_STEP = 0.6
"""Brightness jumps at a panel's sides by this share of the difference of bright and dark; light merely slopes."""

MAX_EDGE = 0.12
"""Strips along a side are at most this share of the picture wide."""

EDGE_JUMP = 25
"""Grey levels between such a strip and the paper."""


def find_panel(grey: NDArray[np.uint8]) -> Box:
    """x, y, width, height of the upright rectangle to read on a grey page (h, w): a panel, or the whole page.

    A panel is a nearly upright rectangle, brighter or darker than what surrounds it, with something drawn on it.
    """
    height, width = grey.shape
    coarse, scale = shrink(grey, _COARSE_SIDE)
    if min(coarse.shape) < 40:
        return 0, 0, width, height
    left, top, wide, tall = _without_edges(coarse)
    if (wide, tall) != coarse.shape[::-1]:
        left, top = round(left * scale), round(top * scale)
        wide, tall = min(round(wide * scale), width - left), min(round(tall * scale), height - top)
        x, y, wide, tall = _find_rectangle(grey[top : top + tall, left : left + wide])
        return left + x, top + y, wide, tall
    return _find_rectangle(grey)


def _without_edges(page: NDArray[np.uint8]) -> Box:
    """The page without straight strips of something else (a table, a scanner's lid) along its sides."""
    bounds = []
    for turned in (page, page.T):
        lines = cv2.blur(turned, (1, 3)).astype(np.int16)
        jump = lines[:, 3:] - lines[:, :-3]
        deepest = round(MAX_EDGE * turned.shape[1])
        # All along the side, the brightness jumps the same way.
        rising, falling = np.count_nonzero(jump > EDGE_JUMP, axis=0), np.count_nonzero(jump < -EDGE_JUMP, axis=0)
        straight = np.maximum(rising, falling) > 0.95 * len(jump)
        first, last = np.flatnonzero(straight[:deepest]), np.flatnonzero(straight[::-1][:deepest])
        start = int(first.max()) + 4 if first.size else 0
        stop = turned.shape[1] - (int(last.max()) + 4 if last.size else 0)
        bounds.append((start, stop - start))
    (left, wide), (top, tall) = bounds
    return left, top, wide, tall


def _find_rectangle(grey: NDArray[np.uint8]) -> Box:
    """The panel on a page without edges, or the whole page."""
    height, width = grey.shape
    coarse, scale = shrink(grey, _COARSE_SIDE)
    # Thin rules are no frames, and paper texture no edge.
    coarse = median_of_nine(coarse)
    _, bright = cv2.threshold(coarse, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    light, dark = coarse[bright > 0], coarse[bright == 0]
    if not dark.size or not light.size:
        return 0, 0, width, height
    wanted = MIN_STEP * (float(np.median(light)) - float(np.median(dark)))
    best, best_area = (0, 0, width, height), 0.0
    for mask in (bright, cv2.bitwise_not(bright)):
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for contour in contours:
            x, y, wide, tall = cv2.boundingRect(contour)
            area = float(cv2.contourArea(contour)) + len(contour) / 2 + 1
            share = area / mask.size
            if not AREA_RANGE[0] < share < AREA_RANGE[1] or area < MIN_FILL * wide * tall or area <= best_area:
                continue
            inset = max(2, round(0.015 * max(wide, tall)))
            inside = mask[y + inset : y + tall - inset, x + inset : x + wide - inset]
            cut = (x > 1) + (y > 1) + (x + wide < coarse.shape[1] - 1) + (y + tall < coarse.shape[0] - 1)
            if cut < 3 and share < 0.7:  # it leaves the picture on several sides: a shadow's edge, not a panel
                continue
            if not inside.size or not 0.003 < 1 - cv2.countNonZero(inside) / inside.size < 0.6:
                continue  # nothing is drawn on it
            if _edge_step(coarse, (x, y, wide, tall)) >= wanted:
                best_area = area
                left, top = round((x + inset) * scale), round((y + inset) * scale)
                right, bottom = round((x + wide - inset) * scale), round((y + tall - inset) * scale)
                best = (left, top, min(right, width) - left, min(bottom, height) - top)
    return best


def _edge_step(page: NDArray[np.uint8], box: Box) -> float:
    """The smallest median jump of brightness across those sides of the box that lie inside the page, in grey levels."""
    x, y, wide, tall = box
    height, width = page.shape
    reach = 3
    columns, rows = slice(x + reach, x + wide - reach), slice(y + reach, y + tall - reach)
    values = page.astype(np.int16)
    jumps = []
    for at, inwards in ((y, 1), (y + tall - 1, -1)):
        if reach <= at < height - reach:
            jumps.append(np.median(np.abs(values[at + 2 * inwards, columns] - values[at - 2 * inwards, columns])))
    for at, inwards in ((x, 1), (x + wide - 1, -1)):
        if reach <= at < width - reach:
            jumps.append(np.median(np.abs(values[rows, at + 2 * inwards] - values[rows, at - 2 * inwards])))
    return float(min(jumps, default=0.0))
