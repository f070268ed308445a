"""The strips of an epoch, written by several processes if the machine has the cores; their number changes no strip."""

from __future__ import annotations

import contextlib
import os
import pickle
import time
from concurrent.futures import Future
from functools import partial
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from digitry.synthesis.steps import steps
from digitry.types import Split
from digitry.workers.pool import Message, NoWorkerError, Pool, Worker, settled
from digitry.workers.usable_cores import usable_cores

STRIPS_TOGETHER = 512
"""Number of strips written from one seed, so it makes no difference which process writes which."""

POLL_SECONDS = 0.02

Strips = tuple[NDArray[np.uint8], NDArray[np.int32]]
"""Strips, (n, height, width), and the characters on each, (n, most), as `synthesis.number_strips` pads them."""


class StripWriters:
    """Writes strips with the digits of a split, here or in helper processes; as a context manager, it ends these."""

    def __init__(self, split: Split, classes: int, count: int = 0) -> None:
        """Set up for `count` strips per call, called repeatedly; for few strips there are no helpers."""
        self._split, self._classes = split, classes
        self._pool: Pool | None = None
        helpers = min(_cores() - 1, -(-count // STRIPS_TOGETHER))
        if helpers > 1:
            first = pickle.dumps((split, classes))
            with contextlib.suppress(NoWorkerError):  # then this process does all the work
                self._pool = Pool(partial(Worker, "digitry.training.strip_child", {}, first), helpers)

    def __enter__(self) -> StripWriters:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.close()

    @property
    def epochs_ahead(self) -> int:
        """How many epochs to write ahead of training: two with helpers, so that none of them waits."""
        return 1 if self._pool is None else 2

    def write(self, count: int, seed: list[int]) -> Strips:
        """Write `count` strips, determined by the digits and the seed alone."""
        shares = [(min(STRIPS_TOGETHER, count - first), [*seed, first]) for first in range(0, count, STRIPS_TOGETHER)]
        if self._pool is None:
            parts = [write_share(self._split, self._classes, *share) for share in shares]
        else:
            asked = [self._pool.ask({}, pickle.dumps(share)) for share in shares]
            parts = [
                _answered(answer) or write_share(self._split, self._classes, *share)
                for answer, share in zip(asked, shares, strict=True)
            ]
        strips, targets = zip(*parts, strict=True)
        return np.concatenate(strips), np.concatenate(targets)


def write_share(split: Split, classes: int, count: int, seed: list[int]) -> Strips:
    """Write the strips of one seed."""
    import cv2

    from digitry.synthesis.number_strips import made_strips

    # Pictures this small are drawn faster by one thread, and the network needs the others.
    cv2.setNumThreads(1)
    made = made_strips(split, count, np.random.default_rng(seed), classes)
    return made.strips, made.targets


def _answered(answer: Future[Message | None]) -> Strips | None:
    """Return what a helper wrote; None if it died on it. Raises NotNeededError when nobody wants it any more."""
    for _ in steps(repeat(None)):
        if answer.done():
            break
        time.sleep(POLL_SECONDS)
    message = settled(answer)
    if message is None:
        return None
    strips, targets = pickle.loads(message.parts[0])  # from a process that was started here
    return strips, targets


def _cores() -> int:
    """Return how many processes may work at once: one, if this one was limited to one core, as in parallel trials."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return min(int(told), usable_cores()) if told.isdecimal() else usable_cores()
