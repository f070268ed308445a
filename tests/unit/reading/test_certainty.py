"""How sure is sure: what is made of a confidence with a scale, and without one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digitry.errors import SettingError
from digitry.networks.scale import NEVER, Scale
from digitry.reading.certainty import NO_SCALE, check_max_error, share_doubt, weigh_confidence

SCALE = Scale((0.5, 0.9, 0.99), (0.2, 0.6, 0.98), (0.01, 0.1), (0.97, 0.8), 500, 0.9, "drawn digits")


def test_a_model_without_a_scale_is_sure_of_nothing_and_says_so() -> None:
    for confidence in (0.0, 0.9, 1.0):
        for max_error in (0.0, 0.005, 1.0):
            assert weigh_confidence(None, confidence, max_error) == (
                confidence,
                False,
                NO_SCALE,
            )


def test_a_confidence_from_the_least_on_is_sure_and_one_below_is_too_low() -> None:
    assert weigh_confidence(SCALE, 0.97, 0.01)[1:] == (True, None)
    shown, sure, reason = weigh_confidence(SCALE, 0.969, 0.01)
    assert (sure, reason) == (False, f"a confidence of {shown:.1%} is too low to keep errors within 1%")


def test_a_rate_that_nothing_is_known_to_keep_names_the_least_that_is_or_that_there_is_none() -> None:
    assert weigh_confidence(SCALE, 1.0, 0.001)[2] == (
        "no confidence is known to keep errors within 0.1%; the lowest rate to ask for is 1%"
    )
    never = replace(SCALE, least=(NEVER, NEVER))
    assert weigh_confidence(never, 1.0, 0.001)[1:] == (
        False,
        "no confidence is known to keep errors within 0.1%; not even within 10%",
    )


@pytest.mark.parametrize("max_error", [-0.1, 1.01, 5, float("nan"), float("inf")])
def test_a_rate_that_is_no_share_is_refused(max_error: float) -> None:
    with pytest.raises(SettingError, match=r"max_error must be from 0 to 1, not .*one error in 200"):
        check_max_error(max_error)


def test_the_ends_of_the_range_are_shares() -> None:
    assert [check_max_error(value) for value in (0, 0.005, 1)] == [0, 0.005, 1]


def test_alternatives_share_what_the_confidence_leaves_and_stay_behind_the_reading() -> None:
    others = (("9", 0.3), ("7", 0.1))
    assert share_doubt(others, 0.6, 0.8) == (("9", pytest.approx(0.15)), ("7", pytest.approx(0.05)))
    assert share_doubt(others, 0.6, 0.6) == (("9", pytest.approx(0.3)), ("7", pytest.approx(0.1)))
    assert share_doubt(others, 0.6, 0.2) == (("9", pytest.approx(0.2)), ("7", pytest.approx(0.2)))
    assert share_doubt(others, 1.0, 1.0) == (("9", 0.0), ("7", 0.0))
    assert share_doubt((("9", 1e-8),), 1.0, 0.999) == (("9", pytest.approx(0.001)),)  # in float32 1 - 1e-8 is 1
