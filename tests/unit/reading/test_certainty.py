"""How sure is sure: ten confidences by hand, what rises and what falls, and the scales that are shipped."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitry.errors import SettingError
from digitry.reading.certainty import MAX_ERROR, Scale, check_max_error, fit_scale, scales, share_doubt

CONFIDENCE = np.array([0.3, 0.99, 0.5, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.4])
RIGHT = np.array([True, True, False, True, True, True, False, True, True, False])
MAX_ERRORS = (0.1, 0.2, 0.25, 0.35, 0.4)

SCALE = Scale(own=(0.5, 0.9, 0.99), calibrated=(0.2, 0.6, 0.98), max_errors=(0.01, 0.1), least=(0.97, 0.8))


def test_ten_confidences_imply_the_least_ones_by_hand() -> None:
    # Ranked, right ones R, wrong ones W: RRRR W RR WW R. Errors plus one over readings plus one, from the top:
    # 1/2 1/3 1/4 1/5 2/6 2/7 2/8 3/9 4/10 4/11.
    scale = fit_scale(CONFIDENCE, RIGHT, MAX_ERRORS)
    assert scale.max_errors == MAX_ERRORS
    assert scale.least == (1.1, 0.85, 0.6, 0.5, 0.3)


def test_ten_confidences_imply_a_rising_share_of_right_ones_by_hand() -> None:
    # From below R WW RR W RRRR: what falls is pooled, so 1 of 3, 2 of 3, 4 of 4; and half an error more each.
    scale = fit_scale(CONFIDENCE, RIGHT, MAX_ERRORS)
    assert scale.own == pytest.approx((0.4, 0.7, 0.9225))
    assert scale.calibrated == pytest.approx((1 / 3.5, 2 / 3.5, 4 / 4.5), abs=1e-6)


def test_the_order_of_the_readings_does_not_matter() -> None:
    order = np.random.default_rng(0).permutation(10)
    assert fit_scale(CONFIDENCE[order], RIGHT[order], MAX_ERRORS) == fit_scale(CONFIDENCE, RIGHT, MAX_ERRORS)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200))
def test_what_is_fitted_rises_and_falls_as_it_should_and_stays_between_0_and_1(pairs: list[tuple[float, bool]]) -> None:
    confidence, right = np.array([c for c, _ in pairs]), np.array([r for _, r in pairs], bool)
    scale = fit_scale(confidence, right, (0.01, 0.1, 0.3))
    assert list(scale.own) == sorted(scale.own)
    assert list(scale.calibrated) == sorted(scale.calibrated)
    assert list(scale.least) == sorted(scale.least, reverse=True)
    assert 0 <= min(scale.calibrated) <= max(scale.calibrated) < 1


def test_a_few_perfect_readings_at_the_top_do_not_fall_below_the_many_before_them() -> None:
    # About 9,000 below with one wrong among them, 1,000 above with none: half an error weighs more on the few.
    right = np.ones(10_000, bool)
    right[9_000] = False
    calibrated = fit_scale(np.linspace(0, 1, 10_000), right, (0.1,)).calibrated
    assert list(calibrated) == sorted(calibrated)


def test_readings_above_the_least_confidence_keep_the_error_rate_on_what_it_was_fitted_to() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.random(5000)
    right = rng.random(5000) < confidence**0.2
    for allowed, least in zip((0.01, 0.05, 0.1), fit_scale(confidence, right, (0.01, 0.05, 0.1)).least, strict=True):
        above = confidence >= least
        assert above.any()
        assert (~right[above]).mean() <= allowed


def test_where_all_is_wrong_nothing_is_ever_sure() -> None:
    scale = fit_scale(CONFIDENCE, np.zeros(10, bool), (0.01, 0.5))
    assert scale.least == (1.1, 1.1)
    assert scale.calibrate(1.0) == 0


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


@pytest.mark.parametrize("max_error", [-0.1, 1.01, 5, float("nan"), float("inf")])
def test_a_rate_that_is_no_share_is_refused(max_error: float) -> None:
    with pytest.raises(SettingError, match=r"max_error must be from 0 to 1, not .*one error in 200"):
        check_max_error(max_error)


def test_the_ends_of_the_range_are_shares() -> None:
    assert [check_max_error(value) for value in (0, 0.005, 1)] == [0, 0.005, 1]


# Numbers are never sure at the default yet: the shipped network errs more often than that at its most confident.
@pytest.mark.parametrize(("kind", "covered"), [("digit", MAX_ERROR), ("number", 0.05)])
def test_the_shipped_scales_rise_and_fall_and_cover_an_error_rate(kind: str, covered: float) -> None:
    scale = scales()[kind]
    values = [scale.calibrate(own) for own in np.linspace(0, 1, 500)]
    assert values == sorted(values)
    assert 0 <= values[0] <= values[-1] <= 1
    least = [scale.least_confidence(error) for error in np.linspace(0, 1, 500)]
    assert least == sorted(least, reverse=True)
    assert scale.least_confidence(covered) <= 1
    assert len(scale.own) == len(scale.calibrated)
    assert len(scale.max_errors) == len(scale.least)


def test_alternatives_share_what_the_confidence_leaves_and_stay_behind_the_reading() -> None:
    others = (("9", 0.3), ("7", 0.1))
    assert share_doubt(others, 0.6, 0.8) == (("9", pytest.approx(0.15)), ("7", pytest.approx(0.05)))
    assert share_doubt(others, 0.6, 0.6) == (("9", pytest.approx(0.3)), ("7", pytest.approx(0.1)))
    assert share_doubt(others, 0.6, 0.2) == (("9", pytest.approx(0.2)), ("7", pytest.approx(0.2)))
    assert share_doubt(others, 1.0, 1.0) == (("9", 0.0), ("7", 0.0))
