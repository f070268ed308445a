"""The trials of a study as Optuna's journal has them: the one place where they are asked for, reported and told.

A trial that was under way when a process was killed has no final record; it is asked for again, before any new one, and
its run goes on. So each trial gets exactly one, whenever the process dies. Whether it ends early follows from figures
in the journal: the next process tells the same of a trial of which this one could not tell any more.
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
"""Drawn at random, before the sampler has something to go by."""

MOST_FAILURES = 5
"""A study whose first so many trials all fail is given up: it would go on failing."""

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
    """When, as if processes before this one had been at it in one piece with it."""
    why: str = ""
    """Why it is to end early."""


class _OneProcess:
    """The journal needs no lock of its own: the study's folder is held by one process. One left behind by a kill
    would be waited for.
    """

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


class TrialBook:
    """All trials of one study; its methods may be called by several threads."""

    def __init__(self, folder: Path, plan: StudyPlan, recipe: Recipe) -> None:
        """Open the journal in the folder, or begin one. The folder must be held by this process."""
        self.folder, self.plan, self.recipe = folder, plan, recipe
        self.space: Space = space_of_text(recipe, plan.space)
        self._base = base = recipe.with_settings(plan.settings)
        self._lock = threading.Lock()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        path = folder / JOURNAL
        _cut_torn_line(path)
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=_OneProcess()))
        # The first look is taken when a network has had some time: of ten epochs after the second, then the sixth.
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
        """How long the study has taken, in this process and those before it."""
        return self._used + time.monotonic() - self._began

    @property
    def is_late(self) -> bool:
        """Whether its minutes are over."""
        return self.plan.minutes is not None and self.seconds >= 60 * self.plan.minutes

    @property
    def _ends_now(self) -> bool:
        """Whether trials under way are ended: not before one has come to its end, or nothing would be found at all."""
        known = self._study.get_trials(deepcopy=False)
        return self.is_late and any(one.state == TrialState.COMPLETE for one in known)

    def ask(self) -> Asked | None:
        """Ask for a trial to train: one that was left under way, else a new one; None when there is none to begin."""
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
        """Write down the epochs done so far; returns whether the trial is worth going on with."""
        with self._lock:
            self._report(asked, history)
            self._write_seconds(asked)  # after every epoch, or what a kill took would cost nothing
            if not asked.why and self._ends_now:
                asked.why = "the time was up"
            return not asked.why

    def tell(self, asked: Asked, outcome: TrialOutcome) -> Trial:
        """Write down what came of a trial: its one final record. Raises TrainingError where the first all failed."""
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
        """Return all trials that have begun, in their order."""
        found = self._study.get_trials(deepcopy=False)
        return tuple(self._trial(one) for one in found if one.state != TrialState.WAITING)

    def importance(self) -> dict[str, float]:
        """Return how much each setting matters, as shares that sum to 1; none where too little is known to say."""
        try:
            by = optuna.importance.PedAnovaImportanceEvaluator()
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)  # of too few trials it would call all alike
                return dict(optuna.importance.get_param_importances(self._study, evaluator=by))
        except (ValueError, RuntimeError, UserWarning):  # too few trials, or all alike
            return {}

    def _asked(self, trial: optuna.Trial) -> Asked:
        values = {}
        for name, one in self.space.items():
            # A generator for each value: what is drawn does not depend on when the process was killed.
            self._study.sampler = optuna.samplers.TPESampler(
                seed=_draw(self.plan.seed, trial.number, name), n_startup_trials=STARTUP_TRIALS, constant_liar=True
            )
            values[name] = one.suggest(trial, name)
        job = TrialJob(run_of(self.folder, trial.number), {**self.plan.settings, **values}, self.plan.seed)
        known = self._study.get_trials(deepcopy=False)[trial.number]
        heard, began = set(known.intermediate_values), time.monotonic() - known.user_attrs.get("seconds", 0.0)
        return Asked(trial.number, job, values, trial, self._epochs(values), heard, began)

    def _epochs(self, values: Mapping[str, Any]) -> int:
        """Return how many epochs a trial with these values has."""
        base = self._base.with_settings({"epochs": values["epochs"]}) if "epochs" in values else self._base
        return base.settings.epochs

    def _outcome_of_left(self, left: Asked) -> TrialOutcome | None:
        """Return what came of a trial that was left under way, where nothing of it is left to train."""
        if left.heard:
            self._judge(left, max(left.heard))
        if left.why:
            return TrialOutcome(None)
        if not self._ends_now:
            return None
        if (done := finished_run(left.job.run)) is not None:  # what it found was not told any more
            return TrialOutcome(done.figures["val_accuracy"], history=done.history)
        left.why = "the time was up"
        return TrialOutcome(None)

    def _report(self, asked: Asked, history: Sequence[Epoch]) -> None:
        """Write down what is not written yet; not what comes after an epoch with which a trial is to end."""
        for line in history:
            epoch = int(line["epoch"])
            if epoch in asked.heard or asked.why:
                continue
            asked.trial.report(line["val_accuracy"], epoch)
            asked.heard.add(epoch)
            self._judge(asked, epoch)

    def _judge(self, asked: Asked, epoch: int) -> None:
        """Have a trial end where others were better after this epoch, which is written down."""
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
        """Write down how long the trial and the study have taken, also in processes before this one."""
        asked.trial.set_user_attr("seconds", round(time.monotonic() - asked.began, 3))
        asked.trial.set_user_attr("study_seconds", round(self.seconds, 3))

    def _tell(self, asked: Asked, outcome: TrialOutcome) -> None:
        self._report(asked, outcome.history)
        self._write_seconds(asked)
        if outcome.accuracy is not None and not asked.why:
            self._study.tell(asked.number, outcome.accuracy)
            return
        # Whatever came of the process of a trial that was to end: it was to end.
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
    """Return where the run of a trial is."""
    return folder / TRIALS / f"{number:04d}"


def _draw(*what: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(what).encode()).digest()[:4], "big")


def _cut_torn_line(path: Path) -> None:
    """Drop what a kill left of a last line: nobody relies on it, and what comes next would be glued to it."""
    if not path.is_file():
        return
    written = path.read_bytes()
    whole = written.rfind(b"\n") + 1
    if whole < len(written):
        with path.open("r+b") as journal:
            journal.truncate(whole)
