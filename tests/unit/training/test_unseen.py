"""What nothing has learnt from: the only digits that a promise may be measured on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitry.datasets.load import hold_out
from digitry.networks.contract import Contract
from digitry.recipes.base import Recipe, Settings
from digitry.training.finetune import Start
from digitry.training.job import TrainingJob
from digitry.training.unseen import unseen_of
from digitry.types import Dataset, Split

NAMES = tuple("0123456789")


def numbered(count: int, first: int) -> Split:
    """Images that can be told apart: the first two pixels hold a number."""
    images = np.zeros((count, 28, 28), np.uint8)
    numbers = np.arange(first, first + count)
    images[:, 0, 0], images[:, 0, 1] = numbers // 256, numbers % 256
    return Split(images, numbers % 10)


def numbers_of(split: Split) -> set[int]:
    return set((split.images[:, 0, 0].astype(int) * 256 + split.images[:, 0, 1]).tolist())


OLD = Dataset("old", numbered(20_000, 0), None, NAMES, "a" * 64, "tests")
OWN = Dataset("own", numbered(100, 30_000), None, NAMES, "b" * 64, "tests")
HELD = {"validation_fraction": 0.1, "validation_method": "stratified"}


def job(dataset: Dataset, origin: Start | None, **settings: object) -> TrainingJob:
    plan = Recipe(
        "tests",
        "tests",
        "tests",
        1,
        Settings(epochs=1, batch_size=1, optimizer="adam", learning_rate=0.1, **settings),
        lambda *_: None,
    )  # type: ignore[arg-type]
    training, validation = dataset.train, None
    if plan.settings.validation_fraction:
        training, validation = hold_out(training, plan.settings.validation_fraction, plan.settings.validation_method, 5)
    return TrainingJob(plan, dataset, training, validation, 5, Path("nowhere"), origin)


def start(seed: int | None = 7, data_sha256: str = OLD.sha256, old: Dataset | None = OLD) -> Start:
    contract = Contract("tests", NAMES, settings=dict(HELD), data_sha256=data_sha256, seed=seed)
    return Start("before", b"", contract, old=old)


def test_a_run_of_its_own_has_not_seen_what_it_held_back() -> None:
    own = job(OWN, None, **HELD)
    assert unseen_of(own) == (own.validation, "own")
    assert unseen_of(job(OWN, None)) == (None, "own")


def test_of_the_old_data_only_what_the_model_before_held_back_and_no_epoch_drew_is_unseen() -> None:
    begun = start()
    continued = job(OWN, begun, **HELD)
    found, data = unseen_of(continued)
    assert found is not None
    assert data == "own and old"
    learnt_before = numbers_of(hold_out(OLD.train, 0.1, "stratified", 7)[0])
    drawn = numbers_of(OLD.train.take(begun.drawn(len(continued.training), 5)))
    unseen = numbers_of(found)
    assert not unseen & (learnt_before | drawn | numbers_of(continued.training))
    assert continued.validation is not None
    assert numbers_of(continued.validation) <= unseen
    assert len(unseen) > 1000


@pytest.mark.parametrize(
    "begun",
    [start(seed=None), start(data_sha256="c" * 64), start(old=None)],
    ids=["no seed", "other data", "no old data"],
)
def test_where_nobody_knows_what_the_model_before_has_seen_only_the_own_are_left(begun: Start) -> None:
    continued = job(OWN, begun, **HELD)
    found, data = unseen_of(continued)
    assert found is not None
    assert continued.validation is not None
    assert (numbers_of(found), data) == (numbers_of(continued.validation), "own")


def test_what_the_model_before_learnt_is_not_unseen_because_it_is_held_back_now() -> None:
    continued = job(OLD, start(old=None), **HELD)
    found, _ = unseen_of(continued)
    assert found is not None
    assert numbers_of(found) == numbers_of(hold_out(OLD.train, 0.1, "stratified", 7)[1]) & numbers_of(
        hold_out(OLD.train, 0.1, "stratified", 5)[1]
    )
    blind = replace(continued, origin=start(seed=None, old=None))
    assert unseen_of(blind) == (None, "old")
