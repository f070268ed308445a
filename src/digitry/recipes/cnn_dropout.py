"""Three convolutions with dropout after each max-pool.

Source      an introductory Keras/MNIST tutorial (convolutional network with dropout); its settings to the letter
Published   99.1% test
Measured    docs/results.md: five seeds, mean and spread, seconds
Command     digitry train cnn-dropout
"""

from __future__ import annotations

from typing import Any

from digitry.recipe import Recipe, Settings


def build(classes: int, settings: Settings) -> Any:
    from keras import Sequential, layers

    return Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(128, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(settings.dropout),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(settings.dropout),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ],
        name="cnn_dropout",
    )


RECIPE = Recipe(
    name="cnn-dropout",
    summary="Conv 128 → pool → drop → Conv 64 → pool → drop → Conv 64 → Dense 128 → 10 softmax; 3×3, relu",
    source="Keras/MNIST tutorial, convolutional network with dropout",
    parameters=187_146,
    settings=Settings(epochs=10, batch_size=16, optimizer="adam", learning_rate=0.001, dropout=0.5),
    build=build,
    published={"test_accuracy": 0.991},
)
