"""A reading whose boxes are brought to another picture: a page turned, or the page that its part was cut from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from digitry.types import Box, Digit, Number, Reading, Table

Move = Callable[[Box], Box]


def move_boxes(reading: Reading, move: Move) -> Reading:
    """Return the reading with every box moved: of numbers, their characters, and cells of tables."""
    tables = tuple(Table(tuple(replace(cell, box=move(cell.box)) for cell in table.cells)) for table in reading.tables)
    return replace(reading, numbers=tuple(move_number(one, move) for one in reading.numbers), tables=tables)


def boxes_within(reading: Reading, shape: tuple[int, ...]) -> Reading:
    """Return the reading with every box cut at the border of its page (h, w): networks see characters go on beyond it.

    What lies outside of it altogether becomes a pixel at its border.
    """
    height, width = shape

    def within(box: Box) -> Box:
        x, y, wide, high = box
        left, top = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
        return left, top, max(1, min(x + wide, width) - left), max(1, min(y + high, height) - top)

    return move_boxes(reading, within)


def move_number(number: Number, move: Move) -> Number:
    """Return the number with its box and those of its characters moved."""

    def moved(characters: tuple[Digit, ...]) -> tuple[Digit, ...]:
        return tuple(replace(one, box=move(one.box)) for one in characters)

    return replace(number, box=move(number.box), digits=moved(number.digits), signs=moved(number.signs))
