"""Ink strips: digits come out as high as they should be, beyond the page is paper, and places come back."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.images.strip import DIGIT_HEIGHT, MAX_WIDTH, STRIP_HEIGHT, WIDTH_STEP, cut_strip, resize_strip
from tests.unit.images.written import tight_box, write


@pytest.mark.parametrize("height", [8, 15, 23, 40, 90, 300])
def test_digits_of_any_height_become_as_high_as_a_strip_s_digits(height: int) -> None:
    page = np.zeros((3 * height, 6 * height), np.uint8)
    write(page, "38", height, height, height)
    strip = cut_strip(page, 0.5 * height, 1.5 * height, 4 * height, height / DIGIT_HEIGHT)
    assert strip.ink.shape[0] == STRIP_HEIGHT
    _, top, _, tall = tight_box(strip.ink)
    assert abs(tall - DIGIT_HEIGHT) <= 2
    assert abs(top + tall / 2 - STRIP_HEIGHT / 2) <= 1.5


@pytest.mark.parametrize("squeeze", [0.7, 1.0, 1.2])
@pytest.mark.parametrize("scale", [0.5, 1.0, 1.7, 6.0])
def test_a_place_on_the_strip_comes_back_to_its_place_on_the_page(scale: float, squeeze: float) -> None:
    page = np.zeros((400, 900), np.uint8)
    page[168:178, 500:520] = 255
    strip = cut_strip(page, 420.3, 173.2, 611.9, scale, squeeze)
    x, y, width, height = tight_box(strip.ink)
    assert abs(strip.left + (x + width / 2) * strip.column_scale - 510) <= max(1, strip.column_scale)
    assert abs(strip.top + (y + height / 2) * strip.scale - 173) <= max(1, scale)


def test_at_its_own_size_a_strip_is_the_page_and_paper_beyond_it() -> None:
    page = np.random.default_rng(0).integers(1, 256, (20, 30), dtype=np.uint8)
    strip = cut_strip(page, -5, 10, 39, 1.0)
    assert (strip.left, strip.top, strip.scale) == (-5, -10, 1.0)
    assert strip.ink.shape == (40, 44)
    np.testing.assert_array_equal(strip.ink[10:30, 5:35], page)
    assert np.count_nonzero(strip.ink) == page.size


def test_a_band_next_to_the_page_is_paper() -> None:
    page = np.full((50, 50), 255, np.uint8)
    for left, middle in ((-200.0, 25.0), (60.0, 25.0), (10.0, 400.0), (10.0, -400.0)):
        assert not cut_strip(page, left, middle, left + 40, 1.0).ink.any()


@pytest.mark.parametrize("right", [0.2, 1, 3, 4, 5, 39, 40, 41, 1001])
def test_widths_are_whole_steps_and_hold_all_that_was_asked_for(right: float) -> None:
    width = cut_strip(np.zeros((50, 50), np.uint8), 0, 25, right, 1.0).ink.shape[1]
    assert width % WIDTH_STEP == 0
    assert right <= width < right + WIDTH_STEP


def test_lines_that_are_too_long_are_squeezed_as_a_whole() -> None:
    page = np.zeros((40, 12_000), np.uint8)
    page[10:30, 11_900:11_980] = 255
    strip = cut_strip(page, 0, 20, 12_000, 0.5)
    assert strip.ink.shape[1] <= MAX_WIDTH
    assert strip.scale == pytest.approx(12_000 / MAX_WIDTH)
    x, _, width, _ = tight_box(strip.ink)
    assert abs((x + width / 2) * strip.scale - 11_940) < 6


def test_shrinking_averages_and_enlarging_stays_smooth() -> None:
    checked = np.indices((80, 80)).sum(axis=0) % 2 * 200
    assert (resize_strip(checked.astype(np.uint8), 40) == 100).all()
    enlarged = resize_strip(np.array([[0], [200]], np.uint8), 4)
    assert enlarged.shape == (STRIP_HEIGHT, 4)
    assert len(np.unique(enlarged)) > 10
