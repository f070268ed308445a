"""The network in the package that reads people's own pictures.

Source      ours: a 5×5, 5×5, 3×3 convolutional network with batch normalisation, trained on distorted MNIST images
            (rotation, shear, scale, stroke thickness, elastic, blur; flags on 1s, bars on 7s), to cover more hands
            than MNIST's, and on synthetic images without a digit, letters among them (synthesis/outliers.py), to
            learn doubt
Measured    test 99.63%, one seed; 22 minutes on two busy cores (src/digitry/models/digit.json)
Command     python -m bench shipped-model
"""

from __future__ import annotations

from typing import Any

from digitry.networks.contract import DIGIT_SHAPE
from digitry.recipes.base import Recipe, Settings


def build(classes: int, settings: Settings) -> Any:
    """Build the network for this many classes."""
    from keras import Sequential, layers

    def block(filters: int, size: int) -> list[Any]:
        # No bias, because normalisation follows.
        return [
            layers.Conv2D(filters, size, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
        ]

    return Sequential(
        [
            layers.Input(DIGIT_SHAPE),
            *block(32, 5),
            *block(48, 5),
            *block(128, 3),
            layers.Flatten(),
            layers.Dropout(settings.dropout or 0.0),
            layers.Dense(classes, activation="softmax"),
        ],
        name="reader",
    )


RECIPE = Recipe(
    name="reader",
    summary="Conv 32 5×5 → pool → Conv 48 5×5 → pool → Conv 128 3×3 → pool → 10 softmax; batch norm, relu, augmented",
    source="digitry",
    parameters=106_858,
    settings=Settings(
        epochs=24,
        batch_size=128,
        optimizer="adamw",
        learning_rate=0.004,
        schedule="cosine",
        dropout=0.3,
        augment=True,
        outlier_share=0.12,
        validation_fraction=0.1,
        validation_method="stratified",
    ),
    build=build,
)
