"""Strokes on small pages of ink, cut by hand."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.images.segment import find_digit, is_blot, pieces_of, remove_rules, strokes_of, without_frame


def ink_page(*rectangles: tuple[int, int, int, int], side: int = 40, level: int = 255) -> np.ndarray:
    """A square ink page with rectangles (left, top, width, height)."""
    page = np.zeros((side, side), np.uint8)
    for left, top, wide, tall in rectangles:
        page[top : top + tall, left : left + wide] = level
    return page


def test_one_stroke_is_cut_out_with_one_pixel_around_it() -> None:
    crop = find_digit(ink_page((18, 10, 4, 20)))
    assert crop is not None
    assert (crop.box, crop.rivals) == ((17, 9, 6, 22), 0)
    assert np.array_equal(crop.ink, np.pad(np.full((20, 4), 255, np.uint8), 1))


def test_soft_edges_stay_and_other_pieces_go() -> None:
    page = ink_page((18, 10, 4, 20), (2, 36, 1, 1))
    page[10:30, 17] = 60
    crop = find_digit(page)
    assert crop is not None
    assert crop.box == (17, 9, 6, 22)
    assert crop.ink[1:21, 0].tolist() == [60] * 20


def test_a_page_without_ink_has_no_digit() -> None:
    assert find_digit(ink_page()) is None
    assert find_digit(ink_page((18, 10, 4, 20), level=89)) is None
    assert find_digit(ink_page((18, 10, 1, 3))) is None


def test_a_stroke_broken_in_two_is_one_digit() -> None:
    crop = find_digit(ink_page((18, 8, 4, 10), (18, 20, 4, 10)))
    assert crop is not None
    assert (crop.box, crop.rivals) == ((17, 7, 6, 24), 0)


def test_an_equal_far_away_is_a_rival_and_a_speck_is_none() -> None:
    crop = find_digit(ink_page((30, 20, 8, 40), (80, 20, 8, 40), (60, 95, 1, 1), side=100))
    assert crop is not None
    assert crop.rivals == 1
    assert crop.box[0] in (29, 79)
    alone = find_digit(ink_page((30, 20, 8, 40), (60, 95, 1, 1), side=100))
    assert alone is not None
    assert alone.rivals == 0


@pytest.mark.parametrize(("dots", "wide"), [(3, 4), (4, 11)])
def test_near_the_stroke_a_speck_is_dropped_and_a_dot_with_a_sixtieth_of_its_ink_is_not(dots: int, wide: int) -> None:
    # 240 pixels of ink: 1.5% of it are 3.6 pixels. A fortieth of the height, 60, is left free around it.
    crop = find_digit(ink_page((30, 10, 4, 60), (37, 40, dots, 1), side=80))
    assert crop is not None
    assert crop.box == (28, 8, 2 + wide + 2, 64)


def test_many_pieces_that_nothing_holds_together_are_no_digit() -> None:
    dots = [(left, top, 2, 2) for left in range(4, 96, 12) for top in range(4, 96, 12)]
    assert find_digit(ink_page(*dots, side=100)) is None


def test_pieces_touch_at_corners_too() -> None:
    mask = ink_page((1, 1, 2, 2), (3, 3, 2, 2), (8, 8, 1, 1), side=10)
    count, labels, stats = pieces_of(mask)
    assert count == 3
    assert stats[1:].tolist() == [[1, 1, 4, 4, 8], [8, 8, 1, 1, 1]]
    assert labels[1, 1] == labels[4, 4] != labels[8, 8]


def test_a_frame_around_the_page_is_dropped_for_what_is_inside() -> None:
    frame = [(0, 0, 40, 1), (0, 39, 40, 1), (0, 0, 1, 40), (39, 0, 1, 40)]
    page = ink_page(*frame, (18, 10, 4, 20))
    _, labels, stats = pieces_of(page)
    assert without_frame(stats, page.shape) == [labels[15, 19]]
    crop = find_digit(page, ruled=False)
    assert crop is not None
    assert crop.box == (17, 9, 6, 22)
    _, labels, stats = pieces_of(ink_page(*frame))
    assert without_frame(stats, page.shape) == [1]


@pytest.mark.parametrize("upright", [False, True])
def test_a_rule_goes_and_the_stroke_that_crosses_it_stays(upright: bool) -> None:
    page = ink_page((0, 50, 100, 2), (40, 20, 6, 60), side=100)
    expected = ink_page((40, 20, 6, 60), side=100)
    page, expected = (page.T, expected.T) if upright else (page, expected)
    page = np.ascontiguousarray(page)
    left = remove_rules(page, page)
    # Within a pixel of the crossing the line may stay.
    assert np.array_equal(left[expected > 0], expected[expected > 0])
    assert np.count_nonzero(left) - np.count_nonzero(expected) <= 2 * 2
    assert np.array_equal(strokes_of(page, ruled=False), page)
    assert np.array_equal(strokes_of(page, ruled=True), left)


def test_a_line_that_ends_within_the_page_is_no_rule() -> None:
    page = ink_page((0, 50, 60, 2), side=100)
    assert np.array_equal(remove_rules(page, page), page)


@pytest.mark.parametrize(
    ("rectangle", "blot"),
    [((10, 10, 12, 12), True), ((10, 10, 12, 15), True), ((10, 10, 12, 20), False), ((10, 10, 9, 9), False)],
)
def test_a_blot_is_as_wide_as_high_and_full(rectangle: tuple[int, int, int, int], blot: bool) -> None:
    assert is_blot(ink_page(rectangle)) == blot


def test_a_ring_is_no_blot() -> None:
    page = ink_page((10, 10, 20, 20))
    page[14:26, 14:26] = 0
    assert not is_blot(page)
