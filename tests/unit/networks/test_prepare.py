"""What the contract says of its input is what the network gets."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from digitry.networks.contract import DARK, STRIP_SHAPE, Contract
from digitry.networks.prepare import prepare, resizing
from tests.conftest import CANONICAL, make_digits

IMAGES = make_digits(20).images


def square(side: int) -> Contract:
    return replace(CANONICAL, input_shape=(side, side, 1))


def test_canonical_digits_are_scaled_and_get_a_channel() -> None:
    prepared = prepare(IMAGES, CANONICAL)
    assert (prepared.shape, prepared.dtype) == ((20, 28, 28, 1), np.float32)
    np.testing.assert_array_equal(prepared[..., 0], IMAGES * np.float32(1 / 255))


def test_the_scale_is_the_contract_s() -> None:
    prepared = prepare(IMAGES, replace(CANONICAL, scale=0.5))
    np.testing.assert_array_equal(prepared[..., 0], IMAGES * np.float32(0.5))


def test_dark_ink_on_light_is_the_same_image_with_its_levels_turned_round() -> None:
    dark = prepare(IMAGES, replace(CANONICAL, polarity=DARK))
    np.testing.assert_allclose(dark, 1 - prepare(IMAGES, CANONICAL), atol=1e-6)


@pytest.mark.parametrize("side", [32, 56, 128])
def test_a_larger_side_is_resized_linearly(side: int) -> None:
    expected = [cv2.resize(image.astype(np.float32), (side, side)) / 255 for image in IMAGES]
    np.testing.assert_allclose(prepare(IMAGES, square(side))[..., 0], expected, atol=1e-3)


@pytest.mark.parametrize("side", [14, 20, 26])
def test_a_smaller_side_keeps_all_of_the_ink(side: int) -> None:
    small = prepare(IMAGES, square(side))
    assert small.shape == (20, side, side, 1)
    np.testing.assert_allclose(small.mean(axis=(1, 2, 3)), IMAGES.mean(axis=(1, 2)) / 255, rtol=0.03)


@pytest.mark.parametrize("side", [8, 28, 31, 128])
def test_paper_and_full_ink_stay_what_they_are(side: int) -> None:
    np.testing.assert_allclose(resizing(side).sum(axis=1), 1, atol=1e-6)


def test_strips_keep_their_size_and_obey_scale_and_polarity() -> None:
    contract = Contract("any", tuple("01"), input_shape=STRIP_SHAPE, reads="number", polarity=DARK, scale=1.0)
    strips = np.full((2, 40, 72), 55, np.uint8)
    np.testing.assert_array_equal(prepare(strips, contract), np.full((2, 40, 72, 1), 200, np.float32))


@pytest.mark.parametrize("images", [IMAGES[0], IMAGES.astype(np.float32)])
def test_what_is_no_stack_of_bytes_is_refused(images: np.ndarray) -> None:
    with pytest.raises(ValueError, match="must be uint8"):
        prepare(images, CANONICAL)
