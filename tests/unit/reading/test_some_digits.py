"""A model of some of the ten digits reads pages: of the others the networks for numbers and pages speak alone."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from click.testing import CliRunner

from digitry.cli import group
from digitry.errors import SettingError
from digitry.networks.contract import STRIP_SHAPE, Contract
from digitry.reading import Reader
from tests.unit.images.written import ink_page
from tests.unit.tiny_models import number_model_bytes, printed_digit, shaded_strip, template_model_bytes

NOT_7 = "the model for single digits does not know 7, only 3, 8"


@pytest.fixture
def reader() -> Reader:
    """Knows 3 and 8, and takes everything for an 8."""
    made = Reader(template_model_bytes(class_names=("3", "8")), sure_confidence=0.0)
    made.networks.read_digits = lambda images: np.tile(np.float32([0.1, 0.9]), (len(images), 1))  # type: ignore[method-assign]
    return made


def page(text: str) -> np.ndarray:
    return (235 - ink_page(text, height=120) * 0.8).astype(np.uint8)


def test_it_is_said_once_what_it_does_not_know(reader: Reader) -> None:
    with pytest.warns(
        UserWarning, match="single digits knows only 3, 8: other digits are read by the networks for numbers"
    ):
        reader.check_expectation("page")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reader.check_expectation("number")
        Reader(template_model_bytes(class_names=("3", "8"))).check_expectation("digit")


@pytest.mark.filterwarnings("ignore:the model for single digits knows only")
def test_a_digit_that_it_does_not_know_is_read_by_the_others_and_never_sure(reader: Reader) -> None:
    for reading in (reader.read(page("7")), reader.read_drawing(printed_digit(7))):
        assert (reading.text, reading.sure, reading.reason) == ("7", False, NOT_7)
    reading = reader.read_drawing(printed_digit(3))
    assert (reading.text, reading.sure) == ("8", True), "of what it knows it has the last word"
    assert reader.read(page("73")).text == "73"


def test_where_a_single_digit_is_expected_it_answers_with_one_that_it_knows(reader: Reader) -> None:
    assert reader.read(page("7"), expect="digit").text == "8"


def test_a_network_for_numbers_may_know_some_digits_too() -> None:
    names = ("3", "8", "9")
    contract = Contract("tiny", names, input_shape=STRIP_SHAPE, reads="number")
    reader = Reader(number_model_bytes(contract=contract.to_json(), classes=4), sure_confidence=0.0)
    with pytest.warns(UserWarning, match="numbers knows only 3, 8, 9: it never reads another digit"):
        reader.check_expectation("number")
    frames = reader.networks.read_strips(shaded_strip([None, 0, None, 2])[np.newaxis])
    assert frames.shape[2] == 11
    assert sorted(set(frames[0].argmax(axis=1).tolist())) == [0, 1 + 3, 1 + 9]
    np.testing.assert_allclose(frames.sum(axis=2), 1, atol=1e-5)


@pytest.mark.parametrize("names", [("a", "b"), ("3", "x"), tuple("1234567890")])
def test_others_than_digits_in_their_order_are_refused_as_before(names: tuple[str, ...]) -> None:
    with pytest.raises(SettingError, match=f"reads {names[0]}.*, not digits; use expect 'digit'"):
        Reader(template_model_bytes(class_names=names)).check_expectation("page")


def test_info_says_what_it_means() -> None:
    with open("some.onnx", "wb") as file:
        file.write(template_model_bytes(class_names=tuple("12345678")))
    said = " ".join(CliRunner().invoke(group, ["info", "some.onnx"]).stdout.split())
    assert "1, 2, 3, 4, 5, 6, 7, 8; not 0, 9: it answers every picture with a digit that it knows" in said
