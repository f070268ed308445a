"""No training ends in vain: a network that could not be used afterwards is refused before the first step."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry import recipes
from digitry.errors import ModelError
from digitry.evaluation.evaluate import evaluate
from digitry.exports import onnx, onnx_layers
from digitry.networks.model import Model
from digitry.recipes.base import Recipe
from digitry.training import train as train_module
from digitry.training.check_export import check_export
from digitry.types import Dataset
from tests.unit.training.conftest import train

DIGITS = tuple("0123456789")


def after_an_lstm(recipe: Recipe) -> Recipe:
    """The recipe with rows read by an LSTM first."""

    def build(classes: int, settings: Any) -> Any:
        from keras import Sequential, layers

        rows = [layers.Reshape((28, 28)), layers.LSTM(28, return_sequences=True), layers.Reshape((28, 28, 1))]
        return Sequential([layers.Input((28, 28, 1)), *rows, *recipe.build(classes, settings).layers])

    return replace(recipe, build=build)


@pytest.fixture
def no_converter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx, "missing_converter", lambda: "tf2onnx")


def test_a_layer_without_an_onnx_form_is_refused_before_a_folder_is_there(
    small_recipe: Recipe, made_up_dataset: Dataset, no_converter: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_module, "train_job", None)  # no step is taken
    with pytest.raises(
        ModelError,
        match=r"recipe small was not trained.* \(LSTM\) has no ONNX form here, .*; tf2onnx may know it: "
        r"pip install tf2onnx\. Build it with another layer, or write this one in operations",
    ) as caught:
        train(after_an_lstm(small_recipe), data=made_up_dataset, run="run")
    assert caught.value.exit_code == 4
    assert "\n" not in str(caught.value)
    assert not Path("run").exists()


@pytest.mark.parametrize("shape", [(28, 32, 1), (28, 28, 3), (200, 200, 1), (None, None, 1), (784,)])
def test_an_input_that_nobody_could_give_is_refused_before_a_folder_is_there(
    shape: tuple[int | None, ...], small_recipe: Recipe, made_up_dataset: Dataset
) -> None:
    def build(classes: int, settings: Any) -> Any:
        from keras import Sequential, layers

        inner = [layers.Flatten()] if len(shape) == 1 else [layers.GlobalAveragePooling2D()]
        return Sequential([layers.Input(shape), *inner, layers.Dense(classes, activation="softmax")])

    with pytest.raises(ModelError, match=r"recipe small was not trained.*(may expect N×N×1|a network takes one image)"):
        train(replace(small_recipe, build=build), data=made_up_dataset, run="run")
    assert not Path("run").exists()


def test_a_run_of_before_that_ended_without_onnx_says_so_and_leads_nobody_in_a_circle(
    small_recipe: Recipe, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As earlier versions left it: trained to the end, its weights written, and then no form for a layer."""
    options: dict[str, Any] = {"data": made_up_dataset, "run": "run", "settings": {"epochs": 1}}
    train(small_recipe, **options)
    for name in ("model.onnx", "done.json"):
        (Path("run") / name).unlink()
    shutil.copytree("run", "kept")
    with pytest.raises(
        ModelError, match=r"run is trained, but its network was not written as ONNX.*--run run --resume"
    ):
        evaluate("run")
    with monkeypatch.context() as patched:
        patched.setattr(onnx, "missing_converter", lambda: "tf2onnx")
        patched.delitem(onnx_layers.ONNX_LAYERS, "BatchNormalization")
        with pytest.raises(ModelError, match=r"BatchNormalization\) has no ONNX form.*Build it with another layer"):
            train(small_recipe, resume=True, **options)
    train(small_recipe, resume=True, **options)
    assert Model(Path("run/model.onnx"), reads="digit").contract.recipe == "small"


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_of_ours_passes(name: str) -> None:
    check_export(recipes.get(name), DIGITS)


def test_a_network_that_answers_otherwise_in_onnx_is_refused(
    small_recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = onnx_layers.ONNX_LAYERS["MaxPooling2D"]
    monkeypatch.setitem(onnx_layers.ONNX_LAYERS, "MaxPooling2D", onnx_layers.ONNX_LAYERS["AveragePooling2D"])
    with pytest.raises(ModelError, match=r"recipe small was not trained.*does not answer as Keras does"):
        check_export(small_recipe, DIGITS)
    monkeypatch.setitem(onnx_layers.ONNX_LAYERS, "MaxPooling2D", real)
    check_export(small_recipe, DIGITS)


def test_a_forgotten_bias_is_noticed_though_it_begins_at_zero(
    small_recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    from digitry.exports import onnx_weights

    monkeypatch.setattr(onnx_weights, "bias_of", lambda layer: [0 * onnx_weights.array_of(layer.bias)])
    with pytest.raises(ModelError, match="does not answer as Keras does"):
        check_export(small_recipe, DIGITS)


def test_a_network_without_softmax_is_refused_too(small_recipe: Recipe) -> None:
    def build(classes: int, settings: Any) -> Any:
        from keras import Sequential, layers

        return Sequential([layers.Input((28, 28, 1)), layers.Flatten(), layers.Dense(classes)])

    with pytest.raises(ModelError, match=r"recipe small was not trained.*answers are not probabilities"):
        check_export(replace(small_recipe, build=build), DIGITS)


def test_a_functional_network_with_a_skip_connection_is_trained_to_its_report(
    small_recipe: Recipe, made_up_dataset: Dataset
) -> None:
    def build(classes: int, settings: Any) -> Any:
        from keras import Input, Model, layers

        images = Input((28, 28, 1))
        x = layers.ZeroPadding2D(1)(layers.RandomTranslation(0.05, 0.05)(layers.Rescaling(2.0, -1.0)(images)))
        x = layers.Conv2D(4, 3, strides=2, activation="gelu")(x)
        y = layers.LayerNormalization()(layers.Conv2D(4, 3, padding="same")(x))
        x = layers.Concatenate()([layers.Add()([x, y]), x])
        return Model(images, layers.Dense(classes, activation="softmax")(layers.GlobalMaxPooling2D()(x)))

    done = train(replace(small_recipe, build=build), data=made_up_dataset, run="run", settings={"epochs": 1})
    assert done.history[0]["epoch"] == 1
    answers = Model(Path("run/model.onnx"), reads="digit").probabilities(np.zeros((3, 28, 28), np.uint8))
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
