"""The scale of confidence that travels with a model: what it says, and what of a stranger's it refuses."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from digitry.errors import ModelError
from digitry.networks.model import Model
from digitry.networks.scale import MOST_POINTS, NEVER, Scale

SCALE = Scale(
    own=(0.5, 0.9, 0.99),
    calibrated=(0.2, 0.6, 0.98),
    max_errors=(0.01, 0.1),
    least=(0.97, 0.8),
    pictures=500,
    accuracy=0.9,
    made_of="drawn digits",
    seed=3,
)


def raw(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(json.dumps(asdict(SCALE)))
    return values | changes


def test_calibrating_meets_the_known_points_and_rises_between_them() -> None:
    assert [SCALE.calibrate(own) for own in SCALE.own] == pytest.approx(SCALE.calibrated)
    values = [SCALE.calibrate(own) for own in np.linspace(-0.5, 1.5, 200)]
    assert values == sorted(values)
    assert (values[0], values[-1]) == (0.2, 0.98)


def test_between_two_points_distances_are_those_to_one() -> None:
    # 0.968… is as far from 0.9 as from 0.99 when told by how many times less is left to 1.
    assert SCALE.calibrate(1 - 10**-1.5) == pytest.approx((0.6 + 0.98) / 2, abs=1e-3)


def test_the_more_errors_are_allowed_the_less_confidence_it_takes() -> None:
    assert [SCALE.least_confidence(e) for e in (0.01, 0.05, 0.1, 1.0)] == [0.97, 0.97, 0.8, 0.8]


def test_a_rate_below_all_that_was_reached_makes_nothing_sure() -> None:
    assert SCALE.least_confidence(0.005) > 1
    assert SCALE.least_confidence(0) > 1


def test_the_lowest_error_rate_that_is_kept_is_known_or_there_is_none() -> None:
    assert SCALE.least_error == 0.01
    assert replace(SCALE, least=(NEVER, 0.8)).least_error == 0.1
    assert replace(SCALE, least=(NEVER, NEVER)).least_error is None


def test_a_scale_survives_its_json() -> None:
    assert Scale.from_json(raw()) == SCALE
    assert Scale.from_json(raw(seed=None, least=[NEVER, 1])) == replace(SCALE, seed=None, least=(NEVER, 1.0))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"more": 1}, "exactly the fields"),
        ({"own": []}, "1 to 200 values in own"),
        ({"own": [0.5] * (MOST_POINTS + 1)}, "1 to 200 values in own"),
        ({"own": "0.5"}, "1 to 200 values in own"),
        ({"own": [0.5, 0.9, 1.01]}, "from 0 to 1 in own"),
        ({"own": [0.5, 0.9, True]}, "from 0 to 1 in own"),
        ({"own": [0.5, 0.9, float("nan")]}, "from 0 to 1 in own"),
        ({"own": [0.5, 0.9, 10**400]}, "from 0 to 1 in own"),
        ({"own": [0.9, 0.5, 0.99]}, "rising values in own"),
        ({"own": [0.5, 0.5, 0.99]}, "rising values in own"),
        ({"own": [0.5, 0.9]}, "as many values calibrated as own"),
        ({"calibrated": [0.6, 0.2, 0.98]}, "never fall in calibrated"),
        ({"calibrated": [0.2, 0.6, -0.1]}, "from 0 to 1 in calibrated"),
        ({"max_errors": [0, 0.1]}, "the latter above 0"),
        ({"max_errors": [0.1, 0.01]}, "rising values in own and max_errors"),
        ({"least": [0.97]}, "as many least as max_errors"),
        ({"least": [0.8, 0.97]}, "never rise in least"),
        ({"least": [1.2, 0.8]}, "from 0 to 1 in least"),
        ({"pictures": 0}, "count its pictures"),
        ({"pictures": 1.5}, "count its pictures"),
        ({"pictures": True}, "count its pictures"),
        ({"seed": -1}, "a whole number or nothing as its seed"),
        ({"seed": "0"}, "a whole number or nothing as its seed"),
        ({"accuracy": 2}, "an accuracy from 0 to 1"),
        ({"second_opinion": 1}, "true or false as its second_opinion"),
        ({"made_of": "a" * 301}, "at most 300 printable letters"),
        ({"made_of": "two\nlines"}, "at most 300 printable letters"),
        ({"made_of": 7}, "at most 300 printable letters"),
    ],
)
def test_what_no_scale_of_ours_says_is_refused_with_the_reason(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        Scale.from_json(raw(**changes))


@pytest.mark.parametrize("value", [None, [], "scale", 1, {}])
def test_what_is_no_scale_at_all_is_refused(value: object) -> None:
    with pytest.raises(ModelError, match="the model's scale of confidence must have exactly the fields"):
        Scale.from_json(value)


@pytest.mark.parametrize(("reads", "covered", "pictures"), [("digit", 0.005, 11998), ("number", 0.005, 23996)])
def test_the_shipped_networks_carry_scales_that_cover_an_error_rate(reads: str, covered: float, pictures: int) -> None:
    scale = Model.shipped(reads).contract.confidence_scale
    assert scale is not None
    assert scale.least_confidence(covered) <= 1
    assert (scale.pictures, scale.second_opinion) == (pictures, reads == "digit")


def test_the_scale_of_the_shipped_digits_is_the_one_that_was_measured() -> None:
    scale = Model.shipped("digit").contract.confidence_scale
    assert scale is not None
    least = scale.least_confidence(0.005), scale.least_confidence(0.002), scale.least_confidence(0.001)
    assert least == pytest.approx((0.821193, 0.993407, 1.1), abs=1e-6)
