"""A picture cut close around a digit gets paper, and gives the digit that it gives with a margin."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitry.images.margin import paper_around
from digitry.images.stages import canonical_stages
from tests.unit.tiny_models import printed_digit

DIGITS = (0, 2, 3, 4, 5, 6, 7, 8, 9)
"""A printed 1 is all stroke, with nothing around it to tell it by."""


def cut(digit: int, height: int = 80, thickness: int = 9) -> NDArray[np.uint8]:
    """Light ink on black, nothing around it."""
    ink = printed_digit(digit, height, thickness, 2 * height)
    x, y, width, high = cv2.boundingRect(np.asarray(ink > 60, np.uint8))
    return ink[y : y + high, x : x + width]


def with_margin(picture: NDArray[np.uint8], paper: int) -> NDArray[np.uint8]:
    return np.pad(picture, 60, constant_values=paper)


@pytest.mark.parametrize("digit", DIGITS)
def test_paper_of_the_same_grey_lies_around_it(digit: int) -> None:
    on_black = cut(digit)
    for picture, paper in ((on_black, 0), (255 - on_black, 255), (200 - on_black // 2, 200)):
        close = paper_around(picture)
        assert close is not None
        page, margin = close
        assert margin > 20
        assert page.shape == (picture.shape[0] + 2 * margin, picture.shape[1] + 2 * margin)
        np.testing.assert_array_equal(page[margin:-margin, margin:-margin], picture)
        assert abs(int(page[0, 0]) - paper) <= 12


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize("dark", [False, True])
def test_it_gives_the_same_digit_as_with_a_margin(digit: int, dark: bool) -> None:
    picture = 255 - cut(digit) if dark else cut(digit)
    found, plain = canonical_stages(picture), canonical_stages(with_margin(picture, 255 if dark else 0))
    assert found.canonical is not None, found.reason
    assert plain.canonical is not None
    assert np.abs(found.canonical.astype(int) - plain.canonical).mean() < 6
    assert found.ink is not None
    assert found.ink.shape == picture.shape


@pytest.mark.parametrize("digit", DIGITS)
def test_its_box_is_the_whole_picture(digit: int) -> None:
    picture = cut(digit)
    x, y, width, height = canonical_stages(picture).box
    assert max(x, y, picture.shape[1] - width, picture.shape[0] - height) <= 3
    assert x + width <= picture.shape[1]
    assert y + height <= picture.shape[0]


@pytest.mark.parametrize("shape", [(20, 4), (20, 3), (24, 5)])
def test_a_slim_1_of_a_few_pixels_has_a_digit(shape: tuple[int, int]) -> None:
    stroke = np.full(shape, 255, np.uint8)
    stroke[:, [0, -1]] = 110
    stroke[[0, -1]] //= 2
    for picture in (stroke, 255 - stroke):
        assert canonical_stages(np.asarray(picture, np.uint8)).canonical is not None


def test_what_has_paper_around_it_is_left_alone() -> None:
    for digit in DIGITS:
        assert paper_around(np.pad(cut(digit), 12)) is None
        assert paper_around(255 - np.pad(cut(digit), 12)) is None


def test_a_page_of_writing_that_goes_to_its_borders_is_left_alone() -> None:
    page = np.full((400, 600), 230, np.uint8)
    for left, top in ((0, 0), (560, 0), (0, 360), (560, 360), (300, 200)):
        cv2.line(page, (left, top), (left + 39, top + 39), 40, 5)
    assert paper_around(page) is None


def test_rules_and_frames_are_no_strokes_of_a_digit() -> None:
    digit = 255 - np.pad(cut(4), 14)
    squared, lined, framed = digit.copy(), digit.copy(), digit.copy()
    squared[::16] = squared[:, ::16] = 90
    lined[:3] = lined[-3:] = 40
    framed[:3] = framed[-3:] = framed[:, :3] = framed[:, -3:] = 40
    for page in (squared, lined, framed):
        assert paper_around(page) is None


def test_a_shadow_over_a_part_of_the_picture_is_no_stroke() -> None:
    picture = 255 - np.pad(cut(3), 14)
    for shape in ("side", "corner", "round"):
        shadow = np.zeros(picture.shape, np.uint8)
        height, width = shadow.shape
        if shape == "side":
            shadow[:, : width // 2] = 1
        elif shape == "corner":
            cv2.fillConvexPoly(shadow, np.array([[0, 0], [width, 0], [0, height]], np.int32), 1)
        else:
            cv2.circle(shadow, (width, 0), width, 1, -1)
        assert paper_around(np.asarray(np.where(shadow, picture // 3, picture), np.uint8)) is None


def test_light_and_texture_are_no_ink() -> None:
    y, x = np.mgrid[0:80, 0:60]
    light = np.asarray(120 + x + y // 2, np.uint8)
    grain = np.random.default_rng(0).normal(150, 12, (80, 60)).astype(np.uint8)
    assert paper_around(light) is None
    assert paper_around(grain) is None
    assert paper_around(np.full((80, 60), 255, np.uint8)) is None
