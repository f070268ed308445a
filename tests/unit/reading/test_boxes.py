"""Boxes of a reading on another picture, and within their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitry.reading.boxes import boxes_within
from digitry.types import Box, Cell, Digit, Number, Reading, Table
from tests.unit.reading.seen_pages import PAPER, read, written


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ((3, 4, 10, 10), (3, 4, 10, 10)),
        ((-2, -3, 10, 10), (0, 0, 8, 7)),
        ((45, 25, 10, 10), (45, 25, 5, 5)),
        ((-9, 3, 99, 3), (0, 3, 50, 3)),
        ((60, 40, 5, 5), (49, 29, 1, 1)),
        ((-9, -9, 5, 5), (0, 0, 1, 1)),
    ],
)
def test_what_reaches_beyond_the_page_is_cut_at_its_border_of_everything_that_has_a_box(box: Box, inside: Box):
    one = Digit("1", 0.9, box)
    number = Number("-1", 0.9, box, (one,), signs=(replace(one, label="-"),))
    found = boxes_within(Reading("", (number,), tables=(Table((Cell(0, 0, box),)),)), (30, 50))
    (cut,), (table,) = found.numbers, found.tables
    assert {cut.box, cut.digits[0].box, cut.signs[0].box, table.cells[0].box} == {inside}


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_numbers_and_cells_of_a_page_lie_on_it_however_close_it_was_cut(quarters: int):
    rows = [(str(10 + 3 * row + column), 60 + 200 * column, 40 + 150 * row) for row in range(4) for column in range(3)]
    page, seen = written(*rows)
    left, top = 62, 44  # the first digits are cut
    close = np.full(page.shape, PAPER, np.uint8)[: 530 - top, : 560 - left]
    close[:] = page[top:530, left:560]
    moved = [replace(one, box=(one.box[0] - left, one.box[1] - top, *one.box[2:])) for one in seen]
    reading = read(np.ascontiguousarray(np.rot90(close, quarters)), moved, rotate=90 * quarters)
    (table,) = reading.tables
    assert len(reading.numbers) == len(table.cells) == 12
    height, width = reading.stages["grey"].shape
    characters = [one for number in reading.numbers for one in (number, *number.digits)]
    for x, y, wide, high in (one.box for one in (*characters, *table.cells)):
        assert 0 <= x < x + wide <= width
        assert 0 <= y < y + high <= height
