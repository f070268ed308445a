"""Our own layers, for a network that looks at every image several times once it is trained.

Between `Views` and `MeanOfViews` a network answers for an image and for its four diagonal shifts by one pixel; the mean
is its answer. Test-time shifts are as old as Krizhevsky, Sutskever and Hinton's crops (2012). In training both layers
do nothing. Loads Keras: recipes import this module when they build.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

MOVES = ((0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
"""Shift of each view: pixels down, pixels to the right."""


@keras.saving.register_keras_serializable("digitry")
class Views(keras.layers.Layer):  # type: ignore[misc]
    """(n, h, w, c) → (views · n, h, w, c): an image's views follow one another; pixels shifted in at an edge are 0."""

    moves = MOVES

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the views, whose number depends on the number of images."""
        return (None, *shape[1:])

    def call(self, images: Any, training: bool = False) -> Any:
        """Replace every image by its views; in training, return the images unchanged."""
        if training:
            return images
        height, width, channels = images.shape[1:]
        padded = ops.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]])
        moved = [padded[:, 1 - down : 1 - down + height, 1 - right : 1 - right + width] for down, right in self.moves]
        return ops.reshape(ops.stack(moved, axis=1), (-1, height, width, channels))


@keras.saving.register_keras_serializable("digitry")
class MeanOfViews(keras.layers.Layer):  # type: ignore[misc]
    """(views · n, classes) → (n, classes)."""

    views = len(MOVES)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the means, whose number depends on the number of views."""
        return (None, *shape[1:])

    def call(self, probabilities: Any, training: bool = False) -> Any:
        """Average the answers for each image's views; in training, return them unchanged."""
        if training:
            return probabilities
        return ops.mean(ops.reshape(probabilities, (-1, self.views, probabilities.shape[-1])), axis=1)
