"""Workers that share every batch take the steps of one that has it whole; threads stand in for machines."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from digitry import recipes
from digitry.errors import TrainingError
from digitry.recipes.backend import choose_backend, make_deterministic
from digitry.recipes.base import Recipe
from digitry.training import state
from digitry.training.compiled import build_and_compile
from digitry.training.tasks import Examples
from digitry.training.training_progress import TrainingProgress
from tests.conftest import CANONICAL, make_digits
from tests.unit.written_numbers import plain_strips

pytestmark = pytest.mark.backends

FOR_DIGITS = [plan.name for plan in recipes.RECIPES.values() if plan.plain_torch and plan.reads == "digit"]
BATCH, COUNT = 7, 29
"""The last batch is a single image: of three workers two have nothing of it."""
STEPS = 5
APART = 1e-4
"""What `training.cluster.crew` takes for no longer one training."""


class Together:
    """Adds up the tensors of threads."""

    def __init__(self, size: int) -> None:
        self._there = threading.Barrier(size, timeout=30)
        self._given: dict[int, Any] = {}

    def add_up(self, rank: int, tensor: Any) -> None:
        self._given[rank] = tensor.clone()
        self._there.wait()
        tensor.copy_(sum(one for _, one in sorted(self._given.items())))
        self._there.wait()


def some_examples(plan: Recipe) -> Examples:
    if plan.reads == "number":
        return Examples(*plain_strips([str(37 * number)[:3] for number in range(COUNT)], width=72))
    split = make_digits(COUNT)
    return Examples(split.images, split.labels.astype(np.int32))


def trained(plan: Recipe, size: int | None = None, *, is_deaf: bool = False) -> tuple[list[state.StateArrays], float]:
    """What `size` workers have after an epoch, and how far they say they are apart; None: the plain loop."""
    from digitry.training.cluster.share import Share
    from digitry.training.cluster.shared_torch import SharedTorch
    from digitry.training.plain_torch import PlainTorch

    choose_backend()
    examples = some_examples(plan)
    together = Together(size or 1)

    def twin(rank: int) -> Any:
        make_deterministic(2)
        model = build_and_compile(plan, 10, STEPS)
        if size is None:
            made = PlainTorch(model, CANONICAL, plan, 0, STEPS)
        else:
            share = Share(rank, size, lambda tensor: together.add_up(rank, tensor))
            made = SharedTorch(model, CANONICAL, plan, 0, STEPS, share)
            made.count = COUNT
        made.borrow()
        return made

    def train(one: Any) -> tuple[state.StateArrays, float]:
        mine = examples if size is None else one.share.of(examples, BATCH)
        if is_deaf:
            one.before_descent = lambda: None
        one.train_batches(mine, 0, range(STEPS))
        apart = 0.0 if size is None else one.apart()
        return {name: array.copy() for name, array in weights(one).items()}, apart

    twins = [twin(rank) for rank in range(size or 1)]
    with ThreadPoolExecutor(len(twins)) as threads:
        said = list(threads.map(train, twins))
    return [arrays for arrays, _ in said], max(apart for _, apart in said)


def weights(one: Any) -> dict[str, Any]:
    one.give_back()
    return {name: array for name, array in state.capture(one.model).items() if not name.startswith("random")}


def largest_difference(one: state.StateArrays, other: state.StateArrays) -> float:
    assert one.keys() == other.keys()
    return max(float(np.abs(one[name].astype(float) - other[name]).max(initial=0)) for name in one)


def in_full(name: str) -> Recipe:
    """A recipe in full precision; threads have one generator, so without dropout."""
    plan = recipes.get(name).with_settings({"precision": "float32", "batch_size": BATCH, "epochs": 1})
    return plan.with_settings({"dropout": 0.0}) if plan.settings.dropout else plan


@pytest.mark.parametrize("name", [*FOR_DIGITS, "number-reader"])
def test_three_workers_have_the_gradients_of_one(name: str) -> None:
    """In small steps, and each array as a whole: where activations are alike, as on black paper, each way to add up may
    pass the gradient to another, and a large first step of Adam's makes as much of the smallest gradient as of any.
    """
    plan = in_full(name).with_settings({"learning_rate": 1e-6})
    [alone], _ = trained(plan)
    shared, apart = trained(plan, 3)
    for key, array in alone.items():
        away = np.linalg.norm(array.astype(float) - shared[0][key])
        assert away <= 0.02 * np.linalg.norm(array.astype(float)), key
    assert all(largest_difference(one, shared[0]) == 0 for one in shared)
    assert apart < 1e-6


def test_a_single_worker_is_the_plain_loop() -> None:
    plan = recipes.get("quick").with_settings({"batch_size": BATCH})
    [alone], _ = trained(plan)
    [shared], _ = trained(plan, 1)
    assert largest_difference(shared, alone) == 0


def test_workers_that_do_not_hear_of_each_other_are_found_out() -> None:
    """What no gradient brings together comes apart."""
    plan = recipes.get("quick").with_settings({"batch_size": BATCH, "precision": "float32"})
    _, apart = trained(plan, 2, is_deaf=True)
    assert apart > APART


def test_workers_that_are_lost_again_and_again_end_the_training_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    from digitry.training.cluster import shared_training
    from digitry.training.cluster.crew import LostWorkerError

    choose_backend()
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    gathered: list[int] = []

    def gather(arrays: state.StateArrays, meanwhile: Any) -> Any:
        gathered.append(len(arrays))
        raise LostWorkerError

    plan = recipes.get("quick").with_settings({"batch_size": BATCH})
    model = build_and_compile(plan, 10, STEPS)
    training = shared_training.SharedTraining(gather, model, plan, STEPS, TrainingProgress())
    supervisor: Any = SimpleNamespace(
        epoch=0, batch=0, folder=Path("run"), set_model=bool, on_epoch_begin=bool, leave_if_asked=bool
    )
    examples = some_examples(plan)
    with pytest.raises(TrainingError, match=r"workers were lost 5 times without another step.*--run run --resume"):
        training.fit_epoch(examples, 0, None, supervisor)
    assert len(gathered) == shared_training.LOSSES
