"""McNemar and Holm against answers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.evaluation.significance import exact_p, holm, mcnemar


@pytest.mark.parametrize(
    ("heads", "tails", "p"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),
        (5, 0, 2 / 32),
        (1, 5, 2 * (1 + 6) / 64),
        (2, 8, 2 * (1 + 10 + 45) / 1024),
        (3, 3, 1.0),
    ],
)
def test_the_exact_p_of_a_fair_coin(heads: int, tails: int, p: float) -> None:
    assert exact_p(heads, tails) == p
    assert exact_p(tails, heads) == p


def test_the_far_tail_of_many_throws_keeps_its_digits() -> None:
    scipy_stats = pytest.importorskip("scipy.stats")
    assert exact_p(40, 160) == pytest.approx(scipy_stats.binomtest(40, 200).pvalue, rel=1e-9)
    assert exact_p(0, 5_000) == 0.0


def test_only_images_on_which_one_is_right_count() -> None:
    labels = np.array([0, 1, 2, 3, 4, 5, 6, 7], np.int64)
    first = np.array([0, 1, 2, 3, 4, 0, 0, 0], np.int64)
    second = np.array([0, 0, 0, 0, 0, 5, 0, 1], np.int64)
    # First alone right on 1, 2, 3, 4; second alone on 5; both right on 0, both wrong on 6 and 7.
    result = mcnemar(labels, first, second)
    assert (result.only_first_right, result.only_second_right) == (4, 1)
    assert result.p == 2 * (1 + 5) / 32


def test_predictions_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"match the labels \(2,\)"):
        mcnemar(np.zeros(2, np.int64), np.zeros(2, np.int64), np.zeros(1, np.int64))


def test_holm_multiplies_the_smallest_most_and_never_turns_the_order() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []
