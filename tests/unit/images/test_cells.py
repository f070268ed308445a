"""The cells between the rules of a page."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitry.images.cells import find_cells


def ruled(rows: int, columns: int, cell: tuple[int, int] = (90, 50), ink: int = 60, paper: int = 240) -> np.ndarray:
    """A page with one table of so many rows and columns, its corner at 40, 40."""
    width, height = cell
    page = np.full((rows * height + 80, columns * width + 80), paper, np.uint8)
    for row in range(rows + 1):
        cv2.line(page, (40, 40 + row * height), (40 + columns * width, 40 + row * height), ink, 2)
    for column in range(columns + 1):
        cv2.line(page, (40 + column * width, 40), (40 + column * width, 40 + rows * height), ink, 2)
    return page


def places(page: np.ndarray) -> list[tuple[int, int, int]]:
    return [(cell.table, cell.row, cell.column) for cell in find_cells(page)]


def all_of(rows: int, columns: int) -> list[tuple[int, int, int]]:
    return [(0, row, column) for row in range(rows) for column in range(columns)]


def test_a_table_has_its_rows_and_columns_empty_cells_too():
    assert places(ruled(4, 3)) == all_of(4, 3)


def test_a_cell_lies_where_its_rules_leave_room():
    first = find_cells(ruled(4, 3))[0]
    assert np.allclose(first.box, (41, 41, 88, 48), atol=4)


@pytest.mark.parametrize(("ink", "paper"), [(170, 240), (235, 30)])
def test_rules_may_be_faint_or_light_on_dark(ink: int, paper: int):
    assert places(ruled(4, 3, ink=ink, paper=paper)) == all_of(4, 3)


@pytest.mark.parametrize("angle", [-2.0, 1.0, 2.0])
def test_a_table_that_lies_askew_keeps_its_order(angle: float):
    page = ruled(6, 5)
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 0.95)
    askew = cv2.warpAffine(page, matrix, (width, height), borderValue=240)
    assert places(askew) == all_of(6, 5)


def test_writing_in_the_cells_and_over_the_rules_changes_nothing():
    page = ruled(4, 3)
    for row in range(4):
        for column in range(3):
            cv2.putText(page, "47", (60 + 90 * column, 78 + 50 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 40, 3)
    assert places(page) == all_of(4, 3)


def test_two_tables_are_two():
    page = np.full((620, 400), 240, np.uint8)
    table = ruled(4, 3)
    page[: table.shape[0], : table.shape[1]] = table
    page[-table.shape[0] :, : table.shape[1]] = table
    assert sorted({cell.table for cell in find_cells(page)}) == [0, 1]


@pytest.mark.parametrize("shape", [(9, 30_000), (30_000, 9)])
def test_a_page_of_which_nothing_is_left_when_it_is_shrunk_has_no_cells(shape: tuple[int, int]):
    assert find_cells(np.full(shape, 255, np.uint8)) == []


def test_plain_paper_ruled_paper_and_a_frame_have_no_cells():
    plain = np.full((400, 300), 240, np.uint8)
    ruled_paper = plain.copy()
    ruled_paper[50::40] = 120
    frame = plain.copy()
    cv2.rectangle(frame, (30, 30), (270, 370), 60, 2)
    assert [find_cells(page) for page in (plain, frame)] == [[], []]
    assert all(cell.column == 0 for cell in find_cells(ruled_paper))
