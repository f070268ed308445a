"""An exported file gives its weights back, byte for byte, to a network of its recipe and to no other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from digitry import recipes
from digitry.artifact import bundle
from digitry.artifact.from_onnx import restore_weights
from digitry.artifact.onnx import to_onnx
from digitry.contract import Contract
from digitry.errors import ModelError
from tests.conftest import make_digits
from tests.unit.tiny_models import template_model_bytes

IMAGES = make_digits(20).images


def exported(model: Any, recipe: str = "cnn", classes: int = 10) -> bytes:
    return to_onnx(model, Contract(recipe, tuple("0123456789abc"[:classes])))


def changed(data: bytes, position: int, value: float) -> bytes:
    """The file with one number of its `position`-th array set to `value`."""
    import onnx
    from onnx import numpy_helper

    proto = onnx.load_model_from_string(data)
    tensor = proto.graph.initializer[position]
    array = numpy_helper.to_array(tensor).copy()
    array.flat[0] = value
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    return bytes(proto.SerializeToString())


@pytest.mark.parametrize("name", [name for name in recipes.names() if recipes.get(name).reads == "digit"])
def test_every_recipe_gets_its_weights_back_byte_for_byte(name: str) -> None:
    first, second = recipes.get(name).build_model(), recipes.get(name).build_model()
    rng = np.random.default_rng(0)
    # Small kernels, and variances above zero.
    limits = {True: (-0.05, 0.05), False: (0.5, 1.5)}
    first.set_weights([rng.uniform(*limits[w.ndim > 1], w.shape).astype(w.dtype) for w in first.get_weights()])
    before = bundle.weights_of(first)
    restore_weights(second, exported(first, name), IMAGES)
    for place, array in bundle.weights_of(second).items():
        assert array.tobytes() == before[place].tobytes(), place


def test_a_file_of_another_network_or_class_count_is_refused() -> None:
    cnn = recipes.get("cnn")
    for data in (exported(recipes.get("dense-relu").build_model()), template_model_bytes()):
        with pytest.raises(ModelError, match="does not hold exactly the weights that this recipe has"):
            restore_weights(cnn.build_model(), data, IMAGES)
    with pytest.raises(ModelError, match="the file knows 9 classes, the network 10"):
        restore_weights(cnn.build_model(), exported(cnn.build_model(9), classes=9), IMAGES)


def test_weights_that_are_no_numbers_are_refused() -> None:
    model = recipes.get("dense-relu").build_model()
    data = exported(model)
    with pytest.raises(ModelError, match=r"not finite numbers|not probabilities"):
        restore_weights(model, changed(data, 0, float("nan")), IMAGES)


def test_the_same_shapes_with_another_graph_are_refused() -> None:
    import keras

    def network(activation: str) -> Any:
        layers = keras.layers
        model = keras.Sequential(
            [
                layers.Input((28, 28, 1)),
                layers.Flatten(),
                layers.Dense(8, activation=activation),
                layers.Dense(10, activation="softmax"),
            ]
        )
        rng = np.random.default_rng(0)
        model.set_weights([rng.normal(0, 1, w.shape).astype(w.dtype) for w in model.get_weights()])
        return model

    with pytest.raises(ModelError, match="answers otherwise than this recipe does"):
        restore_weights(network("relu"), exported(network("tanh")), IMAGES)


def test_a_file_made_with_other_fixed_numbers_is_refused() -> None:
    import keras

    def network(*, scale: bool) -> Any:
        layers = keras.layers
        return keras.Sequential(
            [
                layers.Input((28, 28, 1)),
                layers.BatchNormalization(scale=scale),
                layers.Flatten(),
                layers.Dense(10, activation="softmax"),
            ]
        )

    scaled = network(scale=True)
    restore_weights(network(scale=False), exported(scaled), IMAGES)
    scaled.layers[0].gamma.assign([2.0])
    with pytest.raises(ModelError, match="other fixed numbers"):
        restore_weights(network(scale=False), exported(scaled), IMAGES)
