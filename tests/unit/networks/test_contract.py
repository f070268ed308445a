"""The contract says what a model reads, and nothing of another digitry passes for it."""

from __future__ import annotations

import json

import pytest

from digitry.errors import ModelError
from digitry.images.strip import STRIP_HEIGHT
from digitry.networks.contract import DIGIT_SHAPE, STRIP_SHAPE, Contract

DIGITS = Contract("reader", tuple("0123456789"))
STRIPS = Contract("string-reader", tuple("0123456789"), input_shape=STRIP_SHAPE, metrics={"temperature": 1.4})


@pytest.mark.parametrize("contract", [DIGITS, STRIPS], ids=["digit", "number"])
def test_a_contract_survives_its_json(contract: Contract) -> None:
    assert Contract.from_json(contract.to_json()) == contract


def test_digits_are_28_pixels_square_and_strips_as_high_as_they_are_cut_and_of_any_width() -> None:
    assert Contract("any", ("a", "b")).input_shape == DIGIT_SHAPE == (28, 28, 1)
    assert STRIP_SHAPE == (STRIP_HEIGHT, 0, 1)


@pytest.mark.parametrize("shape", [[40, 192, 1], [0, 0, 1], [28, 28, 3], [28, 28], [32, 0, 1], "strip", None])
def test_any_other_shape_is_refused(shape: object) -> None:
    raw = json.loads(STRIPS.to_json()) | {"input_shape": shape}
    with pytest.raises(ModelError, match="the model expects input"):
        Contract.from_json(json.dumps(raw))


def test_the_temperature_is_the_fitted_one_or_one() -> None:
    assert STRIPS.temperature == 1.4
    assert DIGITS.temperature == 1.0
    assert isinstance(Contract("any", ("a", "b"), metrics={"temperature": 2}).temperature, float)
