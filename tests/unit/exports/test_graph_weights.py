"""An exported file gives its weights back, byte for byte, to a network of its recipe and to no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from digitry import recipes
from digitry.errors import ModelError
from digitry.exports import bundle
from digitry.exports.graph_weights import put_graph_weights
from digitry.exports.onnx import to_onnx
from digitry.networks.contract import Contract
from digitry.networks.model import Model
from tests.unit.tiny_models import template_model_bytes

pytest.importorskip("keras")

from tests.unit.exports.networks import NETWORKS, shaken

CONTRACT = Contract("made", tuple("0123456789"))
SHIPPED = Path(recipes.__file__).parent.parent / "models"


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


def assert_given_back(first: Any, second: Any) -> None:
    before = bundle.weights_of(first)
    put_graph_weights(second, to_onnx(first, CONTRACT), CONTRACT)
    for place, array in bundle.weights_of(second).items():
        assert array.tobytes() == before[place].tobytes(), place


@pytest.mark.parametrize("name", [name for name in recipes.names() if recipes.get(name).reads == "digit"])
def test_every_recipe_gets_its_weights_back_byte_for_byte(name: str) -> None:
    assert_given_back(shaken(recipes.get(name).build_model()), recipes.get(name).build_model())


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "rescaled and normalised"])
def test_so_does_every_layer_that_has_an_onnx_form(name: str) -> None:
    assert_given_back(shaken(NETWORKS[name]()), NETWORKS[name]())


def test_the_shipped_weights_are_those_of_the_shipped_network() -> None:
    model = recipes.get("reader").build_model()
    put_graph_weights(model, (SHIPPED / "digit.onnx").read_bytes(), CONTRACT)
    shipped, contract = bundle.load(SHIPPED / "digit.safetensors")
    assert contract == Model(SHIPPED / "digit.onnx", reads="digit").contract
    for place, array in bundle.weights_of(model).items():
        assert array.tobytes() == shipped[place].tobytes(), place


def test_a_file_of_another_network_is_refused() -> None:
    cnn = recipes.get("cnn").build_model()
    for data in (to_onnx(recipes.get("dense-relu").build_model(), CONTRACT), template_model_bytes(), b"no model"):
        with pytest.raises(ModelError, match=r"does not hold exactly the weights that this recipe has|cannot be read"):
            put_graph_weights(cnn, data, CONTRACT)


def test_weights_that_are_no_numbers_are_refused() -> None:
    model = recipes.get("dense-relu").build_model()
    data = to_onnx(model, CONTRACT)
    with pytest.raises(ModelError, match="not finite numbers"):
        put_graph_weights(model, changed(data, 0, float("nan")), CONTRACT)


def test_a_file_made_with_other_fixed_numbers_is_refused() -> None:
    from keras import Sequential, layers

    def network(*, scale: bool) -> Any:
        inner = [layers.BatchNormalization(scale=scale), layers.Flatten(), layers.Dense(10, activation="softmax")]
        return Sequential([layers.Input((28, 28, 1)), *inner])

    scaled = network(scale=True)
    put_graph_weights(network(scale=False), to_onnx(scaled, CONTRACT), CONTRACT)
    scaled.layers[0].gamma.assign([2.0])
    with pytest.raises(ModelError, match="other fixed numbers"):
        put_graph_weights(network(scale=False), to_onnx(scaled, CONTRACT), CONTRACT)


def test_a_weight_that_onnx_has_in_another_form_is_refused_with_the_way_that_works() -> None:
    from keras import Sequential, layers

    model = Sequential([layers.Input((28, 28, 1)), layers.Normalization(), layers.Flatten(), layers.Dense(10)])
    with pytest.raises(ModelError, match="start from the folder of its run"):
        put_graph_weights(model, to_onnx(model, CONTRACT), CONTRACT)
