"""The trials of a study in Optuna's journal: the one place that asks for, reports and concludes them.

A trial that was under way when a process was killed has no final record; it is asked for again, before any new one,
and its run continues. So each trial gets exactly one final record, whenever the process dies. Whether a trial ends
early follows from figures in the journal, so the next process decides the same for a trial that this one left open.
"""

from __future__ import annotations

import hashlib
import threading
import time
import warnings
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from digitry.errors import TrainingError
from digitry.recipes.base import Recipe
from digitry.runs import Epoch
from digitry.training.job import finished_run
from digitry.training.tuning.halving import is_beaten, is_rung
from digitry.training.tuning.space import Space, own_values, space_of_text
from digitry.training.tuning.study import COMPLETE, ENDED_EARLY, FAILED, RUNNING, Trial
from digitry.training.tuning.study_plan import JOURNAL, TRIALS, StudyPlan, train_command
from digitry.training.tuning.trial_job import TrialJob, TrialOutcome

STARTUP_TRIALS = 8
"""Number of trials drawn at random, before the sampler has anything to go by."""

MOST_FAILURES = 5
"""A study whose first trials all fail is given up after this many: it would go on failing."""

_STATES = {TrialState.COMPLETE: COMPLETE, TrialState.PRUNED: ENDED_EARLY, TrialState.FAIL: FAILED}


@dataclass
class Asked:
    """A trial that is under way."""

    number: int
    job: TrialJob
    values: dict[str, Any]
    trial: optuna.Trial
    epochs: int
    heard: set[int]
    """Epochs that have been reported."""
    began: float
    """Start time, as if any time in earlier processes had immediately preceded this one."""
    why: str = ""
    """Why it is to end early."""


class _OneProcess:
    """Stands in for the journal's lock: only one process holds the study's folder, and a real lock left behind by a
    kill would block the study.
    """

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


