from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from digitry.datasets.raw import raw_array
from digitry.datasets.to_images import are_dark_on_light, to_images
from digitry.errors import DataError
from digitry.images.canonical import canonical
from digitry.types import Images
from tests.conftest import make_digits

IMAGES = make_digits(30).images
MEAN, DEVIATION = 0.1307, 0.3081


def images_of(array: Any, invert: bool | None = None) -> Images:
    return to_images([raw_array("x", array)], invert)[0][0]


LAYOUTS = {
    "n h w": IMAGES,
    "n h·w": IMAGES.reshape(30, 784),
    "n h w 1": IMAGES[..., None],
    "n 1 h w": IMAGES[:, None],
    "n h·w 1": IMAGES.reshape(30, 784, 1),
    "n h w 3": np.repeat(IMAGES[..., None], 3, axis=-1),
    "n 3 h w": np.repeat(IMAGES[:, None], 3, axis=1),
    "not in one piece": np.repeat(IMAGES, 2, axis=0)[::2],
    "columns first": np.asfortranarray(IMAGES),
    "nested lists": IMAGES.tolist(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_usual_layout_gives_the_same_images(layout: str) -> None:
    found = images_of(LAYOUTS[layout])
    assert found.dtype == np.uint8
    assert found.flags.c_contiguous
    assert np.array_equal(found, IMAGES)


RANGES = {
    "bytes": IMAGES,
    "whole numbers": IMAGES.astype(np.int64),
    "big-endian": IMAGES.astype(">i2"),
    "floats 0 to 255": IMAGES.astype(np.float32),
    "floats 0 to 1": IMAGES / 255,
    "half floats 0 to 1": (IMAGES / 255).astype(np.float16),
    "-1 to 1": (IMAGES / 127.5 - 1).astype(np.float32),
    "standardised as MNIST is": ((IMAGES / 255 - MEAN) / DEVIATION).astype(np.float32),
    "standardised by their own mean": (IMAGES - IMAGES.mean()) / IMAGES.std(),
    "less their mean": IMAGES / 255 - 0.25,
    "signed bytes": (IMAGES.astype(int) - 128).astype(np.int8),
    "dark on light": 255 - IMAGES,
    "dark on light, 0 to 1": 1 - IMAGES / 255,
    "dark on light, -1 to 1": 1 - IMAGES / 127.5,
    "dark on light, standardised": ((255 - IMAGES) / 255 - MEAN) / DEVIATION,
}


@pytest.mark.parametrize("values", RANGES)
def test_every_usual_range_gives_the_same_images(values: str) -> None:
    assert np.abs(images_of(RANGES[values]).astype(int) - IMAGES).max() <= 1


def test_truth_values_are_ink_and_paper() -> None:
    assert np.array_equal(images_of(IMAGES > 128), np.where(IMAGES > 128, 255, 0))


def test_a_few_images_of_a_known_range_are_not_stretched() -> None:
    faint = IMAGES // 2
    for values in (faint / 127.5 - 1, (faint / 255 - MEAN) / DEVIATION, faint / 255, faint):
        assert np.abs(images_of(values).astype(int) - faint).max() <= 1


def test_what_a_caller_holds_is_not_changed() -> None:
    for mine in (IMAGES.copy(), 255 - IMAGES):
        before = mine.copy()
        found = images_of(mine)
        found[:] = 0
        assert np.array_equal(mine, before)


def test_colours_become_grey_as_people_see_them() -> None:
    colours = np.zeros((10, 28, 28, 3), np.uint8)
    colours[:, 10:20, 10:20] = (255, 100, 0)
    assert images_of(colours)[0, 15, 15] == round(0.299 * 255 + 0.587 * 100)


@pytest.mark.parametrize("side", [8, 16, 20, 32, 64])
def test_other_sizes_are_fitted_as_pictures_are(side: int) -> None:
    rng = np.random.default_rng(0)
    drawn = np.zeros((4, side, side), np.uint8)
    for image in drawn:
        top, left = (int(n) for n in rng.integers(1, 1 + side // 8, 2))
        cv2.rectangle(image, (left, top), (left + side // 2, top + side // 2 + side // 8), 255, 1)
    wanted = np.stack([canonical(image) for image in drawn])
    assert np.array_equal(images_of(drawn), wanted)
    assert np.array_equal(images_of(drawn.reshape(4, -1) / 255), wanted)


def test_eight_by_eight_pixels_of_0_to_16_are_as_scikit_learn_has_them() -> None:
    drawn = np.zeros((3, 8, 8))
    drawn[:, 1:7, 3] = 16
    wanted = images_of((drawn * 255 / 16).astype(np.uint8))
    assert np.array_equal(images_of(drawn), wanted)
    assert np.array_equal(images_of(drawn.reshape(3, 64)), wanted)


def test_an_image_that_is_not_square_is_fitted() -> None:
    drawn = np.zeros((2, 40, 20), np.uint8)
    drawn[:, 5:35, 9:12] = 255
    assert np.array_equal(images_of(drawn)[0], canonical(drawn[0]))


def test_an_empty_image_among_others_stays_empty() -> None:
    drawn = np.zeros((2, 16, 16), np.uint8)
    drawn[1, 3:12, 7:9] = 255
    assert [bool(image.any()) for image in images_of(drawn)] == [False, True]


def test_whoever_says_what_is_ink_is_believed() -> None:
    assert np.array_equal(images_of(IMAGES, invert=True), 255 - IMAGES)
    assert np.array_equal(images_of(255 - IMAGES, invert=True), IMAGES)
    assert np.array_equal(images_of(255 - IMAGES, invert=False), 255 - IMAGES)


def test_light_edges_alone_are_no_paper() -> None:
    framed = IMAGES.copy()
    framed[:, [0, -1]] = framed[:, :, [0, -1]] = 255
    assert not are_dark_on_light(framed)
    assert are_dark_on_light(255 - IMAGES)


def test_splits_of_different_ranges_are_scaled_each_by_its_own() -> None:
    splits, _ = to_images([raw_array("x_train", IMAGES / 255), raw_array("x_test", IMAGES[:9])])
    assert np.array_equal(splits[0], IMAGES)
    assert np.array_equal(splits[1], IMAGES[:9])


def test_splits_that_were_standardised_together_are_scaled_together() -> None:
    values = (IMAGES - IMAGES.mean()) / IMAGES.std()
    test = np.minimum(values[:9], values.min() + (values.max() - values.min()) / 2)
    splits, _ = to_images([raw_array("x_train", values), raw_array("x_test", test)])
    assert np.abs(splits[1].astype(int) - np.minimum(IMAGES[:9], 128)).max() <= 1


def test_what_was_done_is_said() -> None:
    _, done = to_images([raw_array("x", np.pad(255 - IMAGES, ((0, 0), (2, 2), (2, 2)), constant_values=255))])
    assert done == "dark on light, so inverted, fitted from 32×32"


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (IMAGES[:, :3], r"x is uint8 \(30, 3, 28\), expected images \(n, h, w\)"),
        (IMAGES[0], r"\(28, 28\), expected images"),
        (np.zeros((5, 785)), r"\(5, 785\), expected images"),
        (np.zeros((2, 300, 300)), "4 to 256 pixels each way.* give larger ones as pictures"),
        (np.zeros((2, 28, 28, 4)), "expected images"),
        (np.zeros(20), "expected images"),
        (IMAGES.astype(np.int32) * 2, "expected 0 to 255, or 0 to 1; .* x = x / 510"),
        (np.where(IMAGES > 128, np.nan, 0.5), "NaN or infinity"),
        (np.where(IMAGES > 128, np.inf, 0.5), "NaN or infinity"),
        ((IMAGES > 128).astype(np.uint8), r"no value above 1; .* multiply them by 255 \(x = x \* 255\)"),
        (IMAGES // 16, r"values from 0 to 15, .* x = x \* \(255 / 15\) if it is 15"),
        (IMAGES / 100, r"values from 0 to 2\.55, .* say what full ink is"),
        (np.zeros((5, 28, 28)), "nothing but the value 0: every image is blank"),
        (np.full((5, 28, 28), 7), "nothing but the value 7"),
        (IMAGES.astype(np.complex64), "expected numbers or texts"),
        (IMAGES.astype(str), "expected the numbers of images"),
        (IMAGES[:0], "x is empty"),
        ([[1, 2], [3]], r"x, a list, cannot become one array .* numpy\.asarray\(x\)"),
    ],
)
def test_what_could_mean_two_things_is_refused_with_the_line_that_decides(array: Any, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        images_of(array)


def test_values_standardised_pixel_by_pixel_are_refused() -> None:
    rng = np.random.default_rng(0)
    columns = IMAGES.reshape(30, -1) + rng.normal(0, 1, (30, 784))
    scaled = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    with pytest.raises(DataError, match="standardised pixel by pixel"):
        images_of(scaled)


def test_splits_of_different_polarity_are_refused() -> None:
    with pytest.raises(DataError, match="x_train looks light on dark and x_test dark on light"):
        to_images([raw_array("x_train", IMAGES), raw_array("x_test", 255 - IMAGES)])


class OnAnotherDevice:
    def __array__(self, dtype: object = None, copy: object = None) -> None:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


def test_a_tensor_that_numpy_cannot_read_is_refused_with_what_helps() -> None:
    with pytest.raises(DataError, match=r"can't convert cuda.* x\.detach\(\)\.cpu\(\)\.numpy\(\)"):
        images_of(OnAnotherDevice())
