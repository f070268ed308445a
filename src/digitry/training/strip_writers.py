"""The strips of an epoch, written by several processes where the machine has cores for them: the same strips."""

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
"""So many strips are written with one seed: which process writes which of them makes no difference."""

POLL_SECONDS = 0.02

Strips = tuple[NDArray[np.uint8], NDArray[np.int32]]
"""Strips, (n, height, width), and the characters on each, (n, most), as `synthesis.number_strips` pads them."""


class StripWriters:
    """Writes strips with the digits of a split, here or in helping processes; use as a context, which ends those."""

    def __init__(self, split: Split, classes: int, count: int = 0) -> None:
        """Set up for `count` strips at once, asked for again and again; with few there is no help."""
        self._split, self._classes = split, classes
        self._pool: Pool | None = None
        helpers = min(_cores() - 1, -(-count // STRIPS_TOGETHER))
        if helpers > 1:
            first = pickle.dumps((split, classes))
            with contextlib.suppress(NoWorkerError):  # then this process does all of it
                self._pool = Pool(partial(Worker, "digitry.training.strip_child", {}, first), helpers)

    def __enter__(self) -> StripWriters:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.close()

    @property
    def epochs_ahead(self) -> int:
        """How many epochs are best under way while one is trained on: with helpers two, so that none of them waits."""
        return 1 if self._pool is None else 2

    def write(self, count: int, seed: list[int]) -> Strips:
        """Write so many strips, a function of the digits and the seed."""
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

    # Pictures this small are drawn faster by one thread, and the others are needed for the network.
    cv2.setNumThreads(1)
    made = made_strips(split, count, np.random.default_rng(seed), classes)
    return made.strips, made.targets


def _answered(answer: Future[Message | None]) -> Strips | None:
    """Return what a helper wrote; None where it died over it. Raises NotNeededError where nobody wants it any more."""
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
    """Tell how many processes may work at once; one that was told to use one core, a trial of many say, starts none."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return min(int(told), usable_cores()) if told.isdecimal() else usable_cores()
