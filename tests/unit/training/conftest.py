"""A network that trains in a second and has everything that is hard to resume: dropout, batch norm, a schedule."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import digitry
from digitry.evaluation import calibrate, number_runs
from digitry.networks import odd_data
from digitry.recipes.base import Recipe, Settings
from digitry.training import results, tasks
from digitry.training import train as train_module
from digitry.training.check_export import check_export
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
    """`digitry.train` without a report, unless it is asked for, and with little of what else is done beside: all that
    takes longer than these trainings, and has tests of its own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(odd_data, "SAMPLE", 60)
        patch.setattr(calibrate, "PICTURES_AN_EPOCH", {"digit": 4, "number": 2})
        few_strips(patch)
        return train_with_report(recipe, *data, **{"report": False} | options)


@pytest.fixture(scope="module")
def checked_once() -> Iterator[None]:
    """Before its first training alone a network is asked whether it can be exported; what is asked has tests of its
    own.
    """
    checked: list[tuple[Any, tuple[str, ...]]] = []

    def check(plan: Recipe, class_names: tuple[str, ...]) -> None:
        if (plan.build, class_names) not in checked:
            check_export(plan, class_names)
            checked.append((plan.build, class_names))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_module, "check_export", check)
        yield


def few_strips(patch: pytest.MonkeyPatch) -> None:
    """Numbers to validate and to test with are as few as those of a small recipe."""
    patch.setattr(tasks, "VALIDATION_STRIPS", 12)
    patch.setattr(number_runs, "STRIPS", 24)
    patch.setattr(results, "TEMPERATURES", np.array([0.5, 1.0, 2.0]))


PLAIN_TORCH = "DIGITRY_TEST_PLAIN_TORCH" in os.environ
"""Set by tests/functional/test_backends.py: the same proofs again, with plain Torch as the trainer."""


SMALL = Recipe(
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


@pytest.fixture
def small_recipe() -> Recipe:
    return SMALL
