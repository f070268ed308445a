"""Figures of trust, against answers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.evaluation import selective

FOUR = np.array([0.9, 0.8, 0.6, 0.5])
RIGHT = np.array([True, False, True, True])


def test_risk_is_counted_from_the_most_confident_on() -> None:
    coverage, risk = selective.risk_coverage(FOUR[::-1], RIGHT[::-1])
    np.testing.assert_allclose(coverage, [0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(risk, [0, 1 / 2, 1 / 3, 1 / 4])
    assert selective.area_under_risk(FOUR, RIGHT) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4) / 4)


def test_readings_of_one_confidence_share_their_risk_in_whatever_order_they_come() -> None:
    confidence = np.array([0.7, 0.7, 0.2])
    for right in ([True, False, True], [False, True, True]):
        coverage, risk = selective.risk_coverage(confidence, np.array(right))
        np.testing.assert_allclose(coverage, [2 / 3, 2 / 3, 1])
        np.testing.assert_allclose(risk, [1 / 2, 1 / 2, 1 / 3])


def test_the_largest_coverage_below_a_risk_may_lie_behind_a_worse_one() -> None:
    assert selective.coverage_at_risk(FOUR, RIGHT, 0.0) == 0.25
    assert selective.coverage_at_risk(FOUR, RIGHT, 0.26) == 1.0
    assert selective.coverage_at_risk(FOUR, ~RIGHT, 0.5) == 0.5
    assert selective.coverage_at_risk(FOUR[:1], np.array([False]), 0.5) == 0.0


def test_calibration_error_and_brier_of_four_readings() -> None:
    # Each in a bin of its own: |0.9 − 1| + |0.8 − 0| + |0.6 − 1| + |0.5 − 1|, over four.
    assert selective.calibration_error(FOUR, RIGHT) == pytest.approx((0.1 + 0.8 + 0.4 + 0.5) / 4)
    assert selective.calibration_error(FOUR, RIGHT, bins=1) == pytest.approx(0.75 - 0.7)
    assert selective.confidence_brier(FOUR, RIGHT) == pytest.approx((0.01 + 0.64 + 0.16 + 0.25) / 4)


def test_the_threshold_accepts_the_wanted_share_and_no_lower_confidence() -> None:
    hundred = np.arange(1, 101) / 100
    threshold = selective.accepting_threshold(hundred, 0.99)
    assert threshold == pytest.approx(0.02)
    assert (hundred >= threshold).mean() == pytest.approx(0.99)


def test_a_digit_that_was_refused_outright_is_never_accepted() -> None:
    assert selective.accepting_threshold(np.array([0.0, 0.0, 0.4, 0.9]), 0.99) == 0.4
    assert selective.accepting_threshold(np.zeros(3)) == 1.0


def test_auroc_is_the_share_of_pairs_in_order_and_a_tie_counts_half() -> None:
    assert selective.auroc(np.array([0.9, 0.5]), np.array([0.5, 0.0])) == pytest.approx((2 + 1.5) / 4)
    rng = np.random.default_rng(0)
    digits, others = rng.random(50).round(1), rng.random(70).round(1) / 2
    pairs = [(d > o) + 0.5 * (d == o) for d in digits for o in others]
    assert selective.auroc(digits, others) == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize("bad", [[], [[0.5]], [1.5], [-0.1], [np.nan]])
def test_what_is_no_list_of_confidences_is_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        selective.auroc(np.array(bad), np.array([0.5]))
