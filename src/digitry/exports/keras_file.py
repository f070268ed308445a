"""Keras network → one `.keras` file, for further use in Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError
from digitry.exports.parity import ExportFormat, answers_of_keras
from digitry.networks.contract import Contract
from digitry.types import Images


def _write(model: Any, contract: Contract, path: Path, sample: Images) -> None:
    _without_own_layers(model).save(path)


def _without_own_layers(model: Any) -> Any:
    """Return the network in Keras' built-in layers, so that plain Keras can load it."""
    from keras import Input, Model, Sequential, layers

    if type(model.layers[0]).__name__ != "Views":
        return model
    first, *inner, _ = model.layers
    network, images = Sequential(inner, name=model.name), Input(model.input_shape[1:], name="images")
    padded = layers.ZeroPadding2D(1)(images)
    views = [layers.Cropping2D(((1 - down, 1 + down), (1 - right, 1 + right)))(padded) for down, right in first.moves]
    return Model(images, layers.Average(name="probabilities")([network(view) for view in views]), name=model.name)


def _answers(path: Path, contract: Contract, images: Images) -> NDArray[np.float32]:
    import keras

    try:
        network = keras.saving.load_model(path, compile=False)
    except TypeError as error:
        raise ModelError(
            "Keras would not find the network's own activations and layers again; put "
            "@keras.saving.register_keras_serializable() before each of them"
        ) from error
    return answers_of_keras(network, contract, images)


FORMAT = ExportFormat("keras", "Keras file", ".keras", _write, _answers, gives_logits=True)
