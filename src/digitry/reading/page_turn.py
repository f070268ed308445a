"""Which way up a page lies: what most of its characters say, and what reads better."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.reading.spots import PageNetworkAnswer, Spots, find_spots

SIDE = 480
"""Pixels of the part of a page that is read both ways, at the size at which its digits are `USUAL` pixels high."""

USUAL = 20.0

BETTER = 1.15
"""How much better a page has to read another way round to be turned."""


def quarter_turns(grey: NDArray[np.uint8], spots: Spots, answer: PageNetworkAnswer) -> int:
    """Find how many clockwise quarter turns, 0 to 3, make a grey page, uint8 (h, w), upright.

    The network says of every character whether it lies on its side. Which of two opposite ways is up it knows less
    well, so the part of the page with most writing is read both ways. A page without writing stays as it is.
    """
    if not len(spots.x):
        return 0
    votes = (spots.turn * spots.found[:, np.newaxis]).sum(axis=0)
    on_its_side = votes[1] + votes[3] > votes[0] + votes[2]
    first, second = (1, 3) if on_its_side else (0, 2)
    part = _fullest_part(grey, spots)
    worth = [_legibility(find_spots(upright(part, quarter), answer, longest=SIDE)) for quarter in (first, second)]
    return second if worth[1] > (1.0 if on_its_side else BETTER) * worth[0] else first


def upright(grey: NDArray[np.uint8], quarter: int) -> NDArray[np.uint8]:
    """Turn a page, uint8 (h, w), clockwise by so many quarters."""
    return np.ascontiguousarray(np.rot90(grey, -quarter))


def _legibility(spots: Spots) -> float:
    """Say how much is read, and how clearly."""
    return float((spots.found * spots.classes.max(axis=1) ** 2).sum()) if len(spots.x) else 0.0


def _fullest_part(grey: NDArray[np.uint8], spots: Spots) -> NDArray[np.uint8]:
    """Return the square of a page with most characters in it, in the size at which they are read best."""
    scale = USUAL / float(np.median(spots.size))
    reach = max(1, round(SIDE / scale / 2))
    near = (np.abs(spots.x[:, np.newaxis] - spots.x) < reach) & (np.abs(spots.y[:, np.newaxis] - spots.y) < reach)
    middle = int((near * spots.found).sum(axis=1).argmax())
    x, y = int(spots.x[middle]), int(spots.y[middle])
    part = grey[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach]
    size = (max(16, round(part.shape[1] * scale)), max(16, round(part.shape[0] * scale)))
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8)
