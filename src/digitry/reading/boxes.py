"""Map the boxes of a reading to another picture: a turned page, or the page from which a part was cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from digitry.types import Box, Digit, Number, Reading, Table

Move = Callable[[Box], Box]


def move_boxes(reading: Reading, move: Move) -> Reading:
    """Return the reading with all boxes moved: those of numbers, characters and table cells."""
    tables = tuple(Table(tuple(replace(cell, box=move(cell.box)) for cell in table.cells)) for table in reading.tables)
    return replace(reading, numbers=tuple(move_number(one, move) for one in reading.numbers), tables=tables)


def boxes_within(reading: Reading, shape: tuple[int, ...]) -> Reading:
    """Return the reading with every box clipped to its page (h, w): networks may place characters partly outside.

    A box entirely outside becomes one pixel at the border.
    """
    height, width = shape

    def within(box: Box) -> Box:
        x, y, wide, high = box
        left, top = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
        return left, top, max(1, min(x + wide, width) - left), max(1, min(y + high, height) - top)

    return move_boxes(reading, within)


def move_number(number: Number, move: Move) -> Number:
    """Return the number with its box and its characters' boxes moved."""

    def moved(characters: tuple[Digit, ...]) -> tuple[Digit, ...]:
        return tuple(replace(one, box=move(one.box)) for one in characters)

    return replace(number, box=move(number.box), digits=moved(number.digits), signs=moved(number.signs))
