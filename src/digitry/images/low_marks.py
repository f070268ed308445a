"""Ink of a line of digits → whether it has a mark too low for a digit: a point, a minus, a plus."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitry.images.segment import INK_LEVEL, pieces_of
from digitry.images.strokes import stroke_mask

LOW = 0.6
"""Least height of a digit, relative to the highest one beside it."""

LEAST_INK = 0.002
"""A mark with less ink than this, in squares of that height, is a speck."""


def has_low_mark(ink: NDArray[np.uint8], height: float) -> bool:
    """Tell whether ink (h, w) with digits of this height, in pixels, has a low mark in its own columns."""
    _, _, stats = pieces_of(stroke_mask(ink, INK_LEVEL))
    marks: list[tuple[int, int, int, int]] = []
    for left, top, width, tall, area in sorted(stats[1:].tolist()):
        mark = (left + width, top, top + tall, area)
        if marks and left < marks[-1][0]:  # it is above or below the one before, and part of it
            right, highest, lowest, ink_before = marks.pop()
            mark = (max(right, mark[0]), min(highest, top), max(lowest, mark[2]), ink_before + area)
        marks.append(mark)
    return any(bottom - top < LOW * height and area > LEAST_INK * height**2 for _, top, bottom, area in marks)
