"""Train trials in a separate process: if one runs out of memory, nothing else is lost."""

from __future__ import annotations

import pickle
from typing import Any

from digitry import errors
from digitry.errors import SettingError, TrainingError
from digitry.recipes.base import Recipe
from digitry.training.tuning.trial_job import OnEpoch, TrialJob, TrialOutcome
from digitry.types import Dataset
from digitry.workers.pool import NoWorkerError, Worker
from digitry.workers.usable_cores import usable_cores

MODULE = "digitry.training.tuning.trial_child"

DIED = "the process that trained it ended: killed, or out of memory"
"""The reason given for a trial whose process is gone."""


class TrialProcess:
    """A Trainer that starts its process for the first job, and again after one that ended it."""

    def __init__(self, what: bytes, *, track: str | None, of: int) -> None:
        """Train what `pack_trial` returns, sharing the cores with `of` processes in total."""
        self._what = what
        self._head = {"track": track, "threads": max(1, usable_cores() // of) if of > 1 else None}
        self._worker: Worker | None = None

    def train(self, job: TrialJob, on_epoch: OnEpoch) -> TrialOutcome:
        """Train in the process. Raises DigitryError, of the same kind as there, for what would fail every training."""
        if self._worker is None or self._worker.is_dead:
            try:
                self._worker = Worker(MODULE, self._head, self._what)
            except NoWorkerError as error:
                raise TrainingError("no process can be started to train in; close other programs") from error
        worker = self._worker
        head: dict[str, Any] = {"run": str(job.run), "settings": job.settings, "seed": job.seed}
        while (said := worker.ask(head)) is not None:
            if "epochs" not in said.head:
                return outcome_of(said.head)
            head = {"go_on": on_epoch(said.head["epochs"])}
        worker.stop()
        self._worker = None
        return TrialOutcome(None, DIED)

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        if self._worker is not None:
            self._worker.kill()

    def close(self) -> None:
        """End the process, and wait for its end."""
        if self._worker is not None:
            self._worker.stop()


def pack_trial(recipe: str | Recipe, dataset: Dataset) -> bytes:
    """Return what a training process is given. Raises SettingError for a recipe that cannot be sent there."""
    if dataset.test is not None:
        raise ValueError("a study never opens the test set: give its trials a dataset without one")
    try:
        return pickle.dumps((recipe, dataset))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise SettingError(
            f"this recipe cannot be given to another process ({error}); put it into a file, my_recipe.py say, and "
            "tune that"
        ) from error


def outcome_of(said: dict[str, Any]) -> TrialOutcome:
    """Return the outcome in a process' answer. Raises DigitryError for what would fail every training."""
    if "fatal" in said:
        raise getattr(errors, said["fatal"])(said["reason"])
    return TrialOutcome(said.get("accuracy"), said.get("reason", ""), said.get("history", ()))
