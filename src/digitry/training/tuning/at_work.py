"""Several trainers at work at once, until nothing is left to do, a job fails, or a signal comes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from digitry.training.interrupt import listening
from digitry.training.tuning.trial_job import Trainer

NextJob = Callable[[Trainer, threading.Event], bool]
"""Does the next job with a trainer; False when there is none left. Once the event is set, its result is ignored."""


def at_work(trainers: Sequence[Trainer], next_job: NextJob) -> int | None:
    """Have every trainer do one job after another; returns the signal that ended it, or None when all was done.

    An exception in one job ends the others and is raised. Unfinished work is left as a kill would leave it.
    """
    stop = threading.Event()

    def work(trainer: Trainer) -> None:
        while not stop.is_set() and next_job(trainer, stop):
            pass

    with listening() as signal, ThreadPoolExecutor(len(trainers), thread_name_prefix="tune") as threads:
        running = [threads.submit(work, trainer) for trainer in trainers]
        try:
            while wait(running, timeout=0.1, return_when=FIRST_EXCEPTION).not_done:
                failed = any(one.done() and one.exception() for one in running)
                if failed or signal.number is not None:
                    _end(trainers, stop)
        except BaseException:
            _end(trainers, stop)
            raise
        for one in running:
            one.result()
    return signal.number


def _end(trainers: Sequence[Trainer], stop: threading.Event) -> None:
    stop.set()
    for one in trainers:
        one.kill()
