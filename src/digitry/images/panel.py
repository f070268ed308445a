"""Grey page → the sheet, panel or form cell with the writing, if the picture also shows its surroundings."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.ink import MIN_CONTRAST, median_of_nine, shrink
from digitry.types import Box

_COARSE_SIDE = 200
_DRAWN_WINDOW = 21

AREA_RANGE = (0.08, 0.97)
"""Share of the picture that a panel may cover."""

MIN_FILL = 0.93
"""A panel, with holes filled, covers this share of the smallest upright rectangle, or quadrangle, around it."""

MAX_TILT_DEGREES = 20
"""Largest deviation of a quadrangle's sides from horizontal or vertical."""

MIN_STEP = 0.6
"""Least jump of brightness at a panel's sides, relative to the difference of bright and dark; light is gradual."""

MAX_EDGE = 0.12
"""Largest width of strips along a side, as a share of the picture."""

EDGE_JUMP, STRAIGHT = 25, 0.95
"""Least difference between such a strip and the paper, in grey levels, along more than this share of the side."""

DRAWN_RANGE = (0.002, 0.5)
"""Share of the picture that must be drawn on a panel: that stands out of it, or is as dark as a bright one's
surroundings."""

_Corners = NDArray[np.float32]
"""x and y of the four corners of a quadrangle in order, float32 (4, 2)."""


class Panel(NamedTuple):
    """The part of a page that is to be read."""

    box: Box
    """The upright rectangle around it, in pixels of the page."""
    grey: NDArray[np.uint8]
    """The pixels of the box; around a tilted sheet, its paper is continued into the corners."""


def find_panel(grey: NDArray[np.uint8]) -> Panel:
    """Return the panel on a grey page (h, w), or the whole page.

    A panel is a nearly upright quadrangle, brighter or darker than its surroundings, with something drawn on it. For
    the whole page, the result holds `grey` itself, not a view of it.
    """
    coarse, scale = shrink(grey, _COARSE_SIDE)
    if min(coarse.shape) < 40:
        return whole_page(grey)
    left, top, wide, tall = _without_edges(coarse)
    if (wide, tall) != coarse.shape[::-1]:
        left, top = round(left * scale), round(top * scale)
        wide, tall = min(round(wide * scale), grey.shape[1] - left), min(round(tall * scale), grey.shape[0] - top)
    else:
        wide, tall = grey.shape[::-1]
    within = grey[top : top + tall, left : left + wide]
    corners = _find_quadrangle(within, coarse if within.shape == grey.shape else None)
    if corners is None:
        return whole_page(grey) if within.shape == grey.shape else Panel((left, top, wide, tall), within)
    x, y = np.maximum(corners.min(axis=0), 0).astype(int).tolist()
    right, bottom = np.minimum(corners.max(axis=0), (wide, tall)).astype(int).tolist()
    found = within[y:bottom, x:right]
    if not _is_upright(corners):
        found = _with_paper_around(found, corners - (x, y))
    return Panel((left + x, top + y, right - x, bottom - y), found)


def whole_page(grey: NDArray[np.uint8]) -> Panel:
    """Take a page (h, w) as its own panel."""
    return Panel((0, 0, grey.shape[1], grey.shape[0]), grey)


def _without_edges(page: NDArray[np.uint8]) -> Box:
    """Return the box of the page without straight strips of something else (a table, a scanner's lid) at its sides."""
    bounds = []
    for turned in (page, page.T):
        deepest = round(MAX_EDGE * turned.shape[1])
        # A jump along nearly the whole side also occurs among the first few lines, so check these first.
        excused = len(turned) - int(STRAIGHT * len(turned))
        few = _jumps(np.ascontiguousarray(turned[: excused + 1]))[:excused]
        if not (np.abs(few) > EDGE_JUMP).any():
            bounds.append((0, turned.shape[1]))
            continue
        jump = _jumps(turned)
        rising, falling = np.count_nonzero(jump > EDGE_JUMP, axis=0), np.count_nonzero(jump < -EDGE_JUMP, axis=0)
        straight = np.maximum(rising, falling) > STRAIGHT * len(jump)
        first, last = np.flatnonzero(straight[:deepest]), np.flatnonzero(straight[::-1][:deepest])
        start = int(first.max()) + 4 if first.size else 0
        stop = turned.shape[1] - (int(last.max()) + 4 if last.size else 0)
        bounds.append((start, stop - start))
    (left, wide), (top, tall) = bounds
    return left, top, wide, tall


