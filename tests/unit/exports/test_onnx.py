"""ONNX says what Keras says, or is not written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.errors import ModelError
from digitry.networks.contract import STRIP_SHAPE, Contract
from digitry.networks.model import Model
from digitry.types import TEN_DIGITS
from tests.conftest import CANONICAL, make_digits
from tests.unit.written_numbers import SMALL_NUMBERS, build_small, plain_strips

keras = pytest.importorskip("keras")

from keras import layers, ops  # noqa: E402

from digitry import recipes  # noqa: E402
from digitry.exports import onnx  # noqa: E402
from digitry.exports.int8 import to_int8  # noqa: E402
from digitry.exports.parity import softmax_of, write_if_equal  # noqa: E402
from digitry.networks.prepare import prepare  # noqa: E402
from digitry.recipes import layers as own_layers  # noqa: E402
from tests.unit.exports.networks import ACTIVATIONS, NETWORKS, STRANGE, functional, in_a_row, shaken  # noqa: E402

CONTRACT = Contract(recipe="any", class_names=tuple("0123456789"))
IMAGES = make_digits(20).images
STRIPS, _ = plain_strips(["12", "707", "11", "3", "", "486"], width=72)


def onnx_file(data: bytes) -> Any:
    import onnx

    return onnx.load_from_string(data)


def number_contract(**metrics: float) -> Contract:
    return Contract("any", tuple("0123456789"), input_shape=STRIP_SHAPE, reads="number", metrics=metrics)


@cache
def built(name: str) -> Any:
    """One of the networks, built once for all tests."""
    return NETWORKS[name]()


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_answers_as_keras_does(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx, "converted", None)  # by a function of ours
    proof = write_if_equal(onnx.FORMAT, shaken(built(name)), CONTRACT, tmp_path / "model.onnx", prove_on=IMAGES)
    assert proof.largest_difference < 1e-5


def test_every_layer_stands_in_one_of_the_networks() -> None:
    found = {type(layer).__name__ for name in NETWORKS for layer in layers_of(built(name))}
    ours = {name for name, one in vars(own_layers).items() if isinstance(one, type) and issubclass(one, layers.Layer)}
    missing = sorted((set(onnx.ONNX_LAYERS) | ours) - found)
    assert not missing, f"no network in tests/unit/exports/networks.py has {', '.join(missing)}; add the smallest"


def layers_of(model: Any) -> Iterator[Any]:
    """The layers of a network, and of the networks in it."""
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from layers_of(layer)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_answers_as_keras_does(activation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx, "converted", None)
    model = shaken(in_a_row(layers.Flatten(), layers.Dense(20, activation=activation)))
    answers = Model(onnx.to_onnx(model, CONTRACT), reads="digit").probabilities(IMAGES)
    np.testing.assert_allclose(answers, np.asarray(model(prepare(IMAGES, CANONICAL))), atol=1e-5)


@pytest.mark.parametrize("name", STRANGE)
def test_what_cannot_be_followed_goes_through_keras_own_export_and_into_eight_bits(name: str, tmp_path: Path) -> None:
    pytest.importorskip("tf2onnx")
    proof = write_if_equal(onnx.FORMAT, shaken(STRANGE[name]()), CONTRACT, tmp_path / "model.onnx", prove_on=IMAGES)
    assert proof.largest_difference < 1e-5
    assert Model(tmp_path / "model.onnx", reads="digit").contract == CONTRACT
    rounded = Model(to_int8((tmp_path / "model.onnx").read_bytes(), CONTRACT, IMAGES), reads="digit")
    np.testing.assert_allclose(rounded.probabilities(IMAGES), proof.expected, atol=0.1)


def test_a_network_for_numbers_goes_through_keras_own_export_too(tmp_path: Path) -> None:
    pytest.importorskip("tf2onnx")
    model = keras.Sequential([layers.Input((40, None, 1)), layers.Conv2D(22, (20, 4), strides=(20, 4))])
    model.add(layers.Lambda(lambda x: ops.cumsum(x, axis=-1)))
    model.add(layers.Reshape((-1, 11)))
    contract = number_contract(temperature=1.5)
    proof = write_if_equal(onnx.FORMAT, shaken(model), contract, tmp_path / "model.onnx", prove_on=STRIPS)
    assert proof.largest_difference < 1e-5


def test_without_a_converter_the_layer_is_named_and_what_can_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx, "missing_converter", lambda: "tf2onnx")
    model = STRANGE["rows by an LSTM"]()
    with pytest.raises(
        ModelError, match=r"\(LSTM\) has no ONNX form here, .*; tf2onnx may know it: pip install tf2onnx"
    ):
        onnx.to_onnx(model, CONTRACT)


def test_a_layer_that_only_bears_a_known_name_is_not_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Flatten(layers.Flatten):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            return super().call(inputs)[:, ::-1]

    monkeypatch.setattr(onnx, "missing_converter", lambda: "tf2onnx")
    with pytest.raises(ModelError, match=r"\(Flatten\) has no ONNX form here, .*with steps backwards"):
        onnx.to_onnx(in_a_row(Flatten()), CONTRACT)


def test_a_mistake_in_the_function_of_a_layer_is_no_reason_to_ask_another_converter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def mistaken(graph: Any, layer: Any, x: Any) -> str:
        return graph.add("Relu", x.name + 1)  # type: ignore[no-any-return]

    monkeypatch.setitem(onnx.ONNX_LAYERS, "ReLU", (onnx.AxisOrder.ANY, mistaken))
    monkeypatch.setattr(onnx, "converted", lambda *_: pytest.fail("asked"))
    with pytest.raises(TypeError):
        onnx.to_onnx(in_a_row(layers.ReLU(), layers.Flatten()), CONTRACT)


def test_a_layer_that_does_not_say_its_shape_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wobble(layers.Layer):
        def call(self, images: Any) -> Any:
            return images * 2

    monkeypatch.setitem(onnx.ONNX_LAYERS, "Wobble", onnx.ONNX_LAYERS["Identity"])
    monkeypatch.setattr(onnx, "known_name", lambda layer: type(layer).__name__)
    model = keras.Sequential([layers.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10), Wobble(name="own")])
    with pytest.raises(ModelError, match=r"layer own \(Wobble\) does not say .* compute_output_shape"):
        onnx.written_by_layers(model, CONTRACT)


def test_masks_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx, "missing_converter", lambda: "tf2onnx")

    def causal(x: Any) -> Any:
        x = layers.Reshape((28, 28))(x)
        return layers.Flatten()(layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True))

    with pytest.raises(ModelError, match="with a mask"):
        onnx.to_onnx(functional(causal), CONTRACT)


def test_what_is_random_is_left_out_of_functional_networks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx, "converted", None)
    model = shaken(functional(lambda x: layers.Flatten()(layers.RandomRotation(0.2)(layers.Dropout(0.5)(x)))))
    answers = Model(onnx.to_onnx(model, CONTRACT), reads="digit").probabilities(IMAGES)
    np.testing.assert_allclose(answers, model.predict(prepare(IMAGES, CANONICAL), verbose=0), atol=1e-5)


def test_weights_of_a_layer_that_is_called_twice_are_written_once() -> None:
    name = "a network in a network, called twice"
    data = onnx.to_onnx(shaken(NETWORKS[name]()), CONTRACT)
    kernels = [one for one in onnx_file(data).graph.initializer if len(one.dims) == 4]
    assert len(kernels) == 1
    assert sum(node.op_type == "Conv" for node in onnx_file(data).graph.node) == 2


@pytest.mark.parametrize("name", [name for name in recipes.names() if recipes.get(name).reads == "digit"])
def test_every_recipe_answers_as_keras_does_alone_and_in_a_batch(name: str, tmp_path: Path) -> None:
    model = shaken(recipes.get(name).build_model())
    write_if_equal(onnx.FORMAT, model, CONTRACT, tmp_path / "model.onnx", prove_on=IMAGES)
    predictor = Model(tmp_path / "model.onnx", reads="digit")
    together = predictor.probabilities(IMAGES)
    alone = np.concatenate([predictor.probabilities(IMAGES[i : i + 1]) for i in range(len(IMAGES))])
    np.testing.assert_allclose(alone, together, atol=1e-6)
    np.testing.assert_allclose(together, np.asarray(model(prepare(IMAGES, CANONICAL))), atol=1e-5)


def test_the_same_weights_give_the_same_bytes() -> None:
    model = shaken(recipes.get("cnn").build_model())
    assert onnx.to_onnx(model, CONTRACT) == onnx.to_onnx(model, CONTRACT)


def test_a_model_that_answers_differently_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Model, "probabilities", lambda self, images: np.full((len(images), 10), 0.1, np.float32))
    model = shaken(recipes.get("dense-relu").build_model())
    with pytest.raises(ModelError, match="does not answer as Keras does"):
        write_if_equal(onnx.FORMAT, model, CONTRACT, tmp_path / "model.onnx", prove_on=IMAGES)
    assert list(tmp_path.iterdir()) == []


# Networks that read numbers give logits for every frame; ONNX gives probabilities.


@pytest.mark.parametrize("width", [40, 44, 100, 192, 1000])
def test_numbers_are_answered_as_keras_does_on_strips_of_any_width(width: int, tmp_path: Path) -> None:
    model = shaken(build_small(10, SMALL_NUMBERS.settings))
    write_if_equal(onnx.FORMAT, model, number_contract(), tmp_path / "model.onnx", prove_on=STRIPS)
    predictor = Model(tmp_path / "model.onnx", reads="number")
    strips = np.random.default_rng(width).integers(0, 256, (5, 40, width), dtype=np.uint8)
    together = predictor.probabilities(strips)
    np.testing.assert_allclose(together, softmax_of(np.asarray(model(prepare(strips, CANONICAL)))), atol=1e-5)
    alone = np.concatenate([predictor.probabilities(strips[i : i + 1]) for i in range(5)])
    np.testing.assert_allclose(alone, together, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in recipes.names() if recipes.get(name).reads == "number"])
def test_every_recipe_for_numbers_answers_as_keras_does_in_every_frame(name: str, tmp_path: Path) -> None:
    recipe = recipes.get(name)
    names, model = recipe.answers_of(TEN_DIGITS), recipe.build_model()
    contract = replace(number_contract(), class_names=names)
    proof = write_if_equal(onnx.FORMAT, model, contract, tmp_path / "model.onnx", prove_on=STRIPS)
    assert proof.largest_difference < 1e-5
    frames = Model(tmp_path / "model.onnx", reads="number").probabilities(STRIPS)
    assert frames.shape == (6, 36, 1 + len(names))


def test_reshaping_keeps_the_order_of_height_width_and_channels(tmp_path: Path) -> None:
    model = keras.Sequential([layers.Input((40, None, 1)), layers.Conv2D(22, (20, 4), strides=(20, 4))])
    model.add(layers.Reshape((-1, 11)))
    proof = write_if_equal(onnx.FORMAT, shaken(model), number_contract(), tmp_path / "model.onnx", prove_on=STRIPS)
    assert proof.largest_difference < 1e-5


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_divides_the_logits_and_travels_with_the_model(temperature: float, tmp_path: Path) -> None:
    model = shaken(build_small(10, SMALL_NUMBERS.settings))
    write_if_equal(
        onnx.FORMAT, model, number_contract(temperature=temperature), tmp_path / "model.onnx", prove_on=STRIPS
    )
    predictor = Model(tmp_path / "model.onnx", reads="number")
    logits = np.asarray(model(prepare(STRIPS, CANONICAL)))
    np.testing.assert_allclose(predictor.probabilities(STRIPS), softmax_of(logits / temperature), atol=1e-5)
    assert predictor.contract.temperature == temperature


def test_a_network_for_numbers_that_answers_differently_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Model.probabilities
    monkeypatch.setattr(Model, "probabilities", lambda self, strips: real(self, strips)[..., ::-1])
    model = shaken(build_small(10, SMALL_NUMBERS.settings))
    with pytest.raises(ModelError, match="does not answer as Keras does"):
        write_if_equal(onnx.FORMAT, model, number_contract(), tmp_path / "model.onnx", prove_on=STRIPS)
    assert list(tmp_path.iterdir()) == []
