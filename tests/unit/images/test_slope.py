"""Slopes of writing: known angles are found, upright writing stays as it is, boxes come back around their ink."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.images.slope import Levelling, writing_slope
from tests.unit.images.written import falling, glyph, ink_page, tight_box


@pytest.mark.parametrize("degrees", [-45, -44, -30, -17, -6, 6, 10, 23, 30, 45])
@pytest.mark.parametrize("texts", [("20471",), ("902106", "4718", "856327")], ids=["number", "lines"])
def test_the_slope_of_turned_lines_is_found_within_two_degrees(texts: tuple[str, ...], degrees: int) -> None:
    assert abs(writing_slope(falling(ink_page(*texts), degrees)) - degrees) <= 2


def test_a_large_page_has_the_slope_of_a_small_one() -> None:
    page = falling(ink_page("73520", height=200, margin=150), 20)
    assert max(page.shape) > 1000
    assert abs(writing_slope(page) - 20) <= 2


@pytest.mark.parametrize(
    "texts", [("20471",), ("38",), ("1111",), ("4", "7", "9"), ("90210", "47", "8563"), ("7777777777",), ("38",) * 10]
)
def test_upright_writing_is_not_turned(texts: tuple[str, ...]) -> None:
    assert abs(writing_slope(ink_page(*texts))) <= 1


@pytest.mark.parametrize("digit", range(10))
def test_a_single_digit_is_not_turned(digit: int) -> None:
    assert writing_slope(ink_page(str(digit))) == 0


@pytest.mark.parametrize("lean", [-12, 12])
def test_a_single_1_that_leans_is_not_turned(lean: int) -> None:
    assert writing_slope(falling(np.pad(glyph(1, 80), 40), lean)) == 0


@pytest.mark.parametrize("digits", [1, 2, 6])
@pytest.mark.parametrize("degrees", [-30, 0, 30])
def test_no_slope_lies_beyond_45_degrees(digits: int, degrees: int) -> None:
    # A column of numbers is a line too, at right angles to theirs.
    assert abs(writing_slope(falling(ink_page(*["7382461905"[:digits]] * 10), degrees))) <= 45


@pytest.mark.parametrize("shape", [(5, 5000), (5000, 5)])
def test_a_page_of_which_nothing_is_left_when_it_is_shrunk_has_no_slope(shape: tuple[int, int]) -> None:
    assert writing_slope(np.full(shape, 255, np.uint8)) == 0


def test_a_blank_page_and_a_speck_have_no_slope() -> None:
    page = np.zeros((100, 300), np.uint8)
    assert writing_slope(page) == 0
    page[50:53, 100:106] = 255
    assert writing_slope(page) == 0
    assert writing_slope(np.full((1, 1), 255, np.uint8)) == 0


@pytest.mark.parametrize("degrees", [-45, -20, 5, 33])
def test_a_page_turned_by_its_slope_is_level(degrees: int) -> None:
    page = falling(ink_page("36925814"), degrees)
    level = Levelling(page.shape, degrees).apply(page)
    assert tight_box(level)[3] < 46
    assert abs(writing_slope(level)) <= 1


def test_nothing_is_cut_off_a_turned_page() -> None:
    page = np.full((60, 200), 200, np.uint8)
    turned = Levelling(page.shape, 30).apply(page)
    assert turned.sum() == pytest.approx(page.sum(), rel=0.02)
    assert turned.shape == (int(np.ceil(200 * 0.5 + 60 * 0.8660254)), int(np.ceil(200 * 0.8660254 + 60 * 0.5)))


@pytest.mark.parametrize("degrees", [-45, -20, 5, 33])
def test_a_box_comes_back_around_the_ink_it_was_drawn_around(degrees: int) -> None:
    page = np.zeros((300, 400), np.uint8)
    page[70:90, 310:320] = 255
    turn = Levelling(page.shape, degrees)
    x, y, width, height = turn.back(tight_box(turn.apply(page)))
    assert (x, y) <= (311, 71)
    assert x + width >= 319
    assert y + height >= 89
    # The box around a turned box is larger, but its middle is the ink's.
    assert abs(x + width / 2 - 315) < 3
    assert abs(y + height / 2 - 80) < 3
    assert max(width, height) < 55


def test_a_page_without_a_slope_and_its_boxes_stay_as_they_are() -> None:
    page = ink_page("38")
    turn = Levelling(page.shape, 0)
    assert turn.apply(page) is page
    assert turn.back((3, 4, 50, 60)) == (3, 4, 50, 60)
