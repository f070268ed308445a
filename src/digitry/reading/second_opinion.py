"""A number that the page's network found, read again by the network for numbers: alone, enlarged, without its signs."""

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
"""Paper around a number that is cut out with it, in heights of its digits."""

FINE = 60.0
"""Pixels: larger digits are shrunk to this height first, as a strip holds smaller ones still."""

ZOOMS = (0.9, 1.15)
"""Sizes at which it is read, as how high its digits are is only roughly known."""


class Opinion(NamedTuple):
    """What the network for numbers reads."""

    digits: str
    probability: float
    """The network's own, 0 to 1."""
    others: dict[str, float]
    """Other digits that it takes to be possible, with their probabilities."""
    strip: NDArray[np.uint8] | None = None
    frames: Frames | None = None
    """What it saw, uint8 (40, w), and said of it, frame by frame; None where it sees no number."""


def second_opinion(
    grey: NDArray[np.uint8], box: Box, digit_height: float, signs: list[Box], read: ReadStrips
) -> Opinion:
    """Read the number in a box of an upright grey page, uint8 (h, w), once more; no digits where it sees none.

    `signs`: boxes of its characters that are no digits; their ink is taken away.
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
    """Take the ink in a box of the page away, from a part of it that begins at `left` and `top`."""
    x, y, width, height = box
    rows = slice(max(0, int((y - top) / scale)), max(0, int(np.ceil((y + height - top) / scale))))
    columns = slice(max(0, int((x - left) / scale)), max(0, int(np.ceil((x + width - left) / scale))))
    ink[rows, columns] = 0
