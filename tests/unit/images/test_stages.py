"""Pages as people make them: the digit comes out the same, whatever lies around it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitry.images.ink import find_ink, is_dark_on_light
from digitry.images.panel import find_panel
from digitry.images.segment import find_digit, remove_rules
from digitry.images.stages import canonical_stages, hole_count, smoothness
from tests.unit.tiny_models import printed_digit

STROKES = printed_digit(4, 170, 18, 280).astype(np.float32) / 255
PLAIN = canonical_stages(np.asarray(255 - 255 * STROKES, np.uint8))


def page(strokes: np.ndarray = STROKES, *, paper: float = 215, ink: float = 60, noise: float = 2.0) -> np.ndarray:
    """Dark ink on light paper with a little noise, float32."""
    grain = np.random.default_rng(0).normal(0, noise, strokes.shape)
    return np.asarray(paper + (ink - paper) * strokes + grain, np.float32)


def shown(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def assert_same_digit(grey: np.ndarray, most: float = 14.0) -> None:
    assert PLAIN.canonical is not None
    found = canonical_stages(grey)
    assert found.canonical is not None, found.reason
    assert np.abs(found.canonical.astype(int) - PLAIN.canonical).mean() < most


def test_both_polarities_give_the_same_digit() -> None:
    assert_same_digit(shown(page()))
    assert_same_digit(shown(255 - page()))


@pytest.mark.parametrize("thickness", [2, 10, 30, 46])
@pytest.mark.parametrize("margin", [0, 30, 200])
def test_polarity_is_told_for_thin_and_thick_strokes_on_any_margin(thickness: int, margin: int) -> None:
    strokes = printed_digit(6, 200, thickness, 300)
    x, y, width, height = cv2.boundingRect(strokes)
    grey = np.pad(strokes[y : y + height, x : x + width], margin + 3)
    assert not is_dark_on_light(grey)
    assert is_dark_on_light(255 - grey)


def test_uneven_light_and_the_soft_edge_of_a_shadow_are_no_ink() -> None:
    y, x = np.mgrid[-1:1:280j, -1:1:280j]
    assert_same_digit(shown(page() * (1 + 0.25 * x - 0.15 * y)))
    assert_same_digit(shown(page() * (1 - 0.6 / (1 + np.exp(-(x + y - 0.2) / 0.08)))))


def test_rules_and_squares_of_the_paper_are_dropped_and_crossings_kept() -> None:
    ruled = page()
    for at in range(35, 280, 48):
        ruled[at : at + 2] = np.minimum(ruled[at : at + 2], 110)
    assert_same_digit(shown(ruled))
    for at in range(35, 280, 48):
        ruled[:, at : at + 2] = np.minimum(ruled[:, at : at + 2], 110)
    assert_same_digit(shown(ruled), 18)


def test_a_digit_s_own_long_bar_is_no_rule() -> None:
    strokes = np.zeros((200, 300), np.uint8)
    strokes[150:156, 10:290] = 255
    np.testing.assert_array_equal(remove_rules(strokes, strokes), strokes)


def test_specks_are_dropped() -> None:
    specked = page()
    for x, y in np.random.default_rng(1).integers(5, 275, (25, 2)):
        if STROKES[max(0, y - 14) : y + 14, max(0, x - 14) : x + 14].max() == 0:
            specked[y : y + 2, x : x + 2] = 60
    assert_same_digit(shown(specked))


def test_broken_strokes_stay_together() -> None:
    broken = STROKES.copy()
    broken[150:158] = 0
    broken[:, 150:156] = 0
    assert_same_digit(shown(page(broken)), 20)


def test_a_dark_table_beside_the_sheet_is_no_ink() -> None:
    beside = np.pad(page(), ((0, 0), (24, 0)), constant_values=40)
    assert_same_digit(shown(beside))


def test_a_panel_within_a_picture_is_what_is_read() -> None:
    framed = np.full((480, 640), 250, np.float32)
    framed[100:380, 180:460] = 255 - page()
    x, y, width, height = find_panel(shown(framed)).box
    assert (x, y) > (175, 95)
    assert width <= 280
    assert height <= 280
    assert_same_digit(shown(framed))


def on_a_table(sheet: np.ndarray, degrees: float, table: float) -> np.ndarray:
    """A sheet (280, 280) turned on a table of this level, uint8 (440, 440)."""
    turn = cv2.getRotationMatrix2D((140, 140), degrees, 1)
    turn[:, 2] += 80
    return shown(cv2.warpAffine(sheet, turn, (440, 440), borderValue=table))


@pytest.mark.parametrize("degrees", [-15, -4, 6, 18])
@pytest.mark.parametrize("ink", [60, 185], ids=["ink", "pencil"])
def test_a_tilted_sheet_on_a_table_is_a_panel_whose_paper_goes_on_to_its_corners(degrees: float, ink: float) -> None:
    panel = find_panel(on_a_table(page(ink=ink), degrees, table=50))
    assert panel.grey.shape == (panel.box[3], panel.box[2])
    assert 260 < panel.box[2] < 440
    assert panel.grey.min() > 40 + (ink - 60)
    assert np.median(panel.grey[:6, :6]) == pytest.approx(215, abs=6)


def test_a_tilted_sheet_that_fills_the_picture_leaves_no_table_in_its_corners() -> None:
    scene = on_a_table(page(), 6, table=50)
    y, x = np.nonzero(scene > 150)
    filling = np.ascontiguousarray(scene[y.min() - 3 : y.max() + 4, x.min() - 3 : x.max() + 4])
    panel = find_panel(filling)
    assert panel.grey is not filling
    assert np.median(panel.grey[:6, :6]) == pytest.approx(215, abs=6)
    assert_same_digit(filling, 20)


def test_an_empty_sheet_is_no_panel_nor_is_what_is_tilted_too_far() -> None:
    assert find_panel(on_a_table(page(0 * STROKES), 5, table=50)).box == (0, 0, 440, 440)
    assert find_panel(on_a_table(page(), 33, table=50)).box == (0, 0, 440, 440)


def test_a_page_without_a_panel_is_read_whole() -> None:
    panel = find_panel(shown(page()))
    assert panel.box == (0, 0, 280, 280)
    np.testing.assert_array_equal(panel.grey, shown(page()))


def test_ink_is_light_on_black_and_shrunk_pages_say_by_how_much() -> None:
    found = find_ink(np.repeat(np.repeat(shown(page()), 8, 0), 8, 1))
    assert found.dark_on_light
    assert found.ink.shape == (1000, 1000)
    assert found.scale == pytest.approx(2.24)
    assert found.ink.max() == 255
    assert np.median(found.ink) == 0


def test_no_piece_is_no_digit() -> None:
    assert find_digit(np.zeros((50, 50), np.uint8)) is None
    assert canonical_stages(np.full((90, 90), 128, np.uint8)).reason is not None


def test_noise_is_rough_and_full_of_holes() -> None:
    noise = np.random.default_rng(0).integers(0, 2, (60, 60), dtype=np.uint8) * 255
    assert smoothness(noise) < 0.1
    assert hole_count(noise) > 20
    assert PLAIN.canonical is not None
    assert smoothness(PLAIN.canonical) > 0.6
    assert hole_count(printed_digit(8)) == 2


@pytest.mark.parametrize("shape", [(40, 40), (41, 200), (300, 45), (120, 90)])
def test_blocks_and_bands_of_any_kind_have_a_panel_within_the_page(shape: tuple[int, int]) -> None:
    for seed in range(200):
        rng = np.random.default_rng(seed)
        grey = np.full(shape, rng.integers(0, 256), np.uint8)
        for _ in range(rng.integers(1, 5)):
            corners = rng.uniform(-0.2, 1.2, (rng.integers(3, 5), 2)) * shape[::-1]
            cv2.fillPoly(grey, [corners.astype(np.int32)], int(rng.integers(0, 256)))
        (x, y, width, height), panel = find_panel(grey)
        assert panel.shape == (height, width)
        assert 0 <= x < x + width <= shape[1]
        assert 0 <= y < y + height <= shape[0]


@pytest.mark.parametrize("shape", [(1, 1), (5, 5), (1, 900), (900, 5), (6, 2000), (28, 28)])
def test_pages_of_any_shape_end_in_a_digit_or_a_reason(shape: tuple[int, int]) -> None:
    for seed in range(5):
        grey = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
        found = canonical_stages(grey)
        assert (found.canonical is None) == (found.reason is not None)
