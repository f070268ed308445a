"""A page on its side or upside down, with its reading → both upright."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from digitry.reading.boxes import move_boxes
from digitry.types import Box, Reading
from digitry.visualization.colour import Colour


def make_upright(page: Colour, reading: Reading) -> tuple[Colour, Reading]:
    """Turn a page, uint8 (h, w, 3), and all boxes of its reading by the reading's `turn`, which becomes 0."""
    quarter = reading.turn // 90 % 4
    if not quarter:
        return page, reading
    shape = page.shape[:2]
    turned = move_boxes(reading, lambda box: turned_box(box, quarter, shape))
    return np.ascontiguousarray(np.rot90(page, -quarter)), replace(turned, turn=0)


def turned_box(box: Box, quarter: int, shape: tuple[int, ...]) -> Box:
    """Return where a box of a page (h, w) lies after `quarter` clockwise quarter turns, 1 to 3."""
    x, y, width, height = box
    high, wide = shape
    if quarter == 1:
        return high - y - height, x, height, width
    if quarter == 2:
        return wide - x - width, high - y - height, width, height
    return y, wide - x - width, height, width
