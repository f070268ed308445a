"""The model door: what a good file gives, and that a bad one is refused in one line before it can do anything."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from digitry.errors import ModelError
from digitry.images.canonical import canonical
from digitry.networks.contract import METADATA_KEY
from digitry.networks.model import Model
from digitry.networks.onnx_bytes import MAX_MODEL_BYTES, check_model_bytes
from digitry.networks.page_answer import CLASSES
from tests.unit.tiny_models import (
    number_model,
    number_model_bytes,
    page_model_bytes,
    printed_digit,
    shaded_strip,
    template_model,
    template_model_bytes,
)


def digits() -> np.ndarray:
    return np.stack([canonical(printed_digit(digit)) for digit in range(10)])


def refusal(data: bytes) -> str:
    with pytest.raises(ModelError) as caught:
        Model(data, reads="digit")
    message = str(caught.value)
    assert "\n" not in message
    return message


def number_refusal(data: bytes) -> str:
    with pytest.raises(ModelError) as caught:
        Model(data, reads="number")
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_model_tells_its_templates_apart_and_its_rows_sum_to_one() -> None:
    rows = Model(template_model_bytes(), reads="digit").probabilities(digits())
    assert rows.dtype == np.float32
    assert rows.argmax(axis=1).tolist() == list(range(10))
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-6)


def test_batches_of_any_size_give_the_same_answers() -> None:
    predictor = Model(template_model_bytes(), reads="digit")
    whole = predictor.probabilities(digits())
    np.testing.assert_allclose(predictor.probabilities(digits(), batch_size=3), whole, atol=1e-6)
    assert predictor.probabilities(digits()[:0]).shape == (0, 10)


def test_the_contract_travels_with_the_model_from_file_or_bytes(tmp_path: Path) -> None:
    (tmp_path / "tiny.onnx").write_bytes(template_model_bytes(class_names=("bag", "shoe")))
    assert Model(tmp_path / "tiny.onnx", reads="digit").contract.class_names == ("bag", "shoe")
    assert Model(template_model_bytes(), reads="digit").contract.recipe == "tiny"


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere\.onnx: No such file"):
        Model(tmp_path / "nowhere.onnx", reads="digit")
    with pytest.raises(ModelError, match=r"is not a run: expected a folder with config\.json and model\.onnx"):
        Model(tmp_path, reads="digit")


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + bytes(99), b"\xff" * 50, bytes(50)])
def test_what_is_no_model_is_refused(data: bytes) -> None:
    assert "not an ONNX model" in refusal(data)


def test_a_damaged_model_puts_nothing_on_the_screen_but_what_the_error_says(capfd: pytest.CaptureFixture[str]) -> None:
    """The runtime would tell on stdout, where results are, what it falls back to."""
    data = template_model_bytes()
    at = data.index(b"MatMul")
    assert "not an ONNX model that can run" in refusal(data[:at] + b"NatMul" + data[at + 6 :])
    assert capfd.readouterr() == ("", "")


def test_a_damaged_scale_is_fitted_anew_with_the_command_that_the_error_names(tmp_path: Path) -> None:
    contract = replace(Model(template_model_bytes()).contract, confidence_scale=None).to_json()
    broken = contract.replace('"confidence_scale": null', '"confidence_scale": {}')
    assert broken != contract
    model = template_model()
    helper.set_model_props(model, {METADATA_KEY: broken})
    file = tmp_path / "my digits.onnx"
    file.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="confidence must have exactly the fields") as caught:
        Model(file)
    assert str(caught.value).endswith(f"fit it again: digitry calibrate '{file}'")


def test_a_model_cut_anywhere_is_refused() -> None:
    data = template_model_bytes()
    for size in range(0, len(data) - 1, max(1, len(data) // 60)):
        refusal(data[:size])


def test_a_model_without_a_good_contract_is_refused() -> None:
    assert "has no contract" in refusal(template_model_bytes(contract=""))
    assert "not JSON" in refusal(template_model_bytes(contract="{"))
    assert "exactly the fields" in refusal(template_model_bytes(contract="{}"))
    scaled = template_model().metadata_props[0].value.replace("0.00392156862745098", "1.5")
    assert "scale must be above 0 and at most 1" in refusal(template_model_bytes(contract=scaled))


def test_wrong_inputs_and_outputs_are_refused() -> None:
    assert "must turn 'images' into 'probabilities'" in refusal(template_model_bytes(input_name="pixels"))
    assert "float32 (n, 28, 28, 1)" in refusal(template_model_bytes(side=32))
    assert "not probabilities" in refusal(template_model_bytes(softmax=False))
    eleven = template_model().metadata_props[0].value.replace('"0", ', '"0", "10", ')
    assert "expected float32 (2, 11)" in refusal(template_model_bytes(contract=eleven))


def test_a_network_for_pages_answers_for_every_spot() -> None:
    page = np.arange(64 * 32, dtype=np.float32).reshape(64, 32)
    model = Model(page_model_bytes(), reads="page")
    answers = model.answers(page)
    assert (answers.shape, model.class_names[-1]) == ((CLASSES + 3, 16, 8), "other")
    np.testing.assert_allclose(answers[5], page.reshape(16, 4, 8, 4).mean(axis=(1, 3)), rtol=1e-6)
    with pytest.raises(ModelError, match="the model reads whole pages: it has answers for every spot"):
        model.probabilities(digits())


def test_a_network_for_pages_with_too_few_answers_or_in_the_place_of_another_is_refused() -> None:
    with pytest.raises(ModelError, match=r"expected finite float32 \(21, 16, 16\)"):
        Model(page_model_bytes(channels=20))
    assert "the model reads whole pages, but one that reads single digits is needed here" in refusal(page_model_bytes())
    with pytest.raises(ModelError, match="the model reads single digits: it gives probabilities"):
        Model(template_model_bytes()).answers(np.zeros((32, 32), np.float32))


def test_operators_of_other_makers_are_refused() -> None:
    assert "operator of 'evil.corp'" in refusal(template_model_bytes(domain="evil.corp"))


def test_an_operator_hidden_in_a_branch_is_refused() -> None:
    model = template_model()
    hidden = helper.make_graph([helper.make_node("Run", [], ["x"], domain="evil.corp")], "branch", [], [])
    model.graph.node.append(helper.make_node("If", ["c"], ["x"], then_branch=hidden, else_branch=hidden))
    with pytest.raises(ModelError, match=r"evil\.corp"):
        check_model_bytes(model.SerializeToString())


def test_weights_in_another_file_are_refused_and_the_file_is_never_opened(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(31360))
    model = template_model()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="secret")
    os.chdir(tmp_path)
    opened: list[str] = []
    sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
    assert "another file" in refusal(model.SerializeToString())
    assert not [name for name in opened if "secret" in name]


def test_functions_and_training_steps_of_the_model_s_own_are_refused() -> None:
    for add in ("functions", "training_info"):
        model = template_model()
        getattr(model, add).add()
        assert "of its own" in refusal(model.SerializeToString())


def test_deep_nesting_and_large_files_are_refused_before_parsing() -> None:
    graph = helper.make_graph([], "innermost", [], [])
    for _ in range(20):
        graph = helper.make_graph([helper.make_node("If", ["c"], [], then_branch=graph)], "g", [], [])
    model = template_model()
    model.graph.CopyFrom(graph)
    with pytest.raises(ModelError, match="nests deeper"):
        check_model_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="at most"):
        check_model_bytes(bytes(MAX_MODEL_BYTES + 1))


def test_flipped_bits_never_end_in_anything_but_a_model_or_a_model_error() -> None:
    data, rng = bytearray(template_model_bytes()), np.random.default_rng(0)
    head = len(data) - 400  # the names, shapes and contract; weights fill the rest
    for position in [*range(120), *rng.integers(head, len(data), 120)]:
        spoiled = bytearray(data)
        spoiled[position] ^= 1 << int(rng.integers(8))
        try:
            rows = Model(bytes(spoiled), reads="digit").probabilities(digits()[:1])
        except ModelError as error:
            assert "\n" not in str(error)  # noqa: PT017
        else:
            assert np.isfinite(rows).all()


def test_a_model_of_numbers_says_for_every_frame_what_stands_there() -> None:
    strip = shaded_strip([None, 4, 7, None, 0, None])
    (frames,) = Model(number_model_bytes(), reads="number").probabilities(strip[np.newaxis])
    assert frames.dtype == np.float32
    assert frames.argmax(axis=1).tolist() == [0, 0, 5, 5, 8, 8, 0, 0, 1, 1, 0, 0]
    np.testing.assert_allclose(frames.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("width", [4, 64, 400])
def test_strips_of_any_width_are_read_and_many_as_each_alone(width: int) -> None:
    predictor = Model(number_model_bytes(), reads="number")
    strips = np.random.default_rng(0).integers(0, 256, (3, 40, width), dtype=np.uint8)
    together = predictor.probabilities(strips)
    assert together.shape == (3, width // 2, 11)
    for strip, frames in zip(strips, together, strict=True):
        np.testing.assert_allclose(predictor.probabilities(strip[np.newaxis])[0], frames, atol=1e-6)


def test_a_model_of_digits_is_none_of_numbers_and_the_other_way_round() -> None:
    assert number_refusal(template_model_bytes()) == (
        "the model reads single digits, but one that reads whole numbers is needed here"
    )
    assert refusal(number_model_bytes()) == (
        "the model reads whole numbers, but one that reads single digits is needed here"
    )


def test_a_model_of_numbers_that_answers_in_other_shapes_is_refused() -> None:
    assert "strips of float32 (n, 40, width, 1)" in number_refusal(number_model_bytes(height=48))
    assert "expected (2, frames, classes)" in number_refusal(number_model_bytes(rank=2))
    assert "expected float32 (2, 32, 11)" in number_refusal(number_model_bytes(classes=8))


def test_a_model_of_numbers_whose_answers_are_no_probabilities_is_refused() -> None:
    assert "not probabilities" in number_refusal(number_model_bytes(softmax=False))


def test_a_model_of_numbers_without_a_good_contract_is_refused() -> None:
    assert "has no contract" in number_refusal(number_model_bytes(contract=""))
    assert "not JSON" in number_refusal(number_model_bytes(contract="{"))
    written = number_model().metadata_props[0].value
    scaled = written.replace("0.00392156862745098", "1.5")
    assert "scale must be above 0 and at most 1" in number_refusal(number_model_bytes(contract=scaled))
    assert "expects input [48, 0, 1]" in number_refusal(number_model_bytes(contract=written.replace("[40,", "[48,")))


@pytest.mark.parametrize("data", [b"", b"hello", bytes(50)])
def test_what_is_no_model_reads_no_numbers(data: bytes) -> None:
    assert "not an ONNX model" in number_refusal(data)
