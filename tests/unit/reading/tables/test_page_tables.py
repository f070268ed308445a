"""The tables that rules draw, and those that numbers make without any."""

from __future__ import annotations

import time

import numpy as np
import pytest

from digitry.reading.tables.aligned import align_numbers
from digitry.reading.tables.page_tables import cell_at, page_tables
from digitry.types import Cell, Number, Table


def grid(rows, columns, *, empty=(), tilt=0.0, lean=0.0, fan=0.0, seed=0, jitter=0.0):
    """Boxes of numbers 20 high in cells of 80×40 pixels, as a camera held askew sees them: place → box."""
    generator = np.random.default_rng(seed)
    found = {}
    for row in range(rows):
        for column in range(columns):
            if (row, column) in empty:
                continue
            x, y = 100 + 80 * column, 100 + 40 * row
            x, y = x + lean * y, y + (tilt + fan * y / 1000) * x
            x, y = (x, y) + jitter * generator.standard_normal(2)
            width = int(generator.integers(12, 46))
            found[row, column] = (round(x - width / 2), round(y - 10), width, 20)
    return found


def align(boxes, confidences=None):
    return align_numbers(list(boxes), [0.9] * len(boxes) if confidences is None else confidences)


def numbers_in(boxes):
    return [Number("7", 0.9, box, ()) for box in boxes]


def placed(boxes):
    aligned = align(boxes.values())
    return list(zip(aligned.rows.tolist(), aligned.columns.tolist(), strict=True))


@pytest.mark.parametrize(
    "camera",
    [
        {},
        {"tilt": 0.3},
        {"tilt": -0.25, "lean": 0.25},
        {"lean": -0.3},
        {"fan": 0.08},
        {"jitter": 3.0},
        {"tilt": 0.1, "lean": 0.1, "fan": 0.05, "jitter": 2.0, "seed": 3},
    ],
)
def test_numbers_under_and_beside_each_other_make_a_table_however_the_page_lies(camera):
    boxes = grid(12, 8, empty={(3, 4), (5, 0), (5, 1)}, **camera)
    assert placed(boxes) == list(boxes)


def test_a_table_half_empty_keeps_its_places():
    order = np.random.default_rng(1).permutation(81)[:45]
    empty = {divmod(int(place), 9) for place in order}
    boxes = grid(9, 9, empty=empty, tilt=0.05)
    assert placed(boxes) == list(boxes)


def test_a_blot_beside_a_table_is_no_column_and_moves_none():
    boxes = grid(4, 10)
    strays = [(460, 20, 8, 20), (460, 55, 8, 20)]  # between two columns, above the first row
    aligned = align([*boxes.values(), *strays], [0.9] * len(boxes) + [0.3, 0.3])
    assert list(zip(aligned.rows.tolist(), aligned.columns.tolist(), strict=True)) == [*boxes, (-1, -1), (-1, -1)]


def test_a_row_of_ticks_that_were_hardly_taken_for_numbers_is_no_row():
    boxes = grid(6, 10)
    ticks = [box for (row, column), box in boxes.items() if row == 3 and column % 2]
    kept = [box for (row, _), box in boxes.items() if row != 3]
    aligned = align([*kept, *ticks], [0.9] * len(kept) + [0.3] * len(ticks))
    assert (aligned.rows[-len(ticks) :] == -1).all()
    assert int(aligned.rows.max()) == 4


@pytest.mark.parametrize("boxes", [[], [(0, 0, 10, 20)] * 5, [(0, 40 * line, 30, 20) for line in range(20)]])
def test_few_numbers_and_one_column_make_no_table(boxes):
    assert align(boxes) is None


def test_numbers_strewn_over_a_page_make_no_table():
    generator = np.random.default_rng(5)
    boxes = [(int(x), int(y), 20, 20) for x, y in generator.integers(0, 1500, (40, 2))]
    assert align(boxes) is None


def test_texture_read_as_thousands_of_numbers_takes_no_time():
    generator = np.random.default_rng(5)
    began = time.process_time()
    for count in (2000, 20_000):
        align([(int(x), int(y), 20, 20) for x, y in generator.integers(0, 4000, (count, 2))])
    assert time.process_time() - began < 20


def test_every_cell_has_its_box_on_the_page_empty_ones_too():
    boxes = grid(5, 4, empty={(2, 2)}, tilt=0.1, lean=0.05)
    cells = {(cell.row, cell.column): cell.box for cell in align(boxes.values()).cells}
    assert len(cells) == 20
    for place, (x, y, width, height) in boxes.items():
        left, top, wide, high = cells[place]
        assert left <= x + width / 2 <= left + wide
        assert top <= y + height / 2 <= top + high
        assert (abs(wide - 80) < 20, abs(high - 40) < 10) == (True, True)


def ruled(rows, columns, left=60, top=80):
    cells = [
        Cell(row, column, (left + 80 * column, top + 40 * row, 80, 40))
        for row in range(rows)
        for column in range(columns)
    ]
    return Table(tuple(cells))


def test_rules_that_agree_with_the_numbers_say_which_cells_there_are():
    boxes = grid(6, 4)
    tables, places = page_tables(numbers_in(boxes.values()), (ruled(8, 6, 60 - 80, 80 - 40),))
    assert tables == (ruled(8, 6, 60 - 80, 80 - 40),)
    assert places == [(0, row + 1, column + 1) for row, column in boxes]


def test_where_a_rule_was_missed_the_numbers_say_how_they_stand():
    boxes = grid(6, 4)
    cells = [cell for cell in ruled(6, 4).cells if cell.column != 2]
    torn = Table(tuple(Cell(cell.row, min(cell.column, 2), cell.box) for cell in cells))
    tables, places = page_tables(numbers_in(boxes.values()), (torn,))
    assert [(table.rows, table.columns) for table in tables] == [(6, 4)]
    assert places == [(0, *place) for place in boxes]


def test_few_numbers_in_a_ruled_table_stand_where_the_rules_say():
    assert page_tables(numbers_in([(150, 90, 20, 20), (900, 90, 20, 20)]), (ruled(6, 4),)) == (
        (ruled(6, 4),),
        [(0, 0, 1), None],
    )


def test_a_page_without_rules_and_without_a_table_has_none():
    assert page_tables(numbers_in([(150, 90, 20, 20)]), ()) == ((), [None])
    assert page_tables([], ()) == ((), [])


def test_a_point_lies_in_the_smallest_cell_that_holds_it():
    inner = Table((Cell(0, 0, (100, 100, 10, 10)),))
    assert cell_at(105, 105, (ruled(6, 4), inner)) == (1, 0, 0)
    assert cell_at(0, 0, (ruled(6, 4), inner)) is None
