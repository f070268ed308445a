"""Two small ReLU layers.

Source      an introductory Keras/MNIST tutorial (dense network with Adam); its settings to the letter
Published   97.88% train, above 96% test
Measured    docs/results.md: five seeds, mean and spread, seconds
Command     digitry train dense-relu
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from digitry.networks.contract import DIGIT_SHAPE
from digitry.recipes.base import ACTIVATIONS, Recipe, Settings, setting
from digitry.types import IMAGE_PIXELS


@dataclass(frozen=True, kw_only=True)
class DenseReluSettings(Settings):
    """The settings of this network."""

    units: tuple[int, ...] = setting("Units of each hidden layer.", (32, 64), least=1, most=2048, count=(1, 8))
    activation: str = setting("Activation of each hidden layer.", "relu", among=ACTIVATIONS)
    dropout: float | None = setting("Share dropped after each hidden layer.", None, least=0, most=1, without=(1,))


def build(classes: int, settings: DenseReluSettings) -> Any:
    """Build the network for this many classes."""
    from keras import Sequential, layers

    def hidden(units: int) -> list[Any]:
        dropped = [] if settings.dropout is None else [layers.Dropout(settings.dropout)]
        return [layers.Dense(units, activation=settings.activation), *dropped]

    return Sequential(
        [
            layers.Input(DIGIT_SHAPE),
            layers.Flatten(),
            *(layer for units in settings.units for layer in hidden(units)),
            layers.Dense(classes, activation="softmax"),
        ],
        name="dense_relu",
    )


RECIPE = Recipe(
    name="dense-relu",
    summary=f"{IMAGE_PIXELS} → Dense 32 relu → Dense 64 relu → 10 softmax",
    source="Keras/MNIST tutorial, dense network with Adam",
    parameters=27_882,
    settings=DenseReluSettings(epochs=10, batch_size=100, optimizer="adam", learning_rate=0.001),
    build=build,
    space={
        "learning_rate": "log:3e-4:1e-2",
        "units": "32,64|64,64|128|128,64|256|256,128|512|512,256",
        "dropout": "none|0.1|0.2|0.3|0.5",
        "batch_size": "32|64|100|128|256",
        "schedule": "constant|cosine",
    },
    published={"train_accuracy": 0.9788, "test_accuracy_above": 0.96},
)
