"""99.4% with fewer than 8,000 parameters: a wider `tiny`.

Source      ours; depthwise-separable convolutions are MobileNet's (Howard et al., 2017), here without a normalisation
            between the two, which would cost more parameters than it gains
Measured    docs/results.md
Command     digitry train small
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from digitry.networks.contract import DIGIT_SHAPE
from digitry.recipes.base import Recipe, Settings, setting


@dataclass(frozen=True, kw_only=True)
class SmallSettings(Settings):
    """The settings of this network."""

    filters: tuple[int, ...] = setting(
        "Filters of the five convolutions, the first one whole.",
        (12, 20, 32, 40, 48),
        least=1,
        most=256,
        count=(5, 5),
    )


def build(classes: int, settings: SmallSettings) -> Any:
    """Build the network for this many classes."""
    from keras import Sequential, layers

    def normalised() -> list[Any]:
        return [layers.BatchNormalization(momentum=0.9, epsilon=1e-5), layers.ReLU()]

    def separable(filters: int) -> list[Any]:
        # A 3×3 convolution of each channel, then one across channels at each pixel.
        return [
            layers.DepthwiseConv2D(3, use_bias=False),
            layers.Conv2D(filters, 1, use_bias=False),
        ]

    return Sequential(
        [
            layers.Input(DIGIT_SHAPE),
            layers.Conv2D(settings.filters[0], 3, use_bias=False),
            *normalised(),
            *separable(settings.filters[1]),
            layers.MaxPooling2D(2),
            *normalised(),
            *separable(settings.filters[2]),
            *normalised(),
            *separable(settings.filters[3]),
            *normalised(),
            *separable(settings.filters[4]),
            *normalised(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(classes, activation="softmax"),
        ],
        name="small",
    )


RECIPE = Recipe(
    name="small",
    summary="Conv 12 3×3 → separable 20 → pool → separable 32, 40, 48 → mean → 10 softmax; 3×3, batch norm, relu",
    source="digitry",
    parameters=6_222,
    settings=SmallSettings(
        epochs=30,
        batch_size=128,
        optimizer="adamw",
        learning_rate=0.06,
        schedule="one-cycle",
        weight_decay=0.01,
        beta_2=0.95,
    ),
    plain_torch=True,
    build=build,
    space={
        "learning_rate": "log:0.01:0.2",
        "weight_decay": "log:0.001:0.1",
        "batch_size": "64|128|256",
        "label_smoothing": "0.0|0.05|0.1|0.2",
    },
)
