"""A network as C: compiled without a warning, it answers as Keras does, to the last label."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry import recipes
from digitry.errors import ModelError
from digitry.exports import c_source
from digitry.exports.c_source import run_source, to_c
from digitry.exports.c_text import SOURCE
from digitry.exports.onnx import to_onnx
from digitry.exports.parity import write_if_equal
from digitry.networks.contract import STRIP_SHAPE, Contract
from digitry.networks.model import Model
from digitry.networks.prepare import prepare
from tests.conftest import CANONICAL, make_digits

keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402 - after it is known to be there

from tests.unit.exports.networks import ACTIVATIONS, NETWORKS, functional, in_a_row, shaken  # noqa: E402

CONTRACT = Contract(recipe="made", class_names=tuple("0123456789"))
WITHOUT = {
    "larger by what lies between": "resizing by other than whole numbers",
    "resized": "resizing by other than whole numbers",
    "a row for every grey": "the operator Gather has no form in C here; known: Abs, Add",
}
"""What cannot be written as C, and what is said of it."""


def c_of(model: Any) -> str:
    return to_c(to_onnx(model, CONTRACT), CONTRACT)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in WITHOUT])
def test_every_layer_answers_as_in_keras(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Which takes a compiler half of the time; the recipes below are compiled as anybody would.
    monkeypatch.setattr(c_source, "FLAGS", ("-O0", *c_source.FLAGS[1:]))
    model = shaken(NETWORKS[name]())
    images = make_digits(50).images
    np.testing.assert_allclose(
        run_source(c_of(model), images, 10), np.asarray(model(prepare(images, CANONICAL), training=False)), atol=2e-5
    )


def test_every_activation_answers_as_in_onnx() -> None:
    """All in one network, for a compiler takes longer than a test of one."""

    def body(x: Any) -> Any:
        rows = layers.Dense(6)(layers.Flatten()(x))
        return layers.Concatenate()([layers.Activation(name)(rows) for name in ACTIVATIONS])

    data, images = to_onnx(shaken(functional(body)), CONTRACT), make_digits(50).images
    np.testing.assert_allclose(
        run_source(to_c(data, CONTRACT), images, 10), Model(data, reads="digit").probabilities(images), atol=1e-5
    )


@pytest.mark.parametrize("name", WITHOUT)
def test_what_has_no_form_in_c_is_named(name: str) -> None:
    with pytest.raises(ModelError, match=WITHOUT[name]):
        c_of(NETWORKS[name]())


def test_networks_that_read_numbers_are_refused() -> None:
    strips = Contract(recipe="made", class_names=tuple("0123456789"), input_shape=STRIP_SHAPE, reads="number")
    with pytest.raises(ModelError, match="only networks for single digits"):
        to_c(b"", strips)


def test_memory_is_shared_by_what_is_not_needed_at_the_same_time() -> None:
    """Two images at a time are alive in a row of layers; all of them together would be five."""
    model = in_a_row(*(layers.ReLU() for _ in range(4)), layers.Flatten())
    size = re.search(r"SIZE = (\d+)", c_of(model))
    assert size is not None
    assert 2 * 784 <= int(size[1]) < 3 * 784


@pytest.mark.parametrize("recipe", ["dense-relu", "cnn", "quick", "tiny", "champion"])
def test_recipes_answer_as_in_keras_and_the_file_is_written(recipe: str, tmp_path: Path) -> None:
    model = recipes.get(recipe).build_model()
    proof = write_if_equal(c_source.FORMAT, model, CONTRACT, tmp_path / "digits.c", prove_on=make_digits(5).images)
    assert proof.largest_difference < 1e-5
    assert "digitry_read" in (tmp_path / "digits.c").read_text()


def test_no_class_name_gets_out_of_the_comment() -> None:
    names = ("*/ int x = 1; /*", "/*", "\\", "??/", "é", *"56789")
    contract = Contract(recipe="made", class_names=names)
    source = to_c(to_onnx(NETWORKS["dense layers"](), contract), contract)
    assert run_source(source, make_digits(3).images, 10).shape == (3, 10)


def test_the_same_weights_give_the_same_text() -> None:
    model = NETWORKS["convolution, pooling, batch normalisation"]()
    assert c_of(model) == c_of(model)


def test_the_forward_pass_is_sixty_lines_of_code_that_allocate_nothing() -> None:
    body = SOURCE[SOURCE.index("static const float *array") : SOURCE.index("#ifdef")]
    assert len([line for line in body.splitlines() if line.strip()]) <= 60
    assert not re.search(r"alloc|fopen|static (?!void|const|float memory)", body)


def test_a_file_that_answers_otherwise_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        c_source, "SOURCE", SOURCE.replace("memory[ANSWER + i];", "memory[ANSWER + (i + 1) % CLASSES];")
    )
    model, images = NETWORKS["dense layers"](), make_digits(20).images
    with pytest.raises(ModelError, match="the C program does not answer as Keras does"):
        write_if_equal(c_source.FORMAT, model, CONTRACT, tmp_path / "digits.c", prove_on=images)
    assert not list(tmp_path.iterdir())


def test_without_a_compiler_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    model, images = NETWORKS["dense layers"](), make_digits(2).images
    with pytest.raises(ModelError, match="needs a C compiler"):
        write_if_equal(c_source.FORMAT, model, CONTRACT, tmp_path / "digits.c", prove_on=images)
    assert not list(tmp_path.iterdir())
