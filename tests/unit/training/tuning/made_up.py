"""Studies without trainings: a trainer that answers by a formula, and a study in a process that can be killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from digitry import recipes
from digitry.training.tuning.study import Study
from digitry.training.tuning.study_plan import JOURNAL, StudyPlan, make_plan
from digitry.training.tuning.trial_job import OnEpoch, TrialJob, TrialOutcome
from digitry.training.tuning.tune import run_study
from digitry.training.tuning.tuning_progress import TuningProgress

RECIPE = recipes.get("dense-relu")
EPOCHS = 10
SPACE = {"learning_rate": "log:1e-4:1e-1", "units": "16|32,64|128"}


def accuracy_of(job: TrialJob) -> float:
    """What these settings reach: the best are a learning rate near 0.01, and 128 units."""
    rate = RECIPE.with_settings(job.settings).settings
    return 0.9 - abs(rate.learning_rate - 0.01) + 0.01 * (rate.units == (128,))


class MadeUp:
    """A Trainer: every epoch halves what is left to the accuracy of the settings. Rates above 0.05 fail."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.asked: list[TrialJob] = []
        self.seconds = seconds
        self.is_killed = False

    def train(self, job: TrialJob, on_epoch: OnEpoch) -> TrialOutcome:
        self.asked.append(job)
        last = accuracy_of(job) + 0.001 * (job.seed % 3)
        history: list[dict[str, float]] = []
        for epoch in range(1, EPOCHS + 1):
            time.sleep(self.seconds)
            history.append({"epoch": epoch, "val_accuracy": last - 0.5**epoch})
            if RECIPE.with_settings(job.settings).settings.learning_rate > 0.05:
                return TrialOutcome(None, "the loss is no longer a finite number")
            if epoch < EPOCHS and not on_epoch(history):
                return TrialOutcome(None)
        return TrialOutcome(last, history=history)

    def kill(self) -> None:
        self.is_killed = True

    def close(self) -> None:
        pass


class Tabled:
    """A Trainer of four trials with four epochs each, whose runs outlast it where they are `kept`: as a checkpoint, an
    epoch is saved before it is heard of.
    """

    CURVES = (
        (0.5, 0.6, 0.7, 0.8),
        (0.4, 0.7, 0.8, 0.9),  # beaten after the first epoch
        (0.6, 0.6, 0.6, 0.95),  # beaten after the third
        (0.7, 0.75, 0.8, 0.85),
    )

    def __init__(self, kept: dict[str, int] | None) -> None:
        self.kept = kept

    def train(self, job: TrialJob, on_epoch: OnEpoch) -> TrialOutcome:
        history = [{"epoch": k, "val_accuracy": one} for k, one in enumerate(self.CURVES[int(job.run.name)], 1)]
        for epoch in range((self.kept or {}).get(job.run.name, 0) + 1, len(history) + 1):
            if self.kept is not None:
                self.kept[job.run.name] = epoch
            if epoch < len(history) and not on_epoch(history[:epoch]):
                return TrialOutcome(None)
        return TrialOutcome(history[-1]["val_accuracy"], history=history)

    def kill(self) -> None:
        pass

    def close(self) -> None:
        pass


def plan(**options: Any) -> StudyPlan:
    more: dict[str, Any] = {"trials": 12, "minutes": None, "fresh_seeds": 0, "seed": 0, "wanted": SPACE, **options}
    return make_plan(RECIPE, data="made-up", data_sha256="0" * 64, **more)


def study(folder: Path, make: Callable[[], Sequence[Any]] = lambda: [MadeUp()], **options: Any) -> Study:
    return run_study(folder, plan(**options), RECIPE, make, TuningProgress(), page=False)


def told(done: Study) -> list[tuple[Any, ...]]:
    """What a study says of its trials, but for how long they took."""
    return [(one.number, one.state, one.values, one.curve, one.accuracy) for one in done.trials]


def final_records(folder: Path) -> Counter[int]:
    """Trial → how many final records the journal holds of it, counted in the file itself."""
    ended = Counter()
    for line in (folder / JOURNAL).read_text().splitlines():
        said = json.loads(line)
        if said.get("state") in (1, 2, 3):  # complete, pruned, failed
            ended[said["trial_id"]] += 1
    return ended


def kill_again_and_again(folder: Path, trials: int, kills: int) -> None:
    """Run a study in a process, two trials at once, and end it with SIGKILL so often, each time a little further on."""
    command = [sys.executable, "-m", __name__, str(folder), str(trials), "2"]
    journal = folder / JOURNAL
    for kill in range(kills):
        process = subprocess.Popen(command, cwd=Path(__file__).parents[4])
        goal = (kill + 1) / (kills + 1) * trials
        until = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < until:
            if journal.is_file() and journal.read_bytes().count(b'"values":') >= goal:
                process.send_signal(signal.SIGKILL)
            time.sleep(0.002)
        process.kill()
        assert process.wait() == -signal.SIGKILL, "it was over before the kill"


if __name__ == "__main__":
    where, count, workers = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    study(where, lambda: [MadeUp(0.001) for _ in range(workers)], trials=count)
