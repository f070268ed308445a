"""A picture cropped closely to one digit → the same with paper around it, as finding ink requires."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.ink import has_even_border, is_dark_on_light, shrink

NEAR = 0.08
"""The ink of such a picture comes this near to each side, as a share of the longer one, or within a pixel."""

MIN_INK, MOST_INK = 0.12, 0.75
"""Least and largest share of it that is ink; on a page, ink covers less."""

WIDEST = 0.4
"""Largest width of a stroke, as a share of the longer side; shadows are wider."""

MIN_CONTRAST = 30
"""Least mean difference between ink and paper, in grey levels; texture has less."""

MIN_PARTED = 0.7
"""Least share of the variance of its pixels that is between ink and paper."""

SLIM = 2.5
"""A picture with at least this ratio of height to width may be all ink: it is a 1."""

MOST_TOUCHES = 8
"""Strokes of a digit touch the border at most this many times; rules of squared paper do so more often, and those of a
frame lie along it."""

MARGIN = 0.4
"""Width of the paper added around it, as a share of the longer side."""

_COARSE_SIDE = 200


def paper_around(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int] | None:
    """Return a closely cropped picture (h, w) with paper added on all sides, and its width in pixels.

    None for a picture that already has paper around the writing, or shows no clear strokes.
    """
    if has_even_border(grey):
        return None
    coarse, _ = shrink(grey, _COARSE_SIDE)
    level, _ = cv2.threshold(coarse, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    dark = coarse <= level
    share = float(dark.mean())
    if not 0 < share < 1:
        return None
    contrast = float(coarse[~dark].mean()) - float(coarse[dark].mean())
    if contrast < MIN_CONTRAST or share * (1 - share) * contrast**2 < MIN_PARTED * float(coarse.var()):
        return None
    # Deciding which of the two is ink is the slowest step, so first check that either can be.
    if not (_is_close(dark) or _is_close(~dark)):
        return None
    ink = dark if is_dark_on_light(coarse) else ~dark
    if not _is_close(ink):
        return None
    margin = max(1, round(MARGIN * max(grey.shape)))
    paper = round(float(np.median(coarse[~ink])))
    page = cv2.copyMakeBorder(grey, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=paper)
    return np.asarray(page, np.uint8), margin


def _is_close(ink: NDArray[np.bool_]) -> bool:
    """Tell whether ink (h, w) covers as much of a picture, and comes as near its sides, as a closely cropped digit."""
    height, width = ink.shape
    if not MIN_INK <= float(ink.mean()) <= (1.0 if height >= SLIM * width else MOST_INK):
        return False
    x, y, wide, tall = cv2.boundingRect(ink.astype(np.uint8))
    near = max(1.0, NEAR * max(ink.shape))
    if max(x, y, width - x - wide, height - y - tall) > near or _is_ruled(ink):
        return False
    broad = np.ones(2 * (max(2, round(WIDEST * max(ink.shape))),), np.uint8)
    return not cv2.erode(ink.astype(np.uint8), broad, borderType=cv2.BORDER_CONSTANT, borderValue=0).any()


def _is_ruled(ink: NDArray[np.bool_]) -> bool:
    """Tell whether ink (h, w) meets the border like rules and frames rather than like a closely cropped digit."""
    height, width = ink.shape
    sides = (ink[0], ink[:, -1], ink[-1, ::-1], ink[::-1, 0])
    around = np.concatenate(sides)
    touches = np.count_nonzero(around & ~np.roll(around, 1))
    along = sum(side.mean() > 0.9 for side in sides)
    return bool(touches > MOST_TOUCHES or (along > 1 and height < SLIM * width))
