"""Train epochs as `PlainTorch` does, with workers on the nodes of a cluster; the Keras model here owns all state."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from typing import Any

import torch

from digitry.errors import TrainingError
from digitry.recipes.base import Recipe
from digitry.training import state
from digitry.training.cluster.crew import LOSSES, LostWorkerError
from digitry.training.cluster.recipe_crew import RecipeCrew
from digitry.training.plain_torch import STEPS_A_REPORT, training_logs, validation_logs
from digitry.training.schedule import learning_rates
from digitry.training.supervisor import Supervisor
from digitry.training.tasks import TASKS, Examples
from digitry.training.training_progress import TrainingProgress

GATHER = Callable[[state.StateArrays, Callable[[], None]], RecipeCrew]
"""Make a crew that begins with these arrays; it calls the second argument a few times a second while it waits."""


class SharedTraining:
    """One training and its current workers."""

    def __init__(
        self, gather: GATHER, model: Any, plan: Recipe, steps_per_epoch: int, progress: TrainingProgress
    ) -> None:
        """Set up; `model` is compiled and its optimizer built."""
        self._gather, self._model, self._settings, self._progress = gather, model, plan.settings, progress
        self._task = TASKS[plan.reads](plan, seed=0)
        self._rates = learning_rates(plan.settings, steps_per_epoch)
        self._crew: RecipeCrew | None = None
        self._kept = 0
        """The batch of the epoch at which the model was last brought up to date."""

    def fit_epoch(self, examples: Examples, first: int, validation: Examples | None, supervisor: Supervisor) -> None:
        """Train one epoch, or the rest of one from example `first` on, however many workers are lost.

        Raises TrainingError if they are lost again and again.
        """
        epoch, start = supervisor.epoch, first // self._settings.batch_size
        supervisor.set_model(self._model)
        supervisor.before_capture = lambda: self._take(supervisor.batch)
        supervisor.on_epoch_begin(epoch)
        self._kept, furthest, losses = start, start, 0
        while True:
            try:
                logs = self._rest_of_epoch(examples, start, validation, supervisor)
                break
            except LostWorkerError as error:
                losses = 1 if supervisor.batch > furthest else losses + 1
                furthest = max(furthest, supervisor.batch)
                self.leave()
                if losses == LOSSES:
                    again = shlex.join(["--run", str(supervisor.folder), "--resume"])
                    raise TrainingError(
                        f"workers were lost {LOSSES} times without another step: nodes that died, or ran out of "
                        f"memory; continue with {again}, with fewer nodes or without --ray"
                    ) from error
                at = f"epoch {epoch + 1}, step {self._kept}"
                self._progress.note(f"a worker was lost; going on from {at}, with those that are left …")
                time.sleep(losses)  # until Ray, too, knows which node is gone
        supervisor.before_capture = lambda: None  # it is all here
        supervisor.on_epoch_end(epoch, logs)

    def _rest_of_epoch(
        self, examples: Examples, start: int, validation: Examples | None, supervisor: Supervisor
    ) -> dict[str, float]:
        """Train from where the model was last brought up to date; returns the epoch's figures."""
        crew = self._crew = self._crew or self._gathered(supervisor.leave_if_asked)
        crew.take(examples)
        logs: dict[str, float] = {}
        for at in range(self._kept, supervisor.batches, STEPS_A_REPORT):
            end = min(at + STEPS_A_REPORT, supervisor.batches)
            logs = training_logs(crew.train(supervisor.epoch, at, end))
            supervisor.on_train_batch_end(end - 1 - start, logs)
        logs["learning_rate"] = float(self._rates[(supervisor.epoch + 1) * supervisor.batches - 1])
        if validation is not None:
            answers = torch.from_numpy(crew.answers(validation.inputs))
            logs |= validation_logs(answers, validation.targets, self._task)
        self._take(supervisor.batches)
        return logs

    def _gathered(self, meanwhile: Callable[[], None]) -> RecipeCrew:
        crew = self._gather(state.capture(self._model), meanwhile)
        self._progress.note(f"training on {crew.described}")
        return crew

    def _take(self, batch: int) -> None:
        """Bring the model up to the workers' state at batch `batch`."""
        assert self._crew is not None
        state.restore(self._model, self._crew.state())
        self._kept = batch

    def leave(self) -> None:
        """End the workers, if any; the model stays as it was last saved."""
        if self._crew is not None:
            self._crew.end()
            self._crew = None
