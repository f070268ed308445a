"""Saliency: drops of log-probability with answers by hand."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.types import Images, Probabilities
from digitry.visualization.saliency import erased, saliency
from digitry.visualization.words import article, place_name


def image_with(*dots: tuple[int, int]) -> np.ndarray:
    image = np.zeros((28, 28), np.uint8)
    for row, column in dots:
        image[row, column] = 255
    return image


def dot_reader(images: Images) -> Probabilities:
    """Class 0 has 0.8 with the dot at (10, 12), 0.2 without; of the rest class 1 has half with the dot at (20, 20)."""
    dot, other = images[:, 10, 12] > 0, images[:, 20, 20] > 0
    first = np.where(dot, 0.8, 0.2)
    second = (1 - first) * np.where(other, 0.5, 0.75)
    return np.stack([first, second, 1 - first - second], axis=1).astype(np.float32)


def test_the_drop_is_the_change_of_the_logarithm_around_the_one_dot_that_counts() -> None:
    found = saliency(dot_reader, image_with((10, 12), (20, 20)))
    assert (found.answer, found.runner_up) == (0, 1)
    expected = np.zeros((28, 28), np.float32)
    expected[8:13, 10:15] = np.log(0.8 / 0.2)
    np.testing.assert_allclose(found.answer_drop, expected, atol=1e-6)
    # The margin: ln 0.8 − ln 0.1 whole, ln 0.2 − ln 0.4 without the first dot, ln 0.8 − ln 0.15 without the second.
    expected[8:13, 10:15] = np.log(8) - np.log(0.5)
    expected[18:23, 18:23] = np.log(8) - np.log(0.8 / 0.15)
    np.testing.assert_allclose(found.margin_drop, expected, atol=1e-5)


def test_the_patch_that_changes_the_answer_is_named_with_the_new_answer() -> None:
    found = saliency(dot_reader, image_with((10, 12), (20, 20)))
    assert found.flips
    assert found.decisive.answer in (1, 2)
    assert found.decisive.probability == pytest.approx(0.4)
    assert found.left_probability == pytest.approx(0.2)
    assert (found.decisive.row, found.decisive.column) == (8, 10)


def test_ink_that_speaks_against_the_answer_is_negative() -> None:
    def reader(images: Images) -> Probabilities:
        first = np.where(images[:, 5, 5] > 0, 0.6, 0.9)
        return np.stack([first, 1 - first], axis=1).astype(np.float32)

    found = saliency(reader, image_with((5, 5)))
    assert found.answer_drop.min() == pytest.approx(np.log(0.6 / 0.9))
    assert not found.flips
    assert found.highest.probability == pytest.approx(0.9)


def test_a_blank_image_has_nothing_to_erase() -> None:
    found = saliency(dot_reader, np.zeros((28, 28), np.uint8))
    assert not found.answer_drop.any()
    assert not found.flips


def test_patches_are_cut_off_at_the_border_and_empty_ones_left_out() -> None:
    places, images = erased(image_with((0, 0)))
    assert places.tolist() == [[row, column] for row in range(3) for column in range(3)]
    assert not images.any()
    assert erased(np.full((28, 28), 9, np.uint8))[1].shape == (784, 28, 28)


def test_places_have_names_within_the_ink() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 8:20] = 255
    found = saliency(dot_reader, image)
    names = {
        (6, 9): "at the top left",
        (6, 14): "at the top",
        (14, 14): "in the middle",
        (14, 19): "at the right",
        (23, 14): "at the bottom",
    }
    for (row, column), name in names.items():
        patch = type(found.decisive)(row, column, 0, 0.5)
        assert place_name(image, patch) == name


def test_names_get_their_article() -> None:
    assert [article(name) for name in ("7", "8", "11", "coat")] == ["a 7", "an 8", "an 11", "coat"]
