"""Grids as people read them on a terminal."""

from __future__ import annotations

from digitry.cli.grid_text import grid_lines
from digitry.reading.tables.grids import grids
from tests.unit.reading.tables.made import number, reading


def test_figures_stand_under_each_other_with_the_numbers_of_rows_and_columns():
    one = reading(number("7", 0, 0), number("100", 1, 0), number("5", 1, 2))
    assert grid_lines("a.png", grids(one), 1) == [
        "a.png, table 0: 2 rows, 3 columns",
        "  |    0  1  2",
        "0 |    7",
        "1 |  100     5",
    ]


def test_doubt_is_a_question_mark_in_a_place_of_its_own():
    one = reading(number("7", 0, 0), number("100", 1, 0, sure=False), sizes=((2, 1),))
    assert grid_lines("a.png", grids(one), 1) == [
        "a.png, table 0: 2 rows, 1 column; ? marks 1 not sure",
        "  |    0",
        "0 |    7",
        "1 |  100?",
    ]


def test_tables_are_parted_by_a_line_and_say_their_page_where_there_are_several():
    one = reading(number("7"), sizes=((1, 1), (1, 1)), page=2)
    lines = grid_lines("a.tif", grids(one), 2)
    assert lines[0] == "a.tif, page 2, table 0: 1 row, 1 column"
    assert lines[3:5] == ["", "a.tif, page 2, table 1: 1 row, 1 column"]


def test_a_picture_without_a_table_says_so():
    assert grid_lines("a\n.png", [], 1) == ["a\\n.png: no table"]
