"""Two small ReLU layers.

Source      an introductory Keras/MNIST tutorial (dense network with Adam); its settings to the letter
Published   97.88% train, above 96% test
Measured    docs/results.md: five seeds, mean and spread, seconds
Command     digitry train dense-relu
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
            layers.Dense(32, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ],
        name="dense_relu",
    )


RECIPE = Recipe(
    name="dense-relu",
    summary="784 → Dense 32 relu → Dense 64 relu → 10 softmax",
    source="Keras/MNIST tutorial, dense network with Adam",
    parameters=27_882,
    settings=Settings(epochs=10, batch_size=100, optimizer="adam", learning_rate=0.001),
    build=build,
    published={"train_accuracy": 0.9788, "test_accuracy_above": 0.96},
)
