"""Better by chance? Train the best and the recipe's own settings again, with seeds that had no part in choosing."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from digitry.recipes.settings import MAX_SEED
from digitry.runs import Epoch
from digitry.training.tuning.at_work import at_work
from digitry.training.tuning.study import Gain, Trial
from digitry.training.tuning.study_plan import FRESH, StudyPlan
from digitry.training.tuning.trial_job import Trainer, TrialJob
from digitry.training.tuning.tuning_progress import TuningProgress

OWN = "own"


@dataclass(frozen=True)
class Fresh:
    """One training with a fresh seed."""

    whose: str
    """`own`, or a trial such as `trial-0007`; also the name of its folder."""
    job: TrialJob


def fresh_jobs(folder: Path, plan: StudyPlan, best: Trial) -> list[Fresh]:
    """Return the trainings to do: for every seed, the recipe's own settings and then the best.

    The seeds are those after the study's own. Runs that exist are not trained again.
    """
    both = {OWN: plan.settings, f"trial-{best.number:04d}": {**plan.settings, **best.values}}
    return [
        Fresh(whose, TrialJob(folder / FRESH / whose / f"seed-{seed}", settings, seed))
        for seed in fresh_seeds(plan)
        for whose, settings in both.items()
    ]


def fresh_seeds(plan: StudyPlan) -> list[int]:
    """Return seeds that no trial has used."""
    return [(plan.seed + 1 + k) % (MAX_SEED + 1) for k in range(plan.fresh_seeds)]


def train_fresh(
    jobs: Sequence[Fresh], best: Trial, trainers: Sequence[Trainer], progress: TuningProgress
) -> tuple[Gain | None, int | None]:
    """Train all jobs → the gain, None unless both succeeded for some seed, and the signal that ended it, else None.

    A seed with which either fails is dropped, with a note. Raises DigitryError for what would fail every training.
    """
    left, lock = deque(jobs), threading.Lock()
    found: dict[tuple[str, int], float] = {}

    def next_job(trainer: Trainer, stop: threading.Event) -> bool:
        with lock:
            if not left:
                return False
            fresh = left.popleft()
            progress.begin_fresh(fresh.whose, fresh.job.seed, len(jobs) - len(left), len(jobs))

        def on_epoch(history: Sequence[Epoch]) -> bool:
            progress.fresh_epoch(fresh.whose, fresh.job.seed, history)
            return not stop.is_set()

        outcome = trainer.train(fresh.job, on_epoch)
        progress.end_fresh(fresh.whose, fresh.job.seed)
        if stop.is_set():
            return False
        if outcome.accuracy is None:
            progress.note(f"fresh seed {fresh.job.seed} of {fresh.whose} failed: {outcome.reason}")
        else:
            found[fresh.whose, fresh.job.seed] = outcome.accuracy
        return True

    signal = at_work(trainers, next_job)
    theirs = f"trial-{best.number:04d}"
    seeds = sorted(seed for whose, seed in found if whose == OWN and (theirs, seed) in found)
    own, others = (tuple(found[whose, seed] for seed in seeds) for whose in (OWN, theirs))
    return (Gain(best.number, tuple(seeds), own, others) if seeds else None), signal
