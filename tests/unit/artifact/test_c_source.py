"""A network as C: compiled without a warning, it answers as Keras does, to the last label."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry import recipes
from digitry.artifact import c_source
from digitry.artifact.c_source import SOURCE, run, to_c
from digitry.artifact.proof import export
from digitry.batches.prepare import prepare
from digitry.contract import STRIP_SHAPE, Contract
from digitry.errors import ModelError
from tests.conftest import make_digits

keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402 - after it is known to be there

CONTRACT = Contract(recipe="made", class_names=tuple("0123456789"))


def network(*between: Any) -> Any:
    """A network of these layers that ends in ten probabilities, with weights and statistics of its own."""
    model = keras.Sequential([layers.Input((28, 28, 1)), *between, layers.Dense(10, activation="softmax")])
    rng = np.random.default_rng(0)
    for variable in model.variables:
        if "seed" in variable.path:
            continue
        centre = 1.0 if variable.name in ("gamma", "moving_variance") else 0.0
        variable.assign(rng.normal(centre, 0.2, variable.shape).astype(np.float32).clip(-2, 2) + 0.01)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.moving_variance.assign(np.abs(np.asarray(layer.moving_variance)) + 0.1)
    return model


NETWORKS = {
    "dense": [layers.Flatten(), layers.Dense(12, activation="relu")],
    "padding and strides": [
        layers.Conv2D(3, 5, 2, padding="same", activation="relu"),
        layers.Conv2D(4, 4, 3, padding="same"),
        layers.Flatten(),
    ],
    "normalisation before, after and apart": [
        layers.BatchNormalization(),
        layers.Conv2D(4, 3, use_bias=False),
        layers.MaxPooling2D(2),
        layers.BatchNormalization(epsilon=0.01),
        layers.ReLU(),
        layers.Conv2D(5, (3, 5)),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Flatten(),
    ],
    "depthwise": [
        layers.Conv2D(5, 3, strides=2),
        layers.DepthwiseConv2D(3, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.DepthwiseConv2D((3, 2), strides=2, activation="relu"),
        layers.GlobalAveragePooling2D(),
    ],
    "pooling that leaves a rest, and a mean": [
        layers.Conv2D(6, 2),
        layers.MaxPooling2D(2),
        layers.Dropout(0.3),
        layers.MaxPooling2D(3, 2),
        layers.GlobalAveragePooling2D(),
    ],
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_answers_as_in_keras(name: str) -> None:
    model = network(*NETWORKS[name])
    images = make_digits(50).images
    np.testing.assert_allclose(
        run(to_c(model, CONTRACT), images, 10), model.predict(prepare(images), verbose=0), atol=1e-5
    )


@pytest.mark.parametrize("recipe", ["dense-relu", "cnn", "quick"])
def test_recipes_answer_as_in_keras_and_the_file_is_written(recipe: str, tmp_path: Path) -> None:
    model = recipes.get(recipe).build_model()
    proof = export(c_source.FORMAT, model, CONTRACT, tmp_path / "digits.c", prove_on=make_digits(200).images)
    assert proof.largest_difference < 1e-5
    assert "digitry_read" in (tmp_path / "digits.c").read_text()


def test_no_class_name_gets_out_of_the_comment() -> None:
    names = ("*/ int x = 1; /*", "/*", "\\", "??/", "é", *"56789")
    source = to_c(network(*NETWORKS["dense"]), Contract(recipe="made", class_names=names))
    assert run(source, make_digits(3).images, 10).shape == (3, 10)


def test_the_same_weights_give_the_same_text() -> None:
    model = network(*NETWORKS["dense"])
    assert to_c(model, CONTRACT) == to_c(model, CONTRACT)


def test_the_forward_pass_is_sixty_lines_of_code_that_allocate_nothing() -> None:
    body = SOURCE[SOURCE.index("static void step") : SOURCE.index("#ifdef")]
    assert len([line for line in body.splitlines() if line.strip()]) <= 60
    assert not re.search(r"alloc|fopen|static (?!void|const|float memory)", body)


def test_a_file_that_answers_otherwise_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(c_source, "SOURCE", SOURCE.replace("/ 255.0f", "/ 25.0f"))
    model, images = network(*NETWORKS["dense"]), make_digits(20).images
    with pytest.raises(ModelError, match="the C program does not answer as Keras does"):
        export(c_source.FORMAT, model, CONTRACT, tmp_path / "digits.c", prove_on=images)
    assert not list(tmp_path.iterdir())


def test_without_a_compiler_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    model, images = network(*NETWORKS["dense"]), make_digits(2).images
    with pytest.raises(ModelError, match="needs a C compiler"):
        export(c_source.FORMAT, model, CONTRACT, tmp_path / "digits.c", prove_on=images)
    assert not list(tmp_path.iterdir())


def test_what_has_no_form_in_c_is_named() -> None:
    with pytest.raises(ModelError, match="layer UpSampling2D has no form in C"):
        to_c(network(layers.UpSampling2D(), layers.Flatten()), CONTRACT)
    with pytest.raises(ModelError, match="activation tanh"):
        to_c(network(layers.Flatten(), layers.Dense(3, activation="tanh")), CONTRACT)
    with pytest.raises(ModelError, match="only a plain ReLU"):
        to_c(network(layers.ReLU(max_value=6.0), layers.Flatten()), CONTRACT)
    with pytest.raises(ModelError, match="a normalisation of flattened images"):
        to_c(network(layers.Flatten(), layers.BatchNormalization()), CONTRACT)
    strips = Contract(recipe="made", class_names=tuple("0123456789"), input_shape=STRIP_SHAPE)
    with pytest.raises(ModelError, match="only networks for single digits"):
        to_c(network(layers.Flatten()), strips)
