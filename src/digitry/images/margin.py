"""A picture cut close around one digit → the same with paper around it, which finding ink takes for granted."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.ink import is_dark_on_light, shrink

NEAR = 0.08
"""The ink of such a picture comes as near to each side as this share of the longer one, or a pixel."""

MIN_INK = 0.12
"""Its ink covers at least this share of it; that of a page covers less."""

MIN_CONTRAST = 30
"""Grey levels between its ink and its paper, on average: it is no texture."""

MIN_PARTED = 0.7
"""Share of the variance of its pixels that there is between ink and paper."""

SLIM = 2.5
"""A picture so many times as high as wide may be all stroke: it is a 1."""

MOST_TOUCHES = 8
"""So many times at most do the strokes of a digit meet the border around it; the rules of squared paper do more often,
and those of a frame lie along it."""

MARGIN = 0.4
"""Width of the paper that is put around it, as a share of the longer side."""

_COARSE_SIDE = 200


def paper_around(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int] | None:
    """Return a picture (h, w) that is cut close around a digit with paper on all sides, and how many pixels wide.

    None for a picture that has paper around what is written, or shows no clear strokes.
    """
    border = (grey[0], grey[-1], grey[:, 0], grey[:, -1])
    if all((side == grey[0, 0]).all() for side in border):
        return None
    coarse, _ = shrink(grey, _COARSE_SIDE)
    level, _ = cv2.threshold(coarse, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    ink = coarse <= level if is_dark_on_light(coarse) else coarse > level
    share = float(ink.mean())
    if not MIN_INK <= share < 1:
        return None
    x, y, width, height = cv2.boundingRect(ink.astype(np.uint8))
    gaps = (x, y, coarse.shape[1] - x - width, coarse.shape[0] - y - height)
    if max(gaps) > max(1.0, NEAR * max(coarse.shape)) or _is_ruled(ink):
        return None
    contrast = abs(float(coarse[ink].mean()) - float(coarse[~ink].mean()))
    if contrast < MIN_CONTRAST or share * (1 - share) * contrast**2 < MIN_PARTED * float(coarse.var()):
        return None
    margin = max(1, round(MARGIN * max(grey.shape)))
    paper = round(float(np.median(coarse[~ink])))
    page = cv2.copyMakeBorder(grey, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=paper)
    return np.asarray(page, np.uint8), margin


def _is_ruled(ink: NDArray[np.bool_]) -> bool:
    """Tell whether ink (h, w) meets the border as rules and frames do, not as a digit does that is cut close."""
    height, width = ink.shape
    sides = (ink[0], ink[:, -1], ink[-1, ::-1], ink[::-1, 0])
    around = np.concatenate(sides)
    touches = np.count_nonzero(around & ~np.roll(around, 1))
    along = sum(side.mean() > 0.9 for side in sides)
    return bool(touches > MOST_TOUCHES or (along > 1 and height < SLIM * width))