def _jumps(page: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return how much brighter a page (h, w) is three pixels further right, int16 (h, w - 3)."""
    lines = cv2.blur(page, (1, 3)).astype(np.int16)
    return lines[:, 3:] - lines[:, :-3]


def _find_quadrangle(grey: NDArray[np.uint8], coarse: NDArray[np.uint8] | None) -> _Corners | None:
    """Return the corners of the panel on a page without edge strips, a little inside its sides; None without a panel.

    `coarse` is the page shrunk by `shrink`, if available.
    """
    scale = max(max(grey.shape) / _COARSE_SIDE, 1.0)
    # Remove thin rules and paper texture, which are not edges of panels.
    coarse = median_of_nine(shrink(grey, _COARSE_SIDE)[0] if coarse is None else coarse)
    drawn: NDArray[np.bool_] | None = None
    _, bright = cv2.threshold(coarse, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if not 0 < cv2.countNonZero(bright) < bright.size:
        return None
    best, best_area, wanted = None, 0.0, -1.0
    for part in (bright, cv2.bitwise_not(bright)):
        contours, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for contour in contours:
            area = float(cv2.contourArea(contour)) + len(contour) / 2 + 1
            share = area / coarse.size
            if not AREA_RANGE[0] < share < AREA_RANGE[1] or area <= best_area:
                continue
            corners = _corners_of(np.asarray(contour, np.int32), area)
            x, y, wide, tall = cv2.boundingRect(contour)
            cut = (x > 1) + (y > 1) + (x + wide < coarse.shape[1] - 1) + (y + tall < coarse.shape[0] - 1)
            inset = max(2, round(0.015 * max(wide, tall)))
            if corners is None or min(wide, tall) < 4 * inset or (cut < 3 and share < 0.7):
                continue  # what extends beyond several sides of the picture is a shadow's edge
            inner = _moved_inwards(corners, inset)
            if drawn is None:
                drawn = cv2.absdiff(coarse, cv2.medianBlur(coarse, _DRAWN_WINDOW)) > MIN_CONTRAST
            clear_of_sides = _filled(_moved_inwards(inner, _DRAWN_WINDOW // 2), coarse.shape)
            ink = (_filled(inner, coarse.shape) & (part == 0)) | (clear_of_sides & drawn)
            if not DRAWN_RANGE[0] < np.count_nonzero(ink) / coarse.size < DRAWN_RANGE[1]:
                continue  # nothing is drawn on it
            if wanted < 0:  # computed late, as few pages get here
                wanted = MIN_STEP * (float(np.median(coarse[bright > 0])) - float(np.median(coarse[bright == 0])))
            if _edge_step(coarse, corners) >= wanted:
                best, best_area = np.round(inner * scale).astype(np.float32), area
    return best


def _corners_of(contour: NDArray[np.int32], area: float) -> _Corners | None:
    """Return the upright rectangle, or else the quadrangle, that a contour (n, 1, 2) of this area fills; or None."""
    x, y, wide, tall = cv2.boundingRect(contour)
    if area >= MIN_FILL * wide * tall:
        return np.array([[x, y], [x + wide, y], [x + wide, y + tall], [x, y + tall]], np.float32)
    hull = cv2.convexHull(contour)
    if len(hull) < 4:
        return None
    corners = cv2.approxPolyN(hull, 4, ensure_convex=True).reshape(-1, 2).astype(np.float32)
    if len(corners) != 4 or area < MIN_FILL * float(cv2.contourArea(corners)):
        return None
    sides = np.abs(np.roll(corners, -1, axis=0) - corners)
    tilt = np.rad2deg(np.arctan2(sides.min(axis=1), sides.max(axis=1)))
    return corners if tilt.max() <= MAX_TILT_DEGREES else None


def _is_upright(corners: _Corners) -> bool:
    sides = np.abs(np.roll(corners, -1, axis=0) - corners)
    return bool((sides.min(axis=1) == 0).all())


def _moved_inwards(corners: _Corners, inset: int) -> _Corners:
    """Move each corner towards the centre by `inset` pixels along x and y, but never beyond it."""
    outwards = corners - corners.mean(axis=0)
    return np.asarray(corners - np.clip(outwards, -inset, inset), np.float32)


def _filled(corners: _Corners, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return a mask that is true inside the corners, on a page of this shape."""
    inside = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(inside, corners.round().astype(np.int32), 1)
    return inside > 0


def _with_paper_around(grey: NDArray[np.uint8], corners: _Corners) -> NDArray[np.uint8]:
    """Replace grey pixels (h, w) outside the corners by the nearest paper inside."""
    coarse, scale = shrink(grey, _COARSE_SIDE)
    inside = _filled(corners / scale, coarse.shape)
    outside = np.where(inside, 0, 1).astype(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    level = np.zeros(nearest.max() + 1, np.uint8)
    level[nearest[inside]] = median_of_nine(coarse)[inside]
    paper = cv2.resize(level[nearest], grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(_filled(corners, grey.shape), grey, paper).astype(np.uint8)


def _edge_step(page: NDArray[np.uint8], corners: _Corners) -> float:
    """Return the smallest median jump of brightness across the sides that lie inside the page, in grey levels."""
    height, width = page.shape
    reach = 3
    jumps = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = float(np.hypot(*(end - start)))
        along = np.arange(reach, length - reach)[:, np.newaxis]
        points = start + along / max(length, 1) * (end - start)
        inwards = np.array([start[1] - end[1], end[0] - start[0]]) / max(length, 1)
        inwards *= np.sign(inwards @ (corners.mean(axis=0) - start))
        # A corner's own pixel is inside, so the side is half a pixel further out.
        near, far = (np.round(points - 0.5 + step * inwards).astype(int) for step in (2.5, -1.5))
        seen = ((np.minimum(near, far) >= 1) & (np.maximum(near, far) < (width - 1, height - 1))).all(axis=1)
        if np.count_nonzero(seen) > len(seen) / 2:
            (x, y), (u, v) = near[seen].T, far[seen].T
            jumps.append(np.median(np.abs(page[y, x].astype(np.int16) - page[v, u])))
    return float(min(jumps, default=0.0))
