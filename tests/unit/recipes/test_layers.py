"""A trained network that looks at each image five times."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from digitry.recipes.layers import MOVES, MeanOfViews, Views  # noqa: E402 - after Keras is known to be there

IMAGES = np.random.default_rng(0).random((3, 6, 5, 1), np.float32)


def moved(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """Pixel by pixel."""
    result = np.zeros_like(image)
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            if 0 <= y - down < image.shape[0] and 0 <= x - right < image.shape[1]:
                result[y, x] = image[y - down, x - right]
    return result


def test_the_views_are_the_image_and_its_four_diagonal_neighbours() -> None:
    assert MOVES[0] == (0, 0)
    assert sorted(MOVES[1:]) == [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    expected = [moved(image, down, right) for image in IMAGES for down, right in MOVES]
    np.testing.assert_array_equal(np.asarray(Views()(IMAGES)), expected)


def test_the_answer_is_the_mean_over_an_images_own_views() -> None:
    answers = np.random.default_rng(0).random((10, 4), np.float32)
    means = np.asarray(MeanOfViews()(answers))
    np.testing.assert_allclose(means, [answers[:5].mean(0), answers[5:].mean(0)], rtol=1e-6)


def test_in_training_every_image_is_seen_once_and_as_it_is() -> None:
    np.testing.assert_array_equal(np.asarray(Views()(IMAGES, training=True)), IMAGES)
    np.testing.assert_array_equal(np.asarray(MeanOfViews()(IMAGES, training=True)), IMAGES)


def test_a_network_between_them_answers_for_as_many_images_as_it_is_given() -> None:
    layers = keras.layers
    inner = [layers.Flatten(), layers.Dense(4, activation="softmax")]
    network = keras.Sequential([layers.Input((6, 5, 1)), Views(), *inner, MeanOfViews()])
    assert network.output_shape == (None, 4)
    alone = keras.Sequential([layers.Input((6, 5, 1)), *inner])
    expected = [np.asarray(alone(np.stack([moved(image, *move) for move in MOVES]))).mean(0) for image in IMAGES]
    np.testing.assert_allclose(np.asarray(network(IMAGES)), expected, rtol=1e-5)
    np.testing.assert_allclose(network.predict(IMAGES, batch_size=2, verbose=0), expected, rtol=1e-5)
