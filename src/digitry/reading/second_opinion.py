"""Read a number that the network for pages found again with the network for numbers: cut out, without its signs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.images.ink import find_ink, shrink
from digitry.images.strip import DIGIT_HEIGHT, STRIP_HEIGHT, cut_strip
from digitry.networks.decoding import Frames
from digitry.reading.number import ReadStrips, read_strips
from digitry.types import Box

AROUND = 0.7
"""Margin around a number that is cut out, in digit heights."""

FINE = 60.0
"""In pixels: higher digits are first shrunk to this height, still more than their height in a strip."""

ZOOMS = (0.9, 1.15)
"""Scales at which it is read, as its digits' height is only roughly known."""


class Opinion(NamedTuple):
    """What the network for numbers reads in a place."""

    digits: str
    probability: float
    """The network's own, 0 to 1."""
    others: dict[str, float]
    """Other possible digits with their probabilities."""
    strip: NDArray[np.uint8] | None = None
    frames: Frames | None = None
    """Its input, uint8 (40, w), and its output, frame by frame; None if it sees no number."""


def second_opinion(
    grey: NDArray[np.uint8], box: Box, digit_height: float, signs: list[Box], read: ReadStrips
) -> Opinion:
    """Read the number in a box of an upright grey page, uint8 (h, w), again; `digits` is empty if there are none.

    `signs`: boxes of its signs, whose ink is erased.
    """
    x, y, width, height = box
    margin = AROUND * digit_height
    left, top = max(0, round(x - margin)), max(0, round(y - margin))
    part = grey[top : round(y + height + margin), left : round(x + width + margin)]
    small, shrunk = shrink(part, max(1, round(max(part.shape) * min(1.0, FINE / digit_height))))
    page = find_ink(small)
    if not page.ink.any():
        return Opinion("", 0.0, {})
    scale = page.scale * shrunk
    for sign in signs:
        _erase(page.ink, sign, left, top, scale)
    middle = (y + height / 2 - top) / scale
    base = max(digit_height / scale / DIGIT_HEIGHT, height / scale / STRIP_HEIGHT)
    strips = [
        cut_strip(
            page.ink, (x - left - margin / 2) / scale, middle, (x - left + width + margin / 2) / scale, base * zoom
        )
        for zoom in ZOOMS
    ]
    found = read_strips(strips, read, placed=False)
    if found is None:
        return Opinion("", 0.0, {})
    others = {"".join(map(str, digits)): probability for digits, probability in found.alternatives}
    return Opinion("".join(map(str, found.digits)), found.probability, others, found.strip.ink, found.frames)


def _erase(ink: NDArray[np.uint8], box: Box, left: int, top: int, scale: float) -> None:
    """Erase the ink in a box of the page from a part of it that begins at `left` and `top`."""
    x, y, width, height = box
    rows = slice(max(0, int((y - top) / scale)), max(0, int(np.ceil((y + height - top) / scale))))
    columns = slice(max(0, int((x - left) / scale)), max(0, int(np.ceil((x + width - left) / scale))))
    ink[rows, columns] = 0
