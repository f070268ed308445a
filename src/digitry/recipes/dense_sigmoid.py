"""Two wide sigmoid layers, trained by plain gradient descent.

Source      an introductory Keras/MNIST tutorial (sigmoid network with SGD); its settings to the letter
Published   no figure
Measured    docs/results.md: five seeds, mean and spread, seconds
Command     digitry train dense-sigmoid
"""

from __future__ import annotations

from typing import Any

from digitry.recipe import Recipe, Settings


def build(classes: int, settings: Settings) -> Any:
    from keras import Sequential, layers

    return Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(512, activation="sigmoid"),
            layers.Dense(512, activation="sigmoid"),
            layers.Dense(classes, activation="softmax"),
        ],
        name="dense_sigmoid",
    )


RECIPE = Recipe(
    name="dense-sigmoid",
    summary="784 → Dense 512 sigmoid → Dense 512 sigmoid → 10 softmax",
    source="Keras/MNIST tutorial, sigmoid network with SGD",
    parameters=669_706,
    settings=Settings(epochs=20, batch_size=128, optimizer="sgd", learning_rate=0.01),
    build=build,
)
