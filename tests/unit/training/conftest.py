"""A network that trains in a second and has everything that is hard to resume: dropout, batch norm, a schedule."""

from __future__ import annotations

from typing import Any

import pytest

from digitry.recipe import Recipe, Settings


def build(classes: int, settings: Settings) -> Any:
    from keras import Sequential, layers

    return Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(4, 3, strides=2, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(settings.dropout),
            layers.Dense(classes, activation="softmax"),
        ]
    )


@pytest.fixture
def small_recipe() -> Recipe:
    return Recipe(
        name="small",
        summary="for tests",
        source="tests",
        parameters=1_506,
        settings=Settings(
            epochs=3,
            batch_size=16,
            optimizer="adam",
            learning_rate=0.003,
            schedule="cosine",
            dropout=0.5,
            validation_fraction=0.1,
        ),
        build=build,
    )
