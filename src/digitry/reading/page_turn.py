"""Which way up a page lies: what most of its characters say, and what reads better."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.reading.spots import PageNetworkAnswer, Spots, find_spots

SIDE = 480
"""Pixels of the part of a page that is read several ways, at the size at which its digits are `USUAL` pixels high."""

USUAL = 20.0

BETTER, CLEARER = 1.15, 2.0
"""How much better a page has to read another way round to be turned: this many times, and by so many clear characters
more. One digit or two say nothing about their page."""

AS_WELL, MOST_OF_ONE = 0.9, 1.0
"""A page is doubtful where it reads so well another way round, and more is on it than one character, worth that at
most: 66 is 99 then."""

MIDDLES = 1000
"""The part of a page with most writing lies around one of so many characters, the surest."""

LETTER_WORTH = 0.5
"""What a letter is worth where a digit is worth 1: digits upside down pass for letters, printed letters for digits."""


class Turn(NamedTuple):
    """Which way up a page lies."""

    quarters: int
    """Clockwise quarter turns, 0 to 3, that make it upright."""
    is_doubtful: bool
    """Whether it reads about as well another way round."""


def find_turn(grey: NDArray[np.uint8], spots: Spots, answer: PageNetworkAnswer) -> Turn:
    """Find how a grey page, uint8 (h, w), with these characters has to be turned.

    The network says of every character whether it lies on its side. Which of two opposite ways is up it knows less
    well, so the part of the page with most writing is read each way. A page without writing stays as it is.
    """
    if not len(spots.x):
        return Turn(0, False)
    votes = (spots.turn * spots.found[:, np.newaxis]).sum(axis=0)
    is_on_its_side = bool(votes[1] + votes[3] > votes[0] + votes[2])
    part = _fullest_part(grey, spots)
    ways = (0, 1, 3) if is_on_its_side else (0, 2)
    worth = {way: _legibility(find_spots(upright(part, way), answer, largest=SIDE * SIDE)) for way in ways}
    best = max(ways[1:], key=lambda way: worth[way])
    if worth[best] <= BETTER * worth[0] + CLEARER:
        return Turn(0, worth[best] > max(AS_WELL * worth[0], MOST_OF_ONE))
    other = worth[ways[1] if best == ways[-1] else ways[-1]] if is_on_its_side else worth[0]
    return Turn(best, worth[best] < BETTER * other)


def upright(grey: NDArray[np.uint8], quarter: int) -> NDArray[np.uint8]:
    """Turn a page, uint8 (h, w), clockwise by so many quarters."""
    return np.ascontiguousarray(np.rot90(grey, -quarter))


def _legibility(spots: Spots) -> float:
    """Say how much is read, and how clearly."""
    if not len(spots.x):
        return 0.0
    is_letter = spots.classes.argmax(axis=1) == spots.classes.shape[1] - 1
    worth = np.where(is_letter, LETTER_WORTH, 1.0)
    return float((spots.found * spots.classes.max(axis=1) ** 2 * worth).sum())


def _fullest_part(grey: NDArray[np.uint8], spots: Spots) -> NDArray[np.uint8]:
    """Return the square of a page with most characters in it, in the size at which they are read best."""
    scale = USUAL / float(np.median(spots.size))
    reach = max(1, round(SIDE / scale / 2))
    middles = list(zip(spots.x[:MIDDLES].tolist(), spots.y[:MIDDLES].tolist(), strict=True))
    # One at a time: a matrix of thousands of characters by as many takes gigabytes.
    writing = [
        float((((np.abs(spots.x - x) < reach) & (np.abs(spots.y - y) < reach)) * spots.found).sum()) for x, y in middles
    ]
    x, y = (int(place) for place in middles[int(np.argmax(writing))])
    part = grey[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach]
    size = (max(16, round(part.shape[1] * scale)), max(16, round(part.shape[0] * scale)))
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8)
