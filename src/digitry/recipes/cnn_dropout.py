"""Three convolutions with dropout after each max-pool.

Source      an introductory Keras/MNIST tutorial (convolutional network with dropout); its settings to the letter
Published   99.1% test
Measured    docs/results.md: five seeds, mean and spread, seconds
Command     digitry train cnn-dropout
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from digitry.networks.contract import DIGIT_SHAPE
from digitry.recipes.base import ACTIVATIONS, Recipe, Settings, setting


@dataclass(frozen=True, kw_only=True)
class CnnDropoutSettings(Settings):
    """The settings of this network."""

    filters: tuple[int, ...] = setting(
        "Filters of each convolution; max-pools lie between them.", (128, 64, 64), least=1, most=256, count=(1, 6)
    )
    kernel: int = setting("Height and width of each convolution, in pixels.", 3, least=1, most=7)
    units: tuple[int, ...] = setting("Units of each dense layer.", (128,), least=1, most=1024, count=(0, 4))
    activation: str = setting("Activation of convolutions and dense layers.", "relu", among=ACTIVATIONS)
    dropout: float | None = setting("Share dropped after each max-pool.", 0.5, least=0, most=1, without=(1,))


def build(classes: int, settings: CnnDropoutSettings) -> Any:
    """Build the network for this many classes."""
    from keras import Sequential, layers

    def convolution(filters: int) -> Any:
        return layers.Conv2D(filters, settings.kernel, activation=settings.activation)

    def pooled() -> list[Any]:
        dropped = [] if settings.dropout is None else [layers.Dropout(settings.dropout)]
        return [layers.MaxPooling2D(2), *dropped]

    first, *others = settings.filters
    return Sequential(
        [
            layers.Input(DIGIT_SHAPE),
            convolution(first),
            *(layer for filters in others for layer in [*pooled(), convolution(filters)]),
            layers.Flatten(),
            *(layers.Dense(units, activation=settings.activation) for units in settings.units),
            layers.Dense(classes, activation="softmax"),
        ],
        name="cnn_dropout",
    )


RECIPE = Recipe(
    name="cnn-dropout",
    summary="Conv 128 → pool → drop → Conv 64 → pool → drop → Conv 64 → Dense 128 → 10 softmax; 3×3, relu",
    source="Keras/MNIST tutorial, convolutional network with dropout",
    parameters=187_146,
    settings=CnnDropoutSettings(epochs=10, batch_size=16, optimizer="adam", learning_rate=0.001),
    build=build,
    space={
        "learning_rate": "log:1e-4:6e-3",
        "dropout": "0.1|0.25|0.4|0.5",
        "batch_size": "16|32|64|128",
        "schedule": "constant|cosine",
    },
    published={"test_accuracy": 0.991},
)
