"""What a reader of the tutorials writes: `cnn` in plain Keras-TensorFlow, with only the images from digitry."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray


def import_keras() -> Any:
    """Import Keras on TensorFlow, without startup messages."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    return keras


def inputs_of(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Convert uint8 (n, 28, 28) → float32 (n, 28, 28, 1), 0 to 1."""
    return images.reshape(-1, 28, 28, 1).astype("float32") / 255


def one_hot(labels: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.eye(10, dtype="float32")[labels]


def compiled_cnn() -> Any:
    keras = import_keras()
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
