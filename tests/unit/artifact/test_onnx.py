"""ONNX says what Keras says, or is not written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.contract import Contract
from digitry.errors import ModelError
from digitry.predict import Predictor
from tests.conftest import make_digits

keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from digitry import recipes  # noqa: E402
from digitry.artifact import onnx  # noqa: E402
from digitry.batches.prepare import prepare  # noqa: E402

CONTRACT = Contract(recipe="any", class_names=tuple("0123456789"))
IMAGES = make_digits(20).images


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
    "average pooling": [layers.AveragePooling2D(3, padding="same"), layers.Flatten()],
    "pooling with a remainder": [layers.MaxPooling2D(3, strides=2), layers.Flatten()],
    "global pooling": [layers.Conv2D(4, 3, activation="sigmoid"), layers.GlobalAveragePooling2D()],
    "no bias": [layers.Conv2D(4, 3, use_bias=False), layers.ReLU(), layers.Flatten(), layers.Dense(5, use_bias=False)],
    "flatten keeps the order": [layers.Conv2D(4, 5), layers.Flatten(), layers.Activation("relu"), layers.Dropout(0.5)],
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_answers_as_keras_does(name: str, tmp_path: Path) -> None:
    model = keras.Sequential([layers.Input((28, 28, 1)), *NETWORKS[name], layers.Dense(10, activation="softmax")])
    difference = onnx.export(shaken(model), CONTRACT, tmp_path / "model.onnx", prove_on=IMAGES)
    assert difference < 1e-5


@pytest.mark.parametrize("recipe", recipes.RECIPES.values(), ids=recipes.names())
def test_every_recipe_answers_as_keras_does_alone_and_in_a_batch(recipe: Any, tmp_path: Path) -> None:
    model = shaken(recipe.build_model())
    onnx.export(model, CONTRACT, tmp_path / "model.onnx", prove_on=IMAGES)
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
        onnx.export(model, CONTRACT, tmp_path / "model.onnx", prove_on=IMAGES)
    assert list(tmp_path.iterdir()) == []


def test_a_small_difference_passes_and_a_larger_or_a_nan_does_not() -> None:
    one = np.array([[0.6, 0.4]], np.float32)
    assert onnx.check_parity(one, one + np.float32(5e-5)) == pytest.approx(5e-5, rel=0.01)
    for other in (one + np.float32(2e-4), one[:, ::-1], one * np.float32("nan")):
        with pytest.raises(ModelError):
            onnx.check_parity(one, other)


def test_a_layer_without_onnx_form_is_named(tmp_path: Path) -> None:
    model = keras.Sequential([layers.Input((28, 28, 1)), layers.Flatten(), layers.LayerNormalization()])
    with pytest.raises(ModelError, match="layer LayerNormalization has no ONNX form here"):
        onnx.to_onnx(model, CONTRACT)
