"""Which way up a page is: by the votes of its characters, and by what reads better."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.reading.spots import PageNetworkAnswer, Spots, find_spots

SIDE = 480
"""Side in pixels of the part of a page that is read several ways, when its digits are `USUAL` pixels high."""

USUAL = 20.0

BETTER, CLEARER = 1.15, 2.0
"""A page is turned if it reads better by this factor, plus this many clear characters: one or two digits say nothing
about their page."""

AS_WELL, MOST_OF_ONE = 0.9, 1.0
"""A page is doubtful if it reads as well as this factor another way round, and is worth more than one character: 66
would be 99."""

MIDDLES = 1000
"""The part with most writing is sought around this many characters, the surest ones."""

LETTER_WORTH = 0.5
"""Weight of a letter relative to a digit: digits upside down pass for letters, printed letters for digits."""


class Turn(NamedTuple):
    """Which way up a page is."""

    quarters: int
    """Clockwise quarter turns, 0 to 3, that make it upright."""
    is_doubtful: bool
    """Whether it reads about as well another way up."""


def find_turn(grey: NDArray[np.uint8], spots: Spots, answer: PageNetworkAnswer) -> Turn:
    """Find how a grey page, uint8 (h, w), with these characters must be turned.

    The network tells reliably whether characters lie on their side, but less so which of two opposite ways is up, so
    the part of the page with most writing is read each way. A page without writing is not turned.
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
    """Turn a page, uint8 (h, w), clockwise by `quarter` quarter turns."""
    return np.ascontiguousarray(np.rot90(grey, -quarter))


def _legibility(spots: Spots) -> float:
    """Score how much is read, and how clearly."""
    if not len(spots.x):
        return 0.0
    is_letter = spots.classes.argmax(axis=1) == spots.classes.shape[1] - 1
    worth = np.where(is_letter, LETTER_WORTH, 1.0)
    return float((spots.found * spots.classes.max(axis=1) ** 2 * worth).sum())


def _fullest_part(grey: NDArray[np.uint8], spots: Spots) -> NDArray[np.uint8]:
    """Return the square of a page with most characters, scaled to the size at which they are read best."""
    scale = USUAL / float(np.median(spots.size))
    reach = max(1, round(SIDE / scale / 2))
    middles = list(zip(spots.x[:MIDDLES].tolist(), spots.y[:MIDDLES].tolist(), strict=True))
    # One at a time: a matrix of all pairs of thousands of characters takes gigabytes.
    writing = [
        float((((np.abs(spots.x - x) < reach) & (np.abs(spots.y - y) < reach)) * spots.found).sum()) for x, y in middles
    ]
    x, y = (int(place) for place in middles[int(np.argmax(writing))])
    part = grey[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach]
    size = (max(16, round(part.shape[1] * scale)), max(16, round(part.shape[0] * scale)))
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8)
