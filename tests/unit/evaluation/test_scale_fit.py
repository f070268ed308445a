"""How a scale is fitted: ten confidences by hand, what rises and falls, and what few pictures cannot show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitry.evaluation.scale_fit import chance_of_at_most, fit_scale
from digitry.networks.scale import NEVER, Scale

CONFIDENCE = np.array([0.3, 0.99, 0.5, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.4])
RIGHT = np.array([True, True, False, True, True, True, False, True, True, False])


def fit(confidence: np.ndarray, right: np.ndarray, *max_errors: float, certainty: float = 0.95) -> Scale:
    return fit_scale(confidence, right, made_of="tests", max_errors=max_errors, certainty=certainty)


def test_the_chance_of_few_errors_is_the_binomial_one() -> None:
    # Of 10 readings that err with 0.2: none 0.8¹⁰, at most one that and 10 · 0.2 · 0.8⁹.
    none, one = 0.8**10, 0.8**10 + 10 * 0.2 * 0.8**9
    assert chance_of_at_most(np.array([0, 1, 10]), np.array([10, 10, 10]), 0.2) == pytest.approx([none, one, 1])
    assert chance_of_at_most(np.array([0]), np.array([598]), 0.005)[0] == pytest.approx(0.995**598)


def test_ten_confidences_imply_the_least_ones_by_hand() -> None:
    # Ranked, right ones R, wrong ones W: RRRR W RR WW R. With half of a chance to be wrong about it: four without an
    # error show less than 0.2 (0.8⁴ = 0.41), three do not (0.51); seven with one show less than 0.25 (0.44).
    scale = fit(CONFIDENCE, RIGHT, 0.15, 0.2, 0.25, certainty=0.5)
    assert scale.least == (NEVER, 0.85, 0.6)


def test_ten_confidences_imply_a_rising_share_of_right_ones_by_hand() -> None:
    # From below R WW RR W RRRR: what falls is pooled, so 1 of 3, 2 of 3, 4 of 4; and half an error more each.
    scale = fit(CONFIDENCE, RIGHT, 0.1)
    assert scale.own == pytest.approx((0.4, 0.7, 0.9225))
    assert scale.calibrated == pytest.approx((1 / 3.5, 2 / 3.5, 4 / 4.5), abs=1e-6)
    assert (scale.pictures, scale.accuracy) == (10, 0.7)


@pytest.mark.parametrize(("readings", "is_sure"), [(597, False), (598, True)])
def test_so_many_readings_without_an_error_it_takes_to_be_sure_of_one_in_two_hundred(
    readings: int, is_sure: bool
) -> None:
    # 0.995^n ≤ 0.05 from n = 598 on.
    assert math.ceil(math.log(0.05) / math.log(0.995)) == 598
    scale = fit(np.linspace(0.9, 1, readings), np.ones(readings, bool), 0.005)
    assert (scale.least[0] <= 1) == is_sure


@pytest.mark.parametrize(("digits", "is_sure"), [(597, False), (598, True)])
def test_two_pictures_of_each_digit_without_an_error_count_as_one(digits: int, is_sure: bool) -> None:
    # Nothing shows yet whether the two would be wrong together.
    confidence = np.linspace(0.9, 1, 2 * digits)
    scale = fit_scale(
        confidence, np.ones(2 * digits, bool), np.arange(2 * digits) % digits, made_of="tests", max_errors=(0.005,)
    )
    assert (scale.least[0] <= 1) == is_sure


def test_digits_that_are_wrong_in_all_their_pictures_count_once_and_others_as_often_as_they_come() -> None:
    def shown(wrong: np.ndarray, digit: np.ndarray | None) -> float:
        """The least error rate that can be shown, as a multiple of the share that is wrong."""
        rates = tuple(wrong.mean() * np.arange(1, 1.5, 0.01))
        scale = fit_scale(np.ones(len(wrong)), ~wrong, digit, made_of="tests", max_errors=rates)
        return 1 + 0.01 * [one <= 1 for one in scale.least].index(True)

    rng = np.random.default_rng(3)
    digit = np.arange(8000) % 4000
    together, alone = (rng.random(4000) < 0.05)[digit], rng.random(8000) < 0.05
    assert shown(together, digit) == pytest.approx(shown(together[:4000], None), abs=0.011)
    assert shown(together, digit) > shown(together, None) + 0.03
    assert shown(alone, digit) == pytest.approx(shown(alone, None), abs=0.011)


def test_the_order_of_the_readings_does_not_matter() -> None:
    order = np.random.default_rng(0).permutation(10)
    assert fit(CONFIDENCE[order], RIGHT[order], 0.3) == fit(CONFIDENCE, RIGHT, 0.3)


def test_readings_of_one_confidence_are_sure_together_or_not_at_all() -> None:
    # A network that is as sure of its mistakes: whatever the order, the hundred wrong ones are among the others.
    right = np.ones(1000, bool)
    right[900:] = False
    assert fit(np.ones(1000), right, 0.05).least == (NEVER,)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200))
def test_whatever_is_fitted_is_a_scale_that_a_model_may_carry(pairs: list[tuple[float, bool]]) -> None:
    from dataclasses import asdict

    confidence, right = np.array([c for c, _ in pairs]), np.array([r for _, r in pairs], bool)
    scale = fit(confidence, right, 0.01, 0.1, 0.3)
    values = asdict(scale)
    assert Scale.from_json({name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}) == scale
    assert max(scale.calibrated) < 1


def test_a_few_perfect_readings_at_the_top_do_not_fall_below_the_many_before_them() -> None:
    # About 9,000 below with one wrong among them, 1,000 above with none: half an error weighs more on the few.
    right = np.ones(10_000, bool)
    right[9_000] = False
    calibrated = fit(np.linspace(0, 1, 10_000), right, 0.1).calibrated
    assert list(calibrated) == sorted(calibrated)


def test_readings_above_the_least_confidence_keep_the_error_rate_on_what_it_was_fitted_to() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.random(5000)
    right = rng.random(5000) < confidence**0.2
    for allowed, least in zip((0.03, 0.05, 0.1), fit(confidence, right, 0.03, 0.05, 0.1).least, strict=True):
        above = confidence >= least
        assert above.any()
        assert (~right[above]).mean() <= allowed


def test_where_all_is_wrong_nothing_is_ever_sure() -> None:
    scale = fit(CONFIDENCE, np.zeros(10, bool), 0.01, 0.5)
    assert scale.least == (NEVER, NEVER)
    assert scale.calibrate(1.0) == 0


def test_the_promise_is_kept_on_new_pictures_in_most_fits_to_few() -> None:
    # The truth is known here: a reading is wrong with a chance that falls as its confidence rises.
    rng = np.random.default_rng(2)
    broken = sure = 0
    for _ in range(200):
        confidence = rng.random(1200)
        least = fit(confidence, rng.random(1200) > (1 - confidence) ** 3 * 0.1, 0.005).least[0]
        if least <= 1:
            sure += 1
            above = np.linspace(least, 1, 1000)
            broken += float(((1 - above) ** 3 * 0.1).mean()) > 0.005
    assert sure > 20
    assert broken <= 0.15 * sure
