"""A network that trains in a second and has everything that is hard to resume: dropout, batch norm, a schedule."""

from __future__ import annotations

import os
from typing import Any

import pytest

import digitry
from digitry.recipes.base import Recipe, Settings
from digitry.training.train import train as train_with_report


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


def train(recipe: str | Recipe, *data: Any, **options: Any) -> digitry.Run:
    """`digitry.train` without a report, unless it is asked for: plots take longer than these trainings."""
    return train_with_report(recipe, *data, **{"report": False} | options)


PLAIN_TORCH = "DIGITRY_TEST_PLAIN_TORCH" in os.environ
"""Set by tests/functional/test_backends.py: the same proofs again, with plain Torch as the trainer."""


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
            optimizer="adamw" if PLAIN_TORCH else "adam",
            learning_rate=0.003,
            schedule="one-cycle" if PLAIN_TORCH else "cosine",
            weight_decay=0.1 if PLAIN_TORCH else None,
            label_smoothing=0.1 if PLAIN_TORCH else 0.0,
            precision="bfloat16" if PLAIN_TORCH else "float32",
            dropout=0.5,
            validation_fraction=0.1,
        ),
        plain_torch=PLAIN_TORCH,
        build=build,
    )
