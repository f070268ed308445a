"""A page that lies on its side or on its head, with what was read on it → the same, upright."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from digitry.types import Box, Digit, Number, Reading, Table
from digitry.visualization.colour import Colour


def make_upright(page: Colour, reading: Reading) -> tuple[Colour, Reading]:
    """Turn a page, uint8 (h, w, 3), and all boxes of its reading by the reading's `turn`; the new one has none left."""
    quarter = reading.turn // 90 % 4
    if not quarter:
        return page, reading
    shape = page.shape[:2]
    numbers = tuple(_number(number, quarter, shape) for number in reading.numbers)
    tables = tuple(
        Table(tuple(replace(cell, box=turned_box(cell.box, quarter, shape)) for cell in table.cells))
        for table in reading.tables
    )
    turned = np.ascontiguousarray(np.rot90(page, -quarter))
    return turned, replace(reading, numbers=numbers, tables=tables, turn=0)


def turned_box(box: Box, quarter: int, shape: tuple[int, ...]) -> Box:
    """Return where a box of a page (h, w) lies after so many clockwise quarter turns."""
    x, y, width, height = box
    high, wide = shape
    if quarter == 1:
        return high - y - height, x, height, width
    if quarter == 2:
        return wide - x - width, high - y - height, width, height
    return y, wide - x - width, height, width


def _number(number: Number, quarter: int, shape: tuple[int, ...]) -> Number:
    def turned(characters: tuple[Digit, ...]) -> tuple[Digit, ...]:
        return tuple(replace(one, box=turned_box(one.box, quarter, shape)) for one in characters)

    box = turned_box(number.box, quarter, shape)
    return replace(number, box=box, digits=turned(number.digits), signs=turned(number.signs))
