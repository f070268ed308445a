"""A sheet on a table: where it is, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.images.panel import find_panel, whole_page


def sheet(
    left: int, top: int, wide: int, tall: int, *, paper: int = 220, table: int = 40, mark: bool = True
) -> np.ndarray:
    """A page of 200×200: a table, a sheet on it, and a stroke as dark as the table on the sheet."""
    page = np.full((200, 200), table, np.uint8)
    page[top : top + tall, left : left + wide] = paper
    if mark:
        page[top + tall // 2 - 15 : top + tall // 2 + 15, left + wide // 2 : left + wide // 2 + 6] = table
    return page


@pytest.mark.parametrize(("paper", "table"), [(220, 40), (40, 220)])
def test_a_sheet_is_found_two_pixels_inside_its_edge(paper: int, table: int) -> None:
    page = sheet(30, 50, 140, 100, paper=paper, table=table)
    panel = find_panel(page)
    assert panel.box == (32, 52, 136, 96)
    assert np.array_equal(panel.grey, page[52:148, 32:168])


@pytest.mark.parametrize(
    "page",
    [
        np.full((200, 200), 220, np.uint8),
        sheet(30, 50, 140, 100, mark=False),
        sheet(90, 90, 30, 30),
    ],
    ids=["blank", "nothing is drawn on it", "too small"],
)
def test_otherwise_the_panel_is_the_whole_page(page: np.ndarray) -> None:
    panel = find_panel(page)
    assert panel.box == (0, 0, 200, 200)
    assert np.array_equal(panel.grey, page)


def test_a_strip_of_something_else_along_the_sides_is_cut_off_with_three_pixels_more() -> None:
    panel = find_panel(sheet(1, 1, 198, 198))
    assert panel.box == (4, 4, 192, 192)
    assert find_panel(sheet(1, 0, 199, 200)).box == (4, 0, 196, 200)


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize(("without", "cut"), [(slice(0, 8), 4), (slice(192, 200), 4), (slice(0, 15), 0)])
def test_such_a_strip_may_be_missing_along_a_twentieth_of_its_side(without: slice, cut: int, is_turned: bool) -> None:
    page = sheet(1, 0, 199, 200)
    page[without, 0] = 220
    box = find_panel(np.ascontiguousarray(page.T) if is_turned else page).box
    assert box == ((0, cut, 200, 200 - cut) if is_turned else (cut, 0, 200 - cut, 200))


def test_a_slope_of_light_is_no_panel() -> None:
    page = np.tile(np.linspace(60, 220, 200).astype(np.uint8), (200, 1))
    page[80:120, 100:106] = 30
    assert find_panel(page).box == (0, 0, 200, 200)


def test_on_a_tilted_sheet_the_corners_outside_are_its_paper() -> None:
    rows, columns = np.mgrid[:200, :200]
    turn = np.deg2rad(8)
    x = (columns - 100) * np.cos(turn) + (rows - 100) * np.sin(turn)
    y = (rows - 100) * np.cos(turn) - (columns - 100) * np.sin(turn)
    page = np.where((abs(x) < 60) & (abs(y) < 45), 220, 40).astype(np.uint8)
    page[85:115, 98:104] = 40
    panel = find_panel(page)
    left, top, wide, tall = panel.box
    # Half the box around 120×90 turned by 8°: 60 cos 8° + 45 sin 8°, and 60 sin 8° + 45 cos 8°.
    assert (left + wide / 2, top + tall / 2) == (pytest.approx(100, abs=2), pytest.approx(100, abs=2))
    assert (wide / 2, tall / 2) == (pytest.approx(65.7 - 2, abs=2.5), pytest.approx(52.9 - 2, abs=2.5))
    for corner in (panel.grey[0, 0], panel.grey[0, -1], panel.grey[-1, 0], panel.grey[-1, -1]):
        assert corner > 200


def test_a_page_is_its_own_panel() -> None:
    page = sheet(30, 50, 140, 100)[:150]
    panel = whole_page(page)
    assert panel.box == (0, 0, 200, 150)
    assert panel.grey is page
