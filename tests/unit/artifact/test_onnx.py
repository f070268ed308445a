"""ONNX says what Keras says, or is not written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.contract import STRIP_SHAPE, Contract
from digitry.errors import ModelError
from digitry.predict import Predictor, StringPredictor
from tests.conftest import make_digits
from tests.unit.written_numbers import SMALL_NUMBERS, build_small, plain_strips

keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from digitry import recipes  # noqa: E402
from digitry.artifact import onnx  # noqa: E402
from digitry.artifact.proof import export, softmax  # noqa: E402
from digitry.batches.prepare import prepare  # noqa: E402
from digitry.layers import MeanOfViews, Views  # noqa: E402

CONTRACT = Contract(recipe="any", class_names=tuple("0123456789"))
IMAGES = make_digits(20).images
STRIPS, _ = plain_strips(["12", "707", "11", "3", "", "486"], width=72)


def strip_contract(**metrics: float) -> Contract:
    return Contract("any", tuple("0123456789"), input_shape=STRIP_SHAPE, metrics=metrics)


def shaken(model: Any) -> Any:
    """Random weights everywhere, so that no layer hides behind zeros and ones."""
    rng = np.random.default_rng(0)
    for variable in model.weights:
        noise = rng.normal(0, 0.2, variable.shape)
        variable.assign(np.abs(noise) + 0.5 if "variance" in variable.name else noise)
    return model


NETWORKS = {
    "same padding and strides": [layers.Conv2D(3, 3, strides=2, padding="same"), layers.Flatten()],
    "a window that is not square": [layers.Conv2D(3, (5, 2), activation="tanh"), layers.Flatten()],
    "batch norm without scale": [layers.Conv2D(3, 3), layers.BatchNormalization(scale=False), layers.Flatten()],
    "batch norm without shift": [layers.Flatten(), layers.BatchNormalization(center=False)],
    "depthwise": [layers.Conv2D(5, 3), layers.DepthwiseConv2D((3, 2), strides=2, activation="relu"), layers.Flatten()],
    "average pooling": [layers.AveragePooling2D(3, padding="same"), layers.Flatten()],
    "pooling with a remainder": [layers.MaxPooling2D(3, strides=2), layers.Flatten()],
    "global pooling": [layers.Conv2D(4, 3, activation="sigmoid"), layers.GlobalAveragePooling2D()],
    "no bias": [layers.Conv2D(4, 3, use_bias=False), layers.ReLU(), layers.Flatten(), layers.Dense(5, use_bias=False)],
    "a mean of views": [Views(), layers.Conv2D(3, 5), layers.Flatten(), MeanOfViews()],
    "flatten keeps the order": [layers.Conv2D(4, 5), layers.Flatten(), layers.Activation("relu"), layers.Dropout(0.5)],
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_answers_as_keras_does(name: str, tmp_path: Path) -> None:
    model = keras.Sequential([layers.Input((28, 28, 1)), *NETWORKS[name], layers.Dense(10, activation="softmax")])
    proof = export(onnx.FORMAT, shaken(model), CONTRACT, tmp_path / "model.onnx", prove_on=IMAGES)
    assert proof.largest_difference < 1e-5


@pytest.mark.parametrize("name", [name for name in recipes.names() if recipes.get(name).reads == "digit"])
def test_every_recipe_answers_as_keras_does_alone_and_in_a_batch(name: str, tmp_path: Path) -> None:
    model = shaken(recipes.get(name).build_model())
    export(onnx.FORMAT, model, CONTRACT, tmp_path / "model.onnx", prove_on=IMAGES)
    predictor = Predictor(tmp_path / "model.onnx")
    together = predictor.probabilities(IMAGES)
    alone = np.concatenate([predictor.probabilities(IMAGES[i : i + 1]) for i in range(len(IMAGES))])
    np.testing.assert_allclose(alone, together, atol=1e-6)
    np.testing.assert_allclose(together, np.asarray(model(prepare(IMAGES))), atol=1e-5)


def test_the_same_weights_give_the_same_bytes() -> None:
    model = shaken(recipes.get("cnn").build_model())
    assert onnx.to_onnx(model, CONTRACT) == onnx.to_onnx(model, CONTRACT)


def test_a_model_that_answers_differently_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Predictor, "probabilities", lambda self, images: np.full((len(images), 10), 0.1, np.float32))
    model = shaken(recipes.get("dense-relu").build_model())
    with pytest.raises(ModelError, match="does not answer as Keras does"):
        export(onnx.FORMAT, model, CONTRACT, tmp_path / "model.onnx", prove_on=IMAGES)
    assert list(tmp_path.iterdir()) == []


def test_a_layer_without_onnx_form_is_named(tmp_path: Path) -> None:
    model = keras.Sequential([layers.Input((28, 28, 1)), layers.Flatten(), layers.LayerNormalization()])
    with pytest.raises(ModelError, match="layer LayerNormalization has no ONNX form here"):
        onnx.to_onnx(model, CONTRACT)


# Networks that read numbers give logits for every frame; ONNX gives probabilities.


@pytest.mark.parametrize("width", [40, 44, 100, 192, 1000])
def test_numbers_are_answered_as_keras_does_on_strips_of_any_width(width: int, tmp_path: Path) -> None:
    model = shaken(build_small(10, SMALL_NUMBERS.settings))
    export(onnx.FORMAT, model, strip_contract(), tmp_path / "model.onnx", prove_on=STRIPS)
    predictor = StringPredictor(tmp_path / "model.onnx")
    strips = np.random.default_rng(width).integers(0, 256, (5, 40, width), dtype=np.uint8)
    together = predictor.frames(strips)
    np.testing.assert_allclose(together, softmax(np.asarray(model(prepare(strips)))), atol=1e-5)
    alone = np.concatenate([predictor.frames(strips[i : i + 1]) for i in range(5)])
    np.testing.assert_allclose(alone, together, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in recipes.names() if recipes.get(name).reads == "number"])
def test_every_recipe_for_numbers_answers_as_keras_does_in_every_frame(name: str, tmp_path: Path) -> None:
    model = recipes.get(name).build_model()
    proof = export(onnx.FORMAT, model, strip_contract(), tmp_path / "model.onnx", prove_on=STRIPS)
    assert proof.largest_difference < 1e-5
    frames = StringPredictor(tmp_path / "model.onnx").frames(STRIPS)
    assert frames.shape == (6, 36, 11)


def test_reshaping_keeps_the_order_of_height_width_and_channels(tmp_path: Path) -> None:
    model = keras.Sequential([layers.Input((40, None, 1)), layers.Conv2D(22, (20, 4), strides=(20, 4))])
    model.add(layers.Reshape((-1, 11)))
    proof = export(onnx.FORMAT, shaken(model), strip_contract(), tmp_path / "model.onnx", prove_on=STRIPS)
    assert proof.largest_difference < 1e-5


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_divides_the_logits_and_travels_with_the_model(temperature: float, tmp_path: Path) -> None:
    model = shaken(build_small(10, SMALL_NUMBERS.settings))
    export(onnx.FORMAT, model, strip_contract(temperature=temperature), tmp_path / "model.onnx", prove_on=STRIPS)
    predictor = StringPredictor(tmp_path / "model.onnx")
    logits = np.asarray(model(prepare(STRIPS)))
    np.testing.assert_allclose(predictor.frames(STRIPS), softmax(logits / temperature), atol=1e-5)
    assert predictor.contract.temperature == temperature


def test_a_network_for_numbers_that_answers_differently_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = StringPredictor.frames
    monkeypatch.setattr(StringPredictor, "frames", lambda self, strips: real(self, strips)[..., ::-1])
    model = shaken(build_small(10, SMALL_NUMBERS.settings))
    with pytest.raises(ModelError, match="does not answer as Keras does"):
        export(onnx.FORMAT, model, strip_contract(), tmp_path / "model.onnx", prove_on=STRIPS)
    assert list(tmp_path.iterdir()) == []
