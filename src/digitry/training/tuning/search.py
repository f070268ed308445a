"""Run trials, one after another, until there are enough or the time is up."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from digitry.runs import Epoch
from digitry.training.tuning.at_work import at_work
from digitry.training.tuning.best_settings import write_best
from digitry.training.tuning.study import best_of
from digitry.training.tuning.trial_job import Trainer
from digitry.training.tuning.tuning_progress import TuningProgress

if TYPE_CHECKING:
    from digitry.training.tuning.trial_book import TrialBook  # loads Optuna


def search(book: TrialBook, trainers: Sequence[Trainer], progress: TuningProgress) -> int | None:
    """Have the trainers train what the book asks for, keeping best.toml up to date. Returns the signal that ended it,
    or None when it is done.

    Raises DigitryError for what would fail every trial; unfinished trials can then be continued.
    """

    def next_job(trainer: Trainer, stop: threading.Event) -> bool:
        asked = book.ask()
        if asked is None:
            return False
        progress.begin_trial(asked.number, asked.values)

        def on_epoch(history: Sequence[Epoch]) -> bool:
            if stop.is_set():
                return False
            progress.epoch(asked.number, history)
            return book.report(asked, history)

        outcome = trainer.train(asked.job, on_epoch)
        if stop.is_set():
            return False  # it may have been cut off: the next process takes it up again
        trial = book.tell(asked, outcome)
        best = best_of(book.trials())
        if best is not None and best.number == trial.number:
            write_best(book.folder, book.recipe, book.plan, best)
        progress.end_trial(trial, book.seconds)
        return True

    return at_work(trainers, next_job)
