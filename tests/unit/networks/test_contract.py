"""The contract says what a model reads and in which form, and nothing of another digitry passes for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from digitry.errors import ModelError
from digitry.images.strip import STRIP_HEIGHT
from digitry.networks.contract import DARK, DIGIT_SHAPE, EVEN, PAGE_SHAPE, STRIP_SHAPE, Contract
from digitry.types import IMAGE_SIDE

DIGITS = Contract("reader", tuple("0123456789"))
LARGER = Contract("larger", tuple("0123456789"), input_shape=(32, 32, 1), scale=0.5, polarity=DARK)
STRIPS = Contract("strips", tuple("0123456789"), input_shape=STRIP_SHAPE, reads="number", metrics={"temperature": 1.4})
PAGES = Contract("pages", tuple("0123456789+-"), input_shape=PAGE_SHAPE, scale=1.0, polarity=EVEN, reads="page")


def changed(contract: Contract, **changes: Any) -> str:
    """Its JSON with other values."""
    return json.dumps(json.loads(contract.to_json()) | changes)


@pytest.mark.parametrize("contract", [DIGITS, LARGER, STRIPS, PAGES], ids=["digit", "larger", "number", "page"])
def test_a_contract_survives_its_json(contract: Contract) -> None:
    assert Contract.from_json(contract.to_json()) == contract


def test_digits_are_as_large_as_canonical_ones_and_strips_as_high_as_they_are_cut_where_nothing_else_is_said() -> None:
    assert Contract("any", ("a", "b")).input_shape == DIGIT_SHAPE == (IMAGE_SIDE, IMAGE_SIDE, 1)
    assert STRIP_SHAPE == (STRIP_HEIGHT, 0, 1)


@pytest.mark.parametrize(("contract", "reads"), [(DIGITS, "digit"), (STRIPS, "number")])
def test_a_contract_of_before_that_does_not_say_what_is_read_says_it_by_its_input(
    contract: Contract, reads: str
) -> None:
    raw = json.loads(contract.to_json())
    for name in ("reads", "seed", "confidence_scale"):
        del raw[name]
    assert Contract.from_json(json.dumps(raw)).reads == reads


@pytest.mark.parametrize(
    "shape", [[28, 28, 3], [28, 28], [32, 0, 1], [7, 7, 1], [129, 129, 1], [28, 32, 1], [40, 0, 1]]
)
def test_a_network_for_digits_wants_a_grey_square_of_a_sane_size(shape: list[int]) -> None:
    with pytest.raises(ModelError, match="one that reads a digit may expect N×N×1, N from 8 to 128"):
        Contract.from_json(changed(DIGITS, input_shape=shape))


@pytest.mark.parametrize(("contract", "shape"), [(STRIPS, [40, 192, 1]), (STRIPS, [28, 28, 1]), (PAGES, [40, 0, 1])])
def test_strips_and_pages_have_the_one_form_that_they_are_cut_in(contract: Contract, shape: list[int]) -> None:
    with pytest.raises(ModelError, match="the model expects input"):
        Contract.from_json(changed(contract, input_shape=shape))


@pytest.mark.parametrize("shape", ["strip", None, [28.0, 28.0, 1.0], [True, True, True], {"height": 28}])
def test_what_is_no_shape_is_refused(shape: object) -> None:
    with pytest.raises(ModelError, match="not height, width and channels"):
        Contract.from_json(changed(DIGITS, input_shape=shape))


@pytest.mark.parametrize(("contract", "polarity"), [(DIGITS, EVEN), (STRIPS, "grey"), (PAGES, "light-on-dark")])
def test_a_polarity_that_nobody_makes_is_refused(contract: Contract, polarity: str) -> None:
    with pytest.raises(ModelError, match=f"expects input .* {polarity}"):
        Contract.from_json(changed(contract, polarity=polarity))


@pytest.mark.parametrize(("contract", "scale"), [(DIGITS, 0.0), (DIGITS, 1.5), (DIGITS, 1), (PAGES, 0.5)])
def test_a_scale_that_makes_nothing_of_pixels_is_refused(contract: Contract, scale: float) -> None:
    with pytest.raises(ModelError, match="scale must be"):
        Contract.from_json(changed(contract, scale=scale))


@pytest.mark.parametrize("reads", ["letter", "", None, 3, ["digit"]])
def test_what_no_network_reads_here_is_refused(reads: object) -> None:
    with pytest.raises(ModelError, match="this digitry knows digit, number, page"):
        Contract.from_json(changed(DIGITS, reads=reads))


def test_the_temperature_is_the_fitted_one_or_one() -> None:
    assert STRIPS.temperature == 1.4
    assert DIGITS.temperature == 1.0
    assert isinstance(Contract("any", ("a", "b"), metrics={"temperature": 2}).temperature, float)
