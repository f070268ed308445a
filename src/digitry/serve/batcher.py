"""Canonical digits of many requests → one run of the network for all that wait at the same time."""

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
"""The most that run together; a request may have as many alone."""


class Batcher:
    """Runs a network on `threads` threads, each with whatever waits when it is free."""

    def __init__(
        self,
        weigh: Weigh,
        pool: ThreadPoolExecutor,
        threads: int,
        limits: Limits,
        seen: Callable[[int], None],
    ) -> None:
        """Set up: `weigh` may be called on several threads at once; `seen` is called with the size of every batch."""
        self.weigh_batch, self._pool, self._threads, self._limits = weigh, pool, threads, limits
        self.pace = Pace(threads, limits.request_seconds)
        self._runs = 0.0
        """What those take that wait or are in a network, in runs of it."""
        self._waiting_images = 0
        self._waiting: deque[tuple[Images, asyncio.Future[list[Weighed]]]] = deque()
        self.running = 0
        """Batches in the network, and one that lies ready for it."""
        self._seen = seen

    @property
    def waiting(self) -> int:
        """Requests without a thread yet."""
        return len(self._waiting)

    async def weigh(self, images: Images) -> list[Weighed]:
        """Return what each of `images` is, uint8 (n, 28, 28). Raises ProblemError when too many others wait, or for
        too long.
        """
        if len(self._waiting) >= self._limits.max_queue or self.pace.is_too_slow_for(self._runs):
            raise busy()
        answer: asyncio.Future[list[Weighed]] = asyncio.get_running_loop().create_future()
        self._waiting.append((images, answer))
        self._runs += _runs(images)
        self._waiting_images += len(images)
        self._run_next()
        return await answer

    def _run_next(self) -> None:
        """Give a free thread what waits; called again whenever one becomes free.

        A full batch, which nothing could be added to, is handed over before: no thread has to wait for the loop then.
        """
        while self.running < self._threads + (self._waiting_images >= BATCH_IMAGES) and self._waiting:
            parts: list[tuple[Images, asyncio.Future[list[Weighed]]]] = []
            count = 0
            while self._waiting and (not parts or count + len(self._waiting[0][0]) <= BATCH_IMAGES):
                part = self._waiting.popleft()
                self._waiting_images -= len(part[0])
                if not part[1].cancelled():  # nobody waits for it any more
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
    """Return the share of a run that images take: where they are more than half a batch, there is no room for their
    like.
    """
    return 1.0 if 2 * len(images) > BATCH_IMAGES else len(images) / BATCH_IMAGES
