"""99% in seconds: a strided stem, two small convolutions, one epoch.

Source      ours; the strided stem, the high one-cycle learning rate and label smoothing come from those who train
            CIFAR-10 in seconds on a GPU (Jordan's airbench, 2024, and Page's "How to train your ResNet", 2018)
Measured    docs/benchmarks.md
Command     digitry train quick
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from digitry.networks.contract import DIGIT_SHAPE
from digitry.recipes.base import Recipe, Settings, setting


@dataclass(frozen=True, kw_only=True)
class QuickSettings(Settings):
    """The settings of this network."""

    filters: tuple[int, ...] = setting(
        "Filters of the three convolutions.", (16, 32, 64), least=1, most=256, count=(3, 3)
    )


def build(classes: int, settings: QuickSettings) -> Any:
    """Build the network for this many classes."""
    from keras import Sequential, layers

    def convolution(filters: int, size: int, stride: int = 1) -> Any:
        # No bias, because normalisation follows. No padding, because the border of a digit is paper.
        return layers.Conv2D(filters, size, stride, use_bias=False)

    def normalised() -> list[Any]:
        # One epoch has 235 steps, so the running means must average only the last ten or twenty.
        return [layers.BatchNormalization(momentum=0.9, epsilon=1e-5), layers.ReLU()]

    return Sequential(
        [
            layers.Input(DIGIT_SHAPE),
            convolution(settings.filters[0], 5, stride=2),
            *normalised(),
            convolution(settings.filters[1], 3),
            # Pooled before the normalisation, which then has only a quarter of the values.
            layers.MaxPooling2D(2),
            *normalised(),
            convolution(settings.filters[2], 3),
            *normalised(),
            layers.Flatten(),
            layers.Dense(classes, activation="softmax"),
        ],
        name="quick",
    )


RECIPE = Recipe(
    name="quick",
    summary="Conv 16 5×5 stride 2 → Conv 32 → pool → Conv 64 → 10 softmax; 3×3, batch norm, relu, one epoch",
    source="digitry",
    parameters=29_658,
    settings=QuickSettings(
        epochs=1,
        batch_size=256,
        optimizer="adamw",
        learning_rate=0.05,
        schedule="one-cycle",
        weight_decay=0.1,
        beta_2=0.95,
        label_smoothing=0.1,
        precision="bfloat16",
    ),
    plain_torch=True,
    build=build,
    space={
        "learning_rate": "log:0.01:0.2",
        "weight_decay": "log:0.01:0.5",
        "batch_size": "128|256|512",
        "label_smoothing": "0.0|0.05|0.1|0.2",
    },
)
