"""Corruptions: each changes the digits as it says, the same way every time."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.evaluation.hard_pictures import corruptions
from digitry.types import Split


@pytest.mark.parametrize("name", list(corruptions.CORRUPTIONS))
def test_every_corruption_changes_the_digits_and_repeats_itself(digits: Split, name: str) -> None:
    changed = corruptions.corrupt(digits.images, name)
    assert changed.shape == digits.images.shape
    assert changed.dtype == np.uint8
    assert (changed != digits.images).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(changed, corruptions.corrupt(digits.images, name))


def test_a_corruption_that_there_is_not_is_no_other() -> None:
    with pytest.raises(KeyError):
        corruptions.corrupt(np.zeros((1, 28, 28), np.uint8), "no such corruption")


def test_a_moved_digit_is_three_pixels_off_in_both_directions() -> None:
    image = np.zeros((20, 28, 28), np.uint8)
    image[:, 14, 14] = 255
    moved = {tuple(np.argwhere(one)[0]) for one in corruptions.corrupt(image, "translate")}
    assert moved == {(11, 11), (11, 17), (17, 11), (17, 17)}


def test_scaling_keeps_the_middle_and_shrinks_to_seven_tenths() -> None:
    image = np.zeros((1, 28, 28), np.uint8)
    image[:, 4:24, 4:24] = 255
    rows, columns = np.nonzero(corruptions.corrupt(image, "scale")[0] > 127)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (7, 20, 7, 20)


def test_stripes_swap_black_and_white_in_the_outer_quarters() -> None:
    striped = corruptions.corrupt(np.zeros((1, 28, 28), np.uint8), "stripe")[0]
    assert (striped[:, :7] == 255).all()
    assert (striped[:, 21:] == 255).all()
    assert (striped[:, 7:21] == 0).all()


def test_brightness_adds_half_and_stops_at_white() -> None:
    image = np.full((1, 28, 28), 100, np.uint8)
    image[0, 0, 0] = 255
    bright = corruptions.corrupt(image, "brightness")[0]
    assert bright[5, 5] in (227, 228)
    assert bright[0, 0] == 255


def test_impulse_noise_hits_about_a_sixth_of_the_pixels() -> None:
    grey = np.full((100, 28, 28), 100, np.uint8)
    noisy = corruptions.corrupt(grey, "impulse noise")
    assert set(np.unique(noisy)) == {0, 100, 255}
    assert (noisy != 100).mean() == pytest.approx(0.17, abs=0.01)


def test_a_dotted_line_goes_across_and_leaves_every_second_pair_of_columns() -> None:
    lines = corruptions.corrupt(np.zeros((20, 28, 28), np.uint8), "dotted line").max(axis=1)
    assert (lines[:, 0::4] == 0).all()
    assert (lines[:, 1::4] == 0).all()
    # The line is full at its middle, and no column is more than half a pixel from it.
    assert (lines[:, 2:24:4] > 180).all()


def test_glass_blur_moves_ink_but_makes_none() -> None:
    image = np.zeros((5, 28, 28), np.uint8)
    image[:, 10:18, 10:18] = 255
    changed = corruptions.corrupt(image, "glass blur").astype(float)
    np.testing.assert_allclose(changed.sum(axis=(1, 2)), image.astype(float).sum(axis=(1, 2)), rtol=0.02)
