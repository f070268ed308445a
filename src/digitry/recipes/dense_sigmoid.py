"""Two wide sigmoid layers, trained by plain gradient descent.

Source      an introductory Keras/MNIST tutorial (sigmoid network with SGD); its settings to the letter
Published   no figure
Measured    docs/results.md: five seeds, mean and spread, seconds
Command     digitry train dense-sigmoid
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from digitry.networks.contract import DIGIT_SHAPE
from digitry.recipes.base import ACTIVATIONS, Recipe, Settings, setting
from digitry.types import IMAGE_PIXELS


@dataclass(frozen=True, kw_only=True)
class DenseSigmoidSettings(Settings):
    """The settings of this network."""

    units: tuple[int, ...] = setting("Units of each hidden layer.", (512, 512), least=1, most=2048, count=(1, 8))
    activation: str = setting("Activation of each hidden layer.", "sigmoid", among=ACTIVATIONS)
    dropout: float | None = setting("Share dropped after each hidden layer.", None, least=0, most=1, without=(1,))


def build(classes: int, settings: DenseSigmoidSettings) -> Any:
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
        name="dense_sigmoid",
    )


RECIPE = Recipe(
    name="dense-sigmoid",
    summary=f"{IMAGE_PIXELS} → Dense 512 sigmoid → Dense 512 sigmoid → 10 softmax",
    source="Keras/MNIST tutorial, sigmoid network with SGD",
    parameters=669_706,
    settings=DenseSigmoidSettings(epochs=20, batch_size=128, optimizer="sgd", learning_rate=0.01),
    build=build,
    space={
        "learning_rate": "log:1e-3:1",
        "optimizer": "sgd|adam",
        "units": "128|256,128|512,512",
        "activation": "sigmoid|tanh|relu",
        "batch_size": "32|64|128|256",
    },
)
