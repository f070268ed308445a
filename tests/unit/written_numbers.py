"""Digits to write numbers with, plain strips with known numbers, and a network for strips that trains in a second."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.images.canonical import canonical
from digitry.recipes.base import Recipe, Settings
from digitry.types import Dataset, Split
from tests.unit.tiny_models import printed_digit

PRINTED = np.stack([canonical(printed_digit(digit)) for digit in range(10)])
"""The ten digits in a plotter's hand, canonical."""


def printed_split(count: int = 20) -> Split:
    """The ten printed digits, over and over."""
    labels = np.arange(count, dtype=np.int64) % 10
    return Split(PRINTED[labels], labels)


def printed_dataset(count: int = 40) -> Dataset:
    """Printed digits to train on, and ten to test with."""
    return Dataset(
        name="printed",
        train=printed_split(count),
        test=printed_split(10),
        class_names=tuple("0123456789"),
        sha256="1" * 64,
        source="made by the tests",
    )


def plain_strips(numbers: Sequence[str], width: int) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """One strip a number, uint8 (n, 40, width), its digits side by side; and targets, int32 (n, longest number)."""
    strips = np.zeros((len(numbers), 40, width), np.uint8)
    targets = np.zeros((len(numbers), max(map(len, numbers))), np.int32)
    for strip, target, number in zip(strips, targets, numbers, strict=True):
        for place, digit in enumerate(number):
            strip[6:34, 22 * place : 22 * place + 28] |= PRINTED[int(digit)]
            target[place] = int(digit) + 1
    return strips, targets


def build_small(classes: int, settings: Settings) -> Any:
    from keras import Sequential, layers

    return Sequential(
        [
            layers.Input((40, None, 1)),
            layers.Conv2D(8, (40, 9), strides=(1, 8), padding="valid"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(settings.dropout),
            layers.Conv2D(2 * (1 + classes), 1),
            layers.Reshape((-1, 1 + classes)),
        ]
    )


SMALL_NUMBERS = Recipe(
    name="small-numbers",
    summary="for tests",
    source="tests",
    parameters=3_118,
    settings=Settings(
        epochs=2,
        batch_size=8,
        optimizer="adam",
        learning_rate=0.003,
        schedule="cosine",
        dropout=0.2,
        strips_per_epoch=44,
        validation_fraction=0.25,
    ),
    build=build_small,
    reads="number",
)
"""Everything that is hard to resume: dropout, batch norm, a schedule, a last batch that is not full."""
