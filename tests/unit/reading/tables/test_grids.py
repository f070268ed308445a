"""A reading's tables as grids."""

from __future__ import annotations

from digitry.reading.tables.grids import cell_text, grids, is_sure_cell
from tests.unit.reading.tables.made import number, reading


def texts(grid):
    return [[cell_text(cell) for cell in row] for row in grid.rows]


def test_every_cell_of_a_table_has_its_place_empty_ones_too():
    (grid,) = grids(reading(number("7", 0, 2), number("12", 1, 0)))
    assert texts(grid) == [["", "", "7"], ["12", "", ""]]
    assert (grid.picture, grid.page, grid.table, grid.columns) == ("page.png", 1, 0, 3)


def test_numbers_of_one_cell_are_parted_by_a_blank_in_reading_order():
    (grid,) = grids(reading(number("3", 0, 1), number("4", 0, 1)))
    assert texts(grid)[0] == ["", "3 4", ""]


def test_each_table_of_a_page_is_a_grid_and_numbers_outside_are_in_none():
    numbers = (number("1", 0, 0), number("2", 0, 0, table=1), number("99", None, None, table=None))
    first, second = grids(reading(*numbers, sizes=((1, 1), (1, 2))))
    assert (texts(first), texts(second)) == ([["1"]], [["2", ""]])


def test_a_page_without_a_table_has_no_grid():
    assert grids(reading(number("1", None, None, table=None), sizes=())) == []


def test_a_cell_is_sure_when_all_its_numbers_are():
    (grid,) = grids(reading(number("3", 0, 1), number("4", 0, 1, sure=False), number("5", 1, 1)))
    assert [[is_sure_cell(cell) for cell in row] for row in grid.rows] == [[True, False, True], [True, True, True]]


def test_doubt_about_the_whole_page_is_doubt_about_every_number():
    (grid,) = grids(reading(number("3"), sure=False, reason="it reads both ways up"))
    assert not is_sure_cell(grid.rows[0][0])
