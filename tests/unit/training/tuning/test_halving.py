"""Which trials are ended early: the same as Optuna's own pruner ends, from figures alone."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from digitry.training.tuning.halving import REDUCTION, is_beaten, is_rung

optuna = pytest.importorskip("optuna")


def test_trials_are_compared_after_the_first_rung_and_three_times_that_but_not_after_their_last_epoch() -> None:
    assert [epoch for epoch in range(1, 100) if is_rung(epoch, 2, 100)] == [2, 6, 18, 54]
    assert [epoch for epoch in range(1, 7) if is_rung(epoch, 2, 6)] == [2]


def test_the_best_third_goes_on_of_few_the_best_and_equals_together() -> None:
    assert [is_beaten(value, [0.1, 0.2, 0.3, 0.4, 0.5]) for value in (0.35, 0.4, 0.45)] == [True, False, False]
    assert [is_beaten(value, [0.5]) for value in (0.4, 0.5)] == [True, False]
    assert not is_beaten(0.1, [])


def test_a_figure_that_is_no_number_is_beaten_and_beats_nobody() -> None:
    assert is_beaten(math.nan, [])
    assert not is_beaten(0.1, [math.nan, math.nan])


@pytest.mark.parametrize("at_once", [1, 3])
def test_it_ends_those_that_optunas_pruner_ends(at_once: int) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    first, epochs, drawn = 2, 20, random.Random(at_once)
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=first, reduction_factor=REDUCTION)
    theirs = optuna.create_study(direction="maximize", pruner=pruner)
    curves: dict[int, dict[int, float]] = {}
    under_way: list[Any] = []
    ended = 0
    while len(curves) < 60 or under_way:
        if len(curves) < 60 and len(under_way) < at_once:
            under_way.append(theirs.ask())
            curves[under_way[-1].number] = {}
        trial = drawn.choice(under_way)
        curve, epoch = curves[trial.number], len(curves[trial.number]) + 1
        curve[epoch] = round(drawn.random(), 1)  # with equals
        trial.report(curve[epoch], epoch)
        others = [one[epoch] for number, one in curves.items() if number != trial.number and epoch in one]
        ours = is_rung(epoch, first, epochs) and is_beaten(curve[epoch], others)
        assert trial.should_prune() == ours
        ended += ours
        if ours or epoch == epochs - 1:
            under_way.remove(trial)
    assert 20 < ended < 60