class TrialBook:
    """All trials of one study; its methods are thread-safe."""

    def __init__(self, folder: Path, plan: StudyPlan, recipe: Recipe) -> None:
        """Open the journal in the folder, or start one. This process must hold the folder."""
        self.folder, self.plan, self.recipe = folder, plan, recipe
        self.space: Space = space_of_text(recipe, plan.space)
        self._base = base = recipe.with_settings(plan.settings)
        self._lock = threading.Lock()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        path = folder / JOURNAL
        _cut_torn_line(path)
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=_OneProcess()))
        # The first comparison waits until a network has had some time: of ten epochs, after the second, then the sixth.
        self._first_rung = max(1, round(base.settings.epochs / 5))
        self._study = optuna.create_study(
            storage=storage, study_name="study", direction="maximize", load_if_exists=True
        )
        known = self._study.get_trials(deepcopy=False)
        self._used = max((one.user_attrs.get("study_seconds", 0.0) for one in known), default=0.0)
        self._began = time.monotonic()
        own = own_values(base, self.space)
        if not known and own is not None:
            self._study.enqueue_trial(own)
        self._left = deque(one for one in known if one.state == TrialState.RUNNING)

    @property
    def seconds(self) -> float:
        """How long the study has run, in this process and those before it."""
        return self._used + time.monotonic() - self._began

    @property
    def is_late(self) -> bool:
        """Whether its minutes are over."""
        return self.plan.minutes is not None and self.seconds >= 60 * self.plan.minutes

    @property
    def _ends_now(self) -> bool:
        """Whether to end trials under way: not before one is complete, or nothing would be found at all."""
        known = self._study.get_trials(deepcopy=False)
        return self.is_late and any(one.state == TrialState.COMPLETE for one in known)

    def ask(self) -> Asked | None:
        """Ask for a trial to train: an unfinished one, else a new one; None when no more are to start."""
        with self._lock:
            while self._left:
                left = self._asked(optuna.Trial(self._study, self._left.popleft()._trial_id))
                outcome = self._outcome_of_left(left)
                if outcome is None:
                    return left
                self._tell(left, outcome)
            begun = sum(one.state != TrialState.WAITING for one in self._study.get_trials(deepcopy=False))
            if self.is_late or (self.plan.trials is not None and begun >= self.plan.trials):
                return None
            return self._asked(self._study.ask())

    def report(self, asked: Asked, history: Sequence[Epoch]) -> bool:
        """Record the epochs done so far; returns whether the trial is worth continuing."""
        with self._lock:
            self._report(asked, history)
            self._write_seconds(asked)  # after every epoch, so that time spent before a kill counts too
            if not asked.why and self._ends_now:
                asked.why = "time was up"
            return not asked.why

    def tell(self, asked: Asked, outcome: TrialOutcome) -> Trial:
        """Record a trial's outcome, its one final record. Raises TrainingError if the first trials all failed."""
        with self._lock:
            self._tell(asked, outcome)
            ended = [one for one in self._study.get_trials(deepcopy=False) if one.state.is_finished()]
            if len(ended) >= MOST_FAILURES and all(one.state == TrialState.FAIL for one in ended):
                raise TrainingError(
                    f"the first {len(ended)} trials all failed, the last one because: {outcome.reason}; try another "
                    f"space, or train the recipe once: {train_command(self.plan)}"
                )
        return self.trials()[asked.number]

    def trials(self) -> tuple[Trial, ...]:
        """Return all trials that have begun, in order."""
        found = self._study.get_trials(deepcopy=False)
        return tuple(self._trial(one) for one in found if one.state != TrialState.WAITING)

    def importance(self) -> dict[str, float]:
        """Return the importance of each setting, as shares that sum to 1; empty if too little is known."""
        try:
            by = optuna.importance.PedAnovaImportanceEvaluator()
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)  # with too few trials it would rate all settings equal
                return dict(optuna.importance.get_param_importances(self._study, evaluator=by))
        except (ValueError, RuntimeError, UserWarning):  # too few trials, or all equal
            return {}

    def _asked(self, trial: optuna.Trial) -> Asked:
        values = {}
        for name, one in self.space.items():
            # A separate generator for each trial: what is drawn does not depend on when the process was killed.
            self._study.sampler = optuna.samplers.TPESampler(
                seed=_draw(self.plan.seed, trial.number, name), n_startup_trials=STARTUP_TRIALS, constant_liar=True
            )
            values[name] = one.suggest(trial, name)
        job = TrialJob(run_of(self.folder, trial.number), {**self.plan.settings, **values}, self.plan.seed)
        known = self._study.get_trials(deepcopy=False)[trial.number]
        heard, began = set(known.intermediate_values), time.monotonic() - known.user_attrs.get("seconds", 0.0)
        return Asked(trial.number, job, values, trial, self._epochs(values), heard, began)

    def _epochs(self, values: Mapping[str, Any]) -> int:
        """Return the number of epochs of a trial with these values."""
        base = self._base.with_settings({"epochs": values["epochs"]}) if "epochs" in values else self._base
        return base.settings.epochs

    def _outcome_of_left(self, left: Asked) -> TrialOutcome | None:
        """Return the outcome of an unfinished trial if nothing of it is left to train."""
        if left.heard:
            self._judge(left, max(left.heard))
        if left.why:
            return TrialOutcome(None)
        if not self._ends_now:
            return None
        if (done := finished_run(left.job.run)) is not None:  # its result was not recorded in time
            return TrialOutcome(done.figures["val_accuracy"], history=done.history)
        left.why = "time was up"
        return TrialOutcome(None)

    def _report(self, asked: Asked, history: Sequence[Epoch]) -> None:
        """Record the epochs not yet in the journal, up to one with which the trial is to end."""
        for line in history:
            epoch = int(line["epoch"])
            if epoch in asked.heard or asked.why:
                continue
            asked.trial.report(line["val_accuracy"], epoch)
            asked.heard.add(epoch)
            self._judge(asked, epoch)

    def _judge(self, asked: Asked, epoch: int) -> None:
        """Mark a trial to end early if others were better after this epoch, which has been recorded."""
        if not is_rung(epoch, self._first_rung, asked.epochs):
            return
        known = self._study.get_trials(deepcopy=False)
        there = {one.number: one.intermediate_values[epoch] for one in known if self._was_compared(one, epoch)}
        value = there.pop(asked.number)
        if is_beaten(value, list(there.values())):
            asked.why = f"others were better after {epoch} epoch{'s' * (epoch != 1)}"

    def _was_compared(self, one: optuna.trial.FrozenTrial, epoch: int) -> bool:
        return epoch in one.intermediate_values and epoch < self._epochs(one.params)

    def _write_seconds(self, asked: Asked) -> None:
        """Record how long the trial and the study have taken, including earlier processes."""
        asked.trial.set_user_attr("seconds", round(time.monotonic() - asked.began, 3))
        asked.trial.set_user_attr("study_seconds", round(self.seconds, 3))

    def _tell(self, asked: Asked, outcome: TrialOutcome) -> None:
        self._report(asked, outcome.history)
        self._write_seconds(asked)
        if outcome.accuracy is not None and not asked.why:
            self._study.tell(asked.number, outcome.accuracy)
            return
        # However the process ended, the trial had already been told to end.
        asked.trial.set_user_attr("reason", asked.why or outcome.reason)
        failed = outcome.reason and not asked.why
        self._study.tell(asked.number, state=TrialState.FAIL if failed else TrialState.PRUNED)

    def _trial(self, one: optuna.trial.FrozenTrial) -> Trial:
        curve = tuple(value for _, value in sorted(one.intermediate_values.items()))
        last = curve[-1] if curve else None
        return Trial(
            number=one.number,
            state=_STATES.get(one.state, RUNNING),
            values=dict(one.params),
            accuracy=one.values[0] if one.state == TrialState.COMPLETE else last,
            curve=curve,
            seconds=one.user_attrs.get("seconds", 0.0),
            reason="" if one.state == TrialState.COMPLETE else one.user_attrs.get("reason", ""),
            run=run_of(self.folder, one.number),
            study_seconds=one.user_attrs.get("study_seconds", 0.0),
        )


def run_of(folder: Path, number: int) -> Path:
    """Return the folder of a trial's run."""
    return folder / TRIALS / f"{number:04d}"


def _draw(*what: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(what).encode()).digest()[:4], "big")


def _cut_torn_line(path: Path) -> None:
    """Drop an incomplete last line left by a kill: nothing relies on it, and the next line would be joined to it."""
    if not path.is_file():
        return
    written = path.read_bytes()
    whole = written.rfind(b"\n") + 1
    if whole < len(written):
        with path.open("r+b") as journal:
            journal.truncate(whole)
