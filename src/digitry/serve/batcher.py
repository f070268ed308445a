"""Batch canonical digits of many requests: one run of the network for all that are waiting."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from digitry.reading.canonical_digits import Weighed
from digitry.serve.limits import Limits
from digitry.serve.pace import Pace
from digitry.serve.problems import busy
from digitry.types import Images

Weigh = Callable[[Images], list[Weighed]]

BATCH_IMAGES = 256
"""Most images per batch; a single request may have as many."""


class Batcher:
    """Runs a network on `threads` threads, each taking whatever is waiting when it becomes free."""

    def __init__(
        self,
        weigh: Weigh,
        pool: ThreadPoolExecutor,
        threads: int,
        limits: Limits,
        seen: Callable[[int], None],
    ) -> None:
        """Set up; `weigh` must be thread-safe, and `seen` is called with the size of every batch."""
        self.weigh_batch, self._pool, self._threads, self._limits = weigh, pool, threads, limits
        self.pace = Pace(threads, limits.request_seconds)
        self._runs = 0.0
        """The work waiting or in progress, in runs of the network."""
        self._waiting_images = 0
        self._waiting: deque[tuple[Images, asyncio.Future[list[Weighed]]]] = deque()
        self.running = 0
        """Batches in progress, including one that may be ready for the next free thread."""
        self._seen = seen

    @property
    def waiting(self) -> int:
        """Requests without a thread yet."""
        return len(self._waiting)

    async def weigh(self, images: Images) -> list[Weighed]:
        """Classify `images`, uint8 (n, 28, 28). Raises ProblemError if the queue is too long, or too slow."""
        if len(self._waiting) >= self._limits.max_queue or self.pace.is_too_slow_for(self._runs):
            raise busy()
        answer: asyncio.Future[list[Weighed]] = asyncio.get_running_loop().create_future()
        self._waiting.append((images, answer))
        self._runs += _runs(images)
        self._waiting_images += len(images)
        self._run_next()
        return await answer

    def _run_next(self) -> None:
        """Hand what is waiting to a free thread; called again whenever one becomes free.

        A full batch, to which nothing can be added, is handed over early, so that no thread waits for the event loop.
        """
        while self.running < self._threads + (self._waiting_images >= BATCH_IMAGES) and self._waiting:
            parts: list[tuple[Images, asyncio.Future[list[Weighed]]]] = []
            count = 0
            while self._waiting and (not parts or count + len(self._waiting[0][0]) <= BATCH_IMAGES):
                part = self._waiting.popleft()
                self._waiting_images -= len(part[0])
                if not part[1].cancelled():  # skip those for which nobody waits any more
                    parts.append(part)
                    count += len(part[0])
                else:
                    self._runs -= _runs(part[0])
            if not parts:
                return
            self.running += 1
            self._seen(count)
            images = parts[0][0] if len(parts) == 1 else np.concatenate([images for images, _ in parts])
            run = asyncio.get_running_loop().run_in_executor(self._pool, self.weigh_batch, images)
            run.add_done_callback(partial(self._finish, parts, time.monotonic()))

    def _finish(
        self,
        parts: list[tuple[Images, asyncio.Future[list[Weighed]]]],
        began: float,
        run: asyncio.Future[list[Weighed]],
    ) -> None:
        self.running -= 1
        self._runs -= sum(_runs(images) for images, _ in parts)
        self.pace.note(time.monotonic() - began)
        start = 0
        for images, answer in parts:
            if answer.cancelled():
                pass
            elif error := run.exception():
                answer.set_exception(error)
            else:
                answer.set_result(run.result()[start : start + len(images)])
            start += len(images)
        self._run_next()


def _runs(images: Images) -> float:
    """Return the share of a run that images take: all if they are more than half a batch, as no such other fits."""
    return 1.0 if 2 * len(images) > BATCH_IMAGES else len(images) / BATCH_IMAGES
