"""Strokes, other hands and marks: what is drawn, where, and what stays as it was."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitry.images.canonical import ink_box
from digitry.synthesis.glyphs import MARKS, STYLED_SHARE, curve, mark, other_hands, stroke, written_digit
from tests.unit.written_numbers import PRINTED


def repeated(digit: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.repeat(PRINTED[digit : digit + 1], count, axis=0), np.full(count, digit)


def test_only_ones_and_sevens_get_another_hand() -> None:
    images, labels = np.repeat(PRINTED, 20, axis=0), np.repeat(np.arange(10), 20)
    changed = (other_hands(images, labels, np.random.default_rng(0)) != images).any(axis=(1, 2))
    assert set(labels[changed]) == {1, 7}


@pytest.mark.parametrize("digit", [1, 7])
def test_another_hand_only_adds_ink_and_to_the_share_it_names(digit: int) -> None:
    images, labels = repeated(digit, 4000)
    styled = other_hands(images, labels, np.random.default_rng(0))
    assert styled.dtype == np.uint8
    assert styled.shape == images.shape
    assert (styled >= images).all()
    assert (styled != images).any(axis=(1, 2)).mean() == pytest.approx(STYLED_SHARE, abs=0.06)


def test_a_flag_hangs_from_the_top_of_a_one_to_its_left_and_a_bar_crosses_the_middle_of_a_seven() -> None:
    ones, sevens = (other_hands(*repeated(digit, 200), np.random.default_rng(1)).astype(int) for digit in (1, 7))
    rows, columns = np.indices((28, 28))
    flags, bars = (ones - PRINTED[1]).sum(axis=0), (sevens - PRINTED[7]).sum(axis=0)
    # Feet are few beside flags; the stem stands in column 14.
    assert (flags * columns)[:20].sum() / flags[:20].sum() < 13
    _, top, _, tall = ink_box(PRINTED[7])
    assert 0.4 < (np.average(rows, weights=bars) - top) / tall < 0.65


def test_the_images_given_are_left_alone_and_the_generator_decides_everything() -> None:
    images, labels = repeated(1, 30)
    first, again, other = (other_hands(images, labels, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(images, repeated(1, 30)[0])
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("row", [None, 0, 27])
@pytest.mark.parametrize("digit", [1, 7])
def test_a_one_or_seven_with_hardly_any_ink_passes_unchanged(digit: int, row: int | None) -> None:
    images = np.zeros((40, 28, 28), np.uint8)
    images[:, 10:20, 14] = 100  # faint
    if row is not None:
        images[:, row, 10:18] = 255
    np.testing.assert_array_equal(other_hands(images, np.full(40, digit), np.random.default_rng(0)), images)


def test_no_digits_at_all_pass() -> None:
    assert other_hands(PRINTED[:0], np.zeros(0, np.int64), np.random.default_rng(0)).shape == (0, 28, 28)


def test_a_stroke_covers_its_points_and_never_takes_ink_away() -> None:
    ink = np.full((40, 60), 50, np.uint8)
    ink[20, 30] = 255
    stroke(ink, np.array([[10.0, 20.0], [50.0, 20.0]]), width=5, level=200)
    assert ink[20, 30] == 255
    assert (ink[20, [10, 20, 50]] >= 199).all()
    assert ink.min() == 50
    assert (ink[:10] == 50).all()


@pytest.mark.parametrize("y", [10.0, 10.25, 10.5, 10.75])
@pytest.mark.parametrize("width", [1.0, 2.0, 3.0, 5.0])
def test_a_stroke_lies_where_it_is_told_within_a_quarter_pixel(y: float, width: float) -> None:
    ink = np.zeros((21, 40), np.uint8)
    stroke(ink, np.array([[5.0, y], [35.0, y]]), width)
    column = ink[:, 20] / 255
    assert np.average(np.arange(21), weights=column) == pytest.approx(y, abs=0.25)
    assert column.sum() == pytest.approx(width, abs=0.3)


def test_a_stroke_may_leave_the_page() -> None:
    ink = np.zeros((10, 10), np.uint8)
    stroke(ink, np.array([[-50.0, 5.0], [50.0, 5.0]]), 2)
    assert (ink[5] > 0).all()


def test_a_curve_passes_through_its_points_and_a_straight_one_stays_straight() -> None:
    points = np.array([[0.0, 0.0], [3.0, 7.0], [10.0, 2.0], [4.0, 4.0]])
    np.testing.assert_allclose(curve(points, steps=4), points, atol=1e-6)
    np.testing.assert_allclose(curve(points, steps=31)[[0, 10, 20, 30]], points, atol=1e-6)
    straight = curve(np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]))
    assert straight.shape == (24, 2)
    np.testing.assert_allclose(straight[:, 1], 2 * straight[:, 0], atol=1e-9)


@pytest.mark.parametrize("height", [9.0, 15.5, 20.0, 34.0, 75.0])
@pytest.mark.parametrize("digit", [0, 4, 7])
def test_a_written_digit_is_as_high_as_told_to_a_pixel(height: float, digit: int) -> None:
    ink = written_digit(PRINTED[digit], height, slant=0.0, stretch=1.0, level=100, gain=1.0)
    assert ink.shape[0] == np.ceil(height)
    assert ink_box(ink)[3] == pytest.approx(height, abs=max(1.0, 0.06 * height))


def test_slant_leans_to_the_right_and_stretch_widens() -> None:
    plain, leaning, back, wide = (
        written_digit(PRINTED[1], 40, slant, stretch, 127, 1.0)
        for slant, stretch in ((0.0, 1.0), (0.4, 1.0), (-0.4, 1.0), (0.0, 2.0))
    )

    def lean(ink: np.ndarray) -> float:
        columns = np.arange(ink.shape[1])
        return float(np.average(columns, weights=ink[4]) - np.average(columns, weights=ink[-5]))

    assert lean(plain) == pytest.approx(0, abs=1)
    assert lean(leaning) == pytest.approx(0.4 * 31, abs=1.5)
    assert lean(back) == pytest.approx(-0.4 * 31, abs=1.5)
    assert ink_box(wide)[2] == pytest.approx(2 * ink_box(plain)[2], abs=2)


def test_a_higher_level_is_a_finer_pen_and_a_higher_gain_a_crisper_one() -> None:
    areas = [(written_digit(PRINTED[3], 50, 0, 1, level, 1.0) > 127).sum() for level in (100, 150, 200)]
    assert areas == sorted(areas, reverse=True)
    assert areas[0] > 1.2 * areas[-1]
    soft, crisp = (written_digit(PRINTED[3], 50, 0, 1, 127, gain) for gain in (0.5, 2.0))
    edges = [((ink > 30) & (ink < 225)).mean() for ink in (soft, crisp)]
    assert edges[1] < 0.7 * edges[0]


@pytest.mark.parametrize("kind", MARKS)
def test_a_mark_is_whole_on_its_patch_and_never_blank(kind: str) -> None:
    rng = np.random.default_rng(0)
    for height, width in ((15.0, 2.0), (30.0, 3.0), (70.0, 8.0)):
        for _ in range(20):
            ink, _ = mark(kind, height, width, rng)
            assert ink.dtype == np.uint8
            assert ink.max() > 127
            border = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
            assert border.max() < 32, (kind, height, width)


# From the top of the digits (0) to the line they stand on (1): the middle of the ink, and how high it is.
PLACES = {
    ".": ((0.9, 1.15), (0.05, 0.35)),
    ",": ((0.9, 1.2), (0.1, 0.5)),
    "-": ((0.4, 0.9), (0.05, 0.5)),
    "=": ((0.35, 0.95), (0.15, 0.7)),
    "*": ((0.2, 0.75), (0.3, 0.8)),
}


@pytest.mark.parametrize("kind", PLACES)
def test_a_mark_is_where_it_says_and_as_large_as_such_marks_are(kind: str) -> None:
    rng = np.random.default_rng(0)
    (low, high), (small, large) = PLACES[kind]
    for _ in range(50):
        ink, top = mark(kind, 100.0, 6.0, rng)
        _, y, _, tall = ink_box(ink)
        assert low <= top + (y + tall / 2) / 100 <= high
        assert small <= tall / 100 <= large


def test_two_lines_make_an_equals_sign_and_one_a_minus() -> None:
    rng = np.random.default_rng(0)
    for kind, lines in (("=", 2), ("-", 1)):
        found = [
            cv2.connectedComponents((mark(kind, 100.0, 3.0, rng)[0] > 127).astype(np.uint8))[0] - 1 for _ in "12345"
        ]
        assert set(found) == {lines}
