"""Learning rates: plain numbers, the same that Keras' own schedules give."""

from __future__ import annotations

import numpy as np
import pytest

from digitry import recipes
from digitry.recipes.settings import OPTIMIZERS
from digitry.training import compiled
from digitry.training.schedule import learning_rates, warmup_steps


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one-cycle"])
@pytest.mark.parametrize("epochs", [1, 4])
def test_every_step_has_the_rate_that_keras_would_give_it(schedule: str, epochs: int) -> None:
    plan = recipes.get("quick").with_settings({"schedule": schedule, "epochs": epochs, "learning_rate": 0.01})
    plan.build_model()
    optimizer = compiled.optimizer_of(plan, steps_per_epoch=25)
    rates = learning_rates(plan.settings, 25)
    assert rates.shape == (25 * epochs,)
    theirs = []
    for step in range(len(rates)):
        optimizer.iterations.assign(step)
        theirs.append(float(optimizer.learning_rate))
    np.testing.assert_allclose(rates, theirs, rtol=1e-5, atol=1e-9)


def test_one_cycle_rises_for_three_tenths_and_falls_to_nothing() -> None:
    settings = recipes.get("quick").with_settings({"schedule": "one-cycle", "learning_rate": 1.0}).settings
    rates = learning_rates(settings, 100)
    assert warmup_steps(settings, 100) == 30
    assert rates.argmax() == 30
    assert rates[0] == 0
    assert rates[15] == pytest.approx(0.5)
    assert rates[-1] < 0.001


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_can_take_the_place_of_a_recipes_own(optimizer: str) -> None:
    plan = recipes.get("quick").with_settings({"optimizer": optimizer})
    plan.build_model()
    made = compiled.optimizer_of(plan, steps_per_epoch=10)
    assert type(made).__name__.lower() == optimizer
    assert made.weight_decay == 0.1
    if optimizer in ("adam", "adamw", "nadam"):
        assert made.beta_2 == 0.95
