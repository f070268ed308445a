"""Nothing is written that answers otherwise than Keras does; every format has its small proof here."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.errors import ModelError, StorageError
from digitry.networks.contract import STRIP_SHAPE, Contract
from digitry.networks.model import Model
from tests.conftest import CANONICAL, make_digits
from tests.unit.written_numbers import SMALL_NUMBERS, build_small, plain_strips

keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402 - after it is known to be there

from digitry.exports.int8 import to_int8  # noqa: E402
from digitry.exports.onnx import to_onnx  # noqa: E402
from digitry.exports.parity import check_parity, softmax_of, write_if_equal  # noqa: E402
from digitry.networks.prepare import prepare  # noqa: E402
from digitry.recipes.layers import MeanOfViews, Views  # noqa: E402
from digitry.training.export_run import FORMATS  # noqa: E402
from tests.unit.exports.networks import NETWORKS, shaken  # noqa: E402

CONTRACT = Contract(recipe="made", class_names=tuple("0123456789"))
NUMBER_CONTRACT = Contract(
    "made", tuple("0123456789"), input_shape=STRIP_SHAPE, reads="number", metrics={"temperature": 1.5}
)
IMAGES = make_digits(300).images
STRIPS, _ = plain_strips(["12", "707", "11", "3", "", "486"], width=72)


@pytest.fixture(scope="module")
def model() -> Any:
    """A trained network, small: untrained ones answer nearly alike for every class, and rounding then decides."""
    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(6, 5, strides=3, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    digits = make_digits(300)
    network.compile("adam", "sparse_categorical_crossentropy")
    network.optimizer.learning_rate = 0.01
    network.fit(prepare(digits.images, CANONICAL), digits.labels, epochs=8, batch_size=30, verbose=0)
    # As `bundle.load_model` gives it: the network alone, without optimizer and loss.
    alone = keras.Sequential.from_config(network.get_config())
    alone.set_weights(network.get_weights())
    return alone


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_and_says_what_keras_says(name: str, model: Any, tmp_path: Path) -> None:
    form = FORMATS[name]
    path = tmp_path / f"digits{form.suffix}"
    proof = write_if_equal(form, model, CONTRACT, path, prove_on=IMAGES)
    assert path.exists()
    assert list(tmp_path.iterdir()) == [path]
    np.testing.assert_allclose(proof.expected, model.predict(prepare(IMAGES, CANONICAL), verbose=0), atol=1e-6)
    again = form.answers(path, CONTRACT, IMAGES)
    np.testing.assert_array_equal(again, proof.got)
    if form.labels_may_differ:
        assert 1e-5 < proof.largest_difference < 0.2
        assert (again.argmax(1) == proof.expected.argmax(1)).mean() >= 1 - form.labels_may_differ
    else:
        assert proof.largest_difference < 1e-5


@pytest.mark.parametrize("name", [name for name in FORMATS if not name.startswith("c-")])
def test_a_network_that_reads_numbers_too(name: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    network, form = build_small(10, SMALL_NUMBERS.settings), FORMATS[name]._replace(labels_may_differ=0.5)
    path = tmp_path / f"numbers{form.suffix}"
    proof = write_if_equal(form, network, NUMBER_CONTRACT, path, prove_on=STRIPS)
    frames = form.answers(path, NUMBER_CONTRACT, STRIPS)
    assert frames.shape == (6, network(prepare(STRIPS, CANONICAL)).shape[1], 11)
    np.testing.assert_allclose(frames.sum(axis=2), 1, atol=1e-3)
    np.testing.assert_allclose(frames.reshape(-1, 11), proof.expected, atol=0.05 if name.endswith("int8") else 1e-5)
    # Where the file gives logits, the temperature is divided by afterwards, so that another gives other answers.
    hotter = form.answers(path, replace(NUMBER_CONTRACT, metrics={"temperature": 3.0}), STRIPS)
    assert form.gives_logits == (not np.array_equal(hotter, frames))


@pytest.mark.parametrize("name", FORMATS)
def test_a_network_with_layers_of_ours_too(name: str, tmp_path: Path) -> None:
    form = FORMATS[name]._replace(labels_may_differ=0.5 if FORMATS[name].labels_may_differ else 0.0)
    path = tmp_path / f"digits{form.suffix}"
    proof = write_if_equal(form, with_layers_of_ours(), CONTRACT, path, prove_on=IMAGES)
    assert proof.largest_difference < (0.05 if form.labels_may_differ else 1e-6)
    np.testing.assert_array_equal(form.answers(path, CONTRACT, IMAGES), proof.got)


def with_layers_of_ours() -> Any:
    """A small network that looks at every image five times."""
    keras.utils.set_random_seed(0)
    inner = [layers.Conv2D(4, 5, strides=3), layers.Flatten(), layers.Dense(10, activation="softmax")]
    return keras.Sequential([layers.Input((28, 28, 1)), Views(), *inner, MeanOfViews()])


def test_the_int8_model_is_a_quarter_of_the_weights_and_carries_its_contract(model: Any, tmp_path: Path) -> None:
    network = keras.Sequential([layers.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, activation="softmax")])
    write_if_equal(
        FORMATS["onnx-int8"]._replace(labels_may_differ=1), network, CONTRACT, tmp_path / "m", prove_on=IMAGES[:50]
    )
    assert 7850 < (tmp_path / "m").stat().st_size < 7850 + 1500
    predictor = Model(tmp_path / "m", reads="digit")
    assert predictor.contract == CONTRACT
    np.testing.assert_allclose(predictor.probabilities(IMAGES[:50]).sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["attention", "layer normalisation of whole images"])
def test_the_int8_model_may_have_every_layer(name: str) -> None:
    """And those that are converted by another, see test_onnx.py."""
    data = to_onnx(shaken(NETWORKS[name]()), CONTRACT)
    exact, rounded = (
        Model(one, reads="digit").probabilities(IMAGES[:50]) for one in (data, to_int8(data, CONTRACT, IMAGES[:50]))
    )
    np.testing.assert_allclose(rounded, exact, atol=0.1)


def test_the_int8_model_learns_its_ranges_from_the_sample_alone(model: Any, tmp_path: Path) -> None:
    form = FORMATS["onnx-int8"]._replace(labels_may_differ=1)
    seen, blank = IMAGES[:100], np.zeros((100, 28, 28), np.uint8)
    for name, sample in (("seen", seen), ("blank", blank)):
        write_if_equal(form, model, CONTRACT, tmp_path / name, prove_on=IMAGES, sample=sample)
    right = {
        name: (
            form.answers(tmp_path / name, CONTRACT, IMAGES).argmax(1)
            == model.predict(prepare(IMAGES, CANONICAL), verbose=0).argmax(1)
        ).mean()
        for name in ("seen", "blank")
    }
    assert right["seen"] > 0.98
    assert right["blank"] < 0.5, "calibrated on blank images it should clip all ink"


def test_a_keras_file_brings_no_optimizer_and_needs_nothing_of_ours(model: Any, tmp_path: Path) -> None:
    write_if_equal(FORMATS["keras"], model, CONTRACT, tmp_path / "digits.keras", prove_on=IMAGES)
    loaded = keras.saving.load_model(tmp_path / "digits.keras")
    assert getattr(loaded, "optimizer", None) is None
    assert [type(layer).__module__.split(".")[0] for layer in loaded.layers] == ["keras"] * len(loaded.layers)


def test_what_keras_would_not_find_again_is_refused_with_what_to_do(tmp_path: Path) -> None:
    def wobble(x: Any) -> Any:
        return x * keras.ops.sigmoid(2 * x)

    model = keras.Sequential([layers.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, activation=wobble)])
    with pytest.raises(ModelError, match=r"put @keras\.saving\.register_keras_serializable\(\) before"):
        write_if_equal(FORMATS["keras"], model, CONTRACT, tmp_path / "digits.keras", prove_on=IMAGES[:4])
    assert not list(tmp_path.iterdir())


def test_not_even_where_the_network_has_layers_of_ours(tmp_path: Path) -> None:
    write_if_equal(FORMATS["keras"], with_layers_of_ours(), CONTRACT, tmp_path / "digits.keras", prove_on=IMAGES)
    with zipfile.ZipFile(tmp_path / "digits.keras") as file:
        assert b"digitry" not in file.read("config.json")


def test_a_folder_is_never_written_over(model: Any, tmp_path: Path) -> None:
    mine = tmp_path / "model"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    with pytest.raises(StorageError, match="already exists; choose another place"):
        write_if_equal(FORMATS["saved-model"], model, CONTRACT, mine, prove_on=IMAGES[:10])
    assert [path.name for path in tmp_path.rglob("*")] == ["model", "notes.txt"]


def test_a_folder_that_cannot_be_placed_is_one_error(model: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match="cannot write"):
        write_if_equal(FORMATS["saved-model"], model, CONTRACT, tmp_path / "file" / "model", prove_on=IMAGES[:10])


@pytest.mark.parametrize(
    "name",
    # One of each kind, exact, rounded and a folder, in every run of the tests.
    [
        name if name in {"onnx", "onnx-int8", "saved-model"} else pytest.param(name, marks=pytest.mark.slow)
        for name in FORMATS
    ],
)
def test_what_answers_otherwise_is_not_written(name: str, model: Any, tmp_path: Path) -> None:
    form = FORMATS[name]
    wrong = form._replace(answers=lambda *args: form.answers(*args)[:, ::-1])
    with pytest.raises(ModelError, match=f"the {form.name} does not answer as Keras does"):
        write_if_equal(wrong, model, CONTRACT, tmp_path / "model", prove_on=IMAGES[:50])
    assert list(tmp_path.iterdir()) == []


def test_integer_ends_take_and_give_whole_numbers(model: Any, tmp_path: Path) -> None:
    form, path = FORMATS["litert-int8"].options["ends"]("integer"), tmp_path / "digits.tflite"
    proof = write_if_equal(form, model, CONTRACT, path, prove_on=IMAGES)
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    ends = [*interpreter.get_input_details(), *interpreter.get_output_details()]
    assert [one["dtype"] for one in ends] == [np.int8, np.int8]
    assert (proof.got.argmax(1) == proof.expected.argmax(1)).mean() >= 1 - form.labels_may_differ


def test_without_litert_nothing_is_written(model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(ModelError, match=r"pip install .*\[litert\]"):
        write_if_equal(FORMATS["litert"], model, CONTRACT, tmp_path / "digits.tflite", prove_on=IMAGES[:10])
    assert list(tmp_path.iterdir()) == []


def test_a_share_of_other_labels_passes_and_one_more_does_not() -> None:
    one = np.eye(10, dtype=np.float32)[np.zeros(1000, int)]
    for differing, passes in ((5, True), (6, False)):
        other = one.copy()
        other[:differing] = other[:differing, ::-1]
        if passes:
            assert check_parity(one, other, labels_may_differ=0.005) == 1
        else:
            with pytest.raises(ModelError, match=r"6 of 1000 labels differ.*allowed: 5 labels"):
                check_parity(one, other, labels_may_differ=0.005)
    with pytest.raises(ModelError):
        check_parity(one, one * np.float32("nan"), labels_may_differ=0.005)


def test_a_small_difference_passes_and_a_larger_or_a_nan_does_not() -> None:
    one = np.array([[0.6, 0.4]], np.float32)
    assert check_parity(one, one + np.float32(5e-5)) == pytest.approx(5e-5, rel=0.01)
    for other in (one + np.float32(2e-4), one[:, ::-1], one * np.float32("nan")):
        with pytest.raises(ModelError):
            check_parity(one, other)


def test_softmax_by_hand_and_for_logits_beyond_what_exp_can_hold() -> None:
    logits = np.array([[[0.0, np.log(3)], [1000.0, 1000.0]], [[-1000.0, 0.0], [5.0, 5.0]]], np.float32)
    expected = [[[0.25, 0.75], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]]
    found = softmax_of(logits)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_two_answers_within_rounding_of_each_other_may_come_in_either_order() -> None:
    one = np.array([[0.50001, 0.49999], [0.9, 0.1]], np.float32)
    other = np.array([[0.49999, 0.50001], [0.9, 0.1]], np.float32)
    assert check_parity(one, other, tie=1e-4) == pytest.approx(2e-5, rel=0.01)
    with pytest.raises(ModelError, match="1 of 2 labels differ"):
        check_parity(one, other)
    with pytest.raises(ModelError, match="1 of 2 labels differ"):
        check_parity(one, other, tie=1e-5)


def test_a_tie_excuses_no_larger_difference() -> None:
    one, other = np.array([[0.5, 0.5]], np.float32), np.array([[0.4, 0.6]], np.float32)
    with pytest.raises(ModelError, match=r"0 of 1 labels differ, probabilities by up to 1\.0e-01"):
        check_parity(one, other, tie=1e-4)
