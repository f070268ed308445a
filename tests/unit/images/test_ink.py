"""Ink on pages so small, or so plain, that the answer can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.images.ink import (
    find_ink,
    ink_intensity,
    is_dark_on_light,
    median,
    median_of_nine,
    paper_level,
    paper_window,
    pixel_noise,
    shrink,
)


def page_of(stroke: int, paper: int, *, side: int = 40, wide: int = 4) -> np.ndarray:
    """A square page with one upright stroke in the middle, half as high as the page."""
    page = np.full((side, side), paper, np.uint8)
    page[side // 4 : 3 * side // 4, side // 2 : side // 2 + wide] = stroke
    return page


def test_a_page_is_shrunk_by_the_mean_of_the_pixels_that_become_one() -> None:
    page = np.array([[0, 2, 4, 6], [2, 4, 6, 8]], np.uint8)
    small, scale = shrink(page, 2)
    assert (small.tolist(), scale) == ([[2, 6]], 2.0)
    same, scale = shrink(page, 4)
    assert same is page
    assert scale == 1.0


@pytest.mark.parametrize(("values", "middle"), [([7], 7.0), ([3, 1, 2], 2.0), ([4, 1, 3, 2], 2.5), ([5, 5, 1, 9], 5.0)])
def test_the_median_is_the_middle_one_or_the_mean_of_the_middle_two(values: list[float], middle: float) -> None:
    assert median(np.array(values, np.float32)) == middle


@pytest.mark.parametrize("width", [5, 96, 97])
def test_the_median_of_nine_takes_single_pixels_away_and_leaves_edges(width: int) -> None:
    page = np.zeros((5, width), np.uint8)
    page[2, 2] = 255
    assert not median_of_nine(page).any()
    page[:, :3] = 255
    assert np.array_equal(median_of_nine(page), page)


def test_noise_is_what_differs_from_the_mean_of_both_neighbours() -> None:
    flat, slope = np.full((10, 200), 90, np.uint8), np.tile(np.arange(200, dtype=np.uint8), (10, 1))
    assert pixel_noise(flat) == pixel_noise(slope) == 0.0
    # 0 6 0 6 …: every pixel differs by 12 from its two neighbours together; for noise of spread s that is √6 s, and its
    # median 0.6745 of it.
    comb = np.tile(np.array([0, 6], np.uint8), (10, 100))
    assert pixel_noise(comb) == pytest.approx(12 / (0.6745 * 6**0.5))
    assert pixel_noise(comb[:, :199]) == 0.0


@pytest.mark.parametrize(("stroke", "paper"), [(0, 255), (90, 140), (20, 60)])
def test_ink_is_the_minority(stroke: int, paper: int) -> None:
    assert is_dark_on_light(page_of(stroke, paper))
    assert not is_dark_on_light(page_of(paper, stroke))


def test_the_level_of_the_paper_goes_on_below_strokes_and_follows_wide_areas() -> None:
    assert np.abs(paper_level(np.full((50, 80), 70, np.uint8), 0.3) - 70).max() < 0.01
    assert np.abs(paper_level(page_of(200, 50, side=100, wide=4), 0.3) - 50).max() < 1
    page = np.full((100, 100), 50, np.uint8)
    page[30:70, 30:70] = 200
    level = paper_level(page, 0.3)
    assert np.abs(level[35:65, 35:65] - 200).max() < 5
    assert np.abs(level[:25] - 50).max() < 5
    assert np.abs(paper_level(page, 0.5) - 50).max() < 1


@pytest.mark.parametrize(("wide", "window"), [(4, 0.08), (21, 0.12), (30, 0.2), (45, 0.3), (70, 0.3)])
def test_the_window_is_one_wider_than_the_narrowest_that_leaves_the_stroke_whole(wide: int, window: float) -> None:
    page = np.full((300, 300), 30, np.uint8)
    page[20:280, 100 : 100 + wide] = 230
    assert paper_window(page, dark=False) == window


def test_on_small_pages_the_window_is_the_widest() -> None:
    assert paper_window(page_of(230, 30, side=249), dark=False) == 0.3


def test_intensity_is_full_at_the_strongest_ink_and_half_at_half_of_it() -> None:
    contrast = np.zeros((10, 10), np.float32)
    contrast[0] = 100
    contrast[0, 0] = 50
    ink = ink_intensity(contrast)
    assert ink[0].tolist() == [127] + [255] * 9
    assert not ink[1:].any()


def test_what_differs_by_twelve_grey_levels_is_no_ink() -> None:
    contrast = np.zeros((10, 10), np.float32)
    contrast[0] = 12
    assert not ink_intensity(contrast).any()
    contrast[0] = 12.5
    assert ink_intensity(contrast)[0].tolist() == [255] * 10


@pytest.mark.parametrize("even", [25, 28, 29, 30, 31, 32, 35, 90])
def test_paper_is_the_thirtieth_percentile_however_much_of_it_is_even(even: int) -> None:
    contrast = np.zeros((1, 100), np.float32)
    contrast[0, even:] = np.linspace(1, 200, 100 - even)
    fifth, level = np.quantile(contrast, (0.05, 0.3))
    noise = (level - fifth) / 1.12
    above = contrast - level
    full = np.quantile(above[above > max(5 * noise, 12)], 0.9)
    floor = min(2 * noise, 0.4 * full)
    expected = np.clip((above - floor) * 255 / (full - floor), 0, 255)
    np.testing.assert_allclose(ink_intensity(contrast), np.floor(expected), atol=1)


def test_a_drawn_page_gives_its_strokes_at_full_ink_whichever_is_dark() -> None:
    for stroke, paper in ((0, 255), (255, 0), (40, 200)):
        page = page_of(stroke, paper)
        found = find_ink(page)
        assert np.array_equal(found.ink, np.where(page == stroke, 255, 0))
        assert (found.scale, found.dark_on_light) == (1.0, stroke < paper)


def test_a_blank_page_has_no_ink_and_a_large_one_is_shrunk() -> None:
    assert not find_ink(np.full((30, 50), 240, np.uint8)).ink.any()
    found = find_ink(np.full((1000, 2500), 240, np.uint8))
    assert (found.ink.shape, found.scale) == ((400, 1000), 2.5)


def test_light_that_falls_off_is_no_ink() -> None:
    page = page_of(20, 220, side=120, wide=6).astype(np.float32)
    page *= np.linspace(1, 0.5, 120, dtype=np.float32)
    ink = find_ink(page.astype(np.uint8)).ink
    assert ink[30:90, 61:65].min() > 200
    assert ink[:, :55].max() < 60
    assert ink[:, 72:].max() < 60
