"""The processes that read pictures: each does one job at a time; what dies or takes too long is replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError
from digitry.reading.page_options import PageOptions
from digitry.serve.limits import Limits
from digitry.serve.pace import Pace
from digitry.serve.problems import busy
from digitry.workers.pool import NoWorkerError, Pool, Worker


class PictureJob(NamedTuple):
    """One picture to read."""

    picture: bytes
    model: str
    expect: str
    max_error: float
    page: Mapping[str, Any] = PageOptions().to_values()
    """What is said of a page, as `PageOptions` has it."""
    known: Mapping[str, str] = {}
    """What is known of its numbers, in the words of `Knowledge`."""
    keep: bool = False
    """Whether the decoded pages are wanted too."""


class Done(NamedTuple):
    """What came of it."""

    readings: list[dict[str, Any]]
    """As `Reading.to_json`, one a page."""
    error: str | None
    """Why the picture, or the rest of its pages, cannot be read."""
    pages: list[NDArray[np.uint8]]
    """The decoded pages, where they were to be kept."""


class Children:
    """A fixed number of reading processes with the same models."""

    def __init__(self, models: Mapping[str, Sequence[bytes]], count: int, limits: Limits) -> None:
        """Set up for `models`: name → bytes of the ONNX files of one's own, none for the shipped ones."""
        self._models, self._count, self._limits = models, count, limits
        self.pace = Pace(count, limits.request_seconds)
        self.unanswered = 0
        """Jobs at work or waiting."""
        self.pool: Pool | None = None
        """The processes, once they are started."""

    async def start(self) -> None:
        """Start all. Raises ModelError when one cannot open its models."""
        head = {"limits": asdict(self._limits), "models": {name: len(files) for name, files in self._models.items()}}
        start = partial(Worker, "digitry.serve.picture_child", head, *chain(*self._models.values()))
        try:
            self.pool = await asyncio.to_thread(Pool, start, self._count, self.pace.note)
        except NoWorkerError as error:
            raise ModelError("a process that reads pictures does not start; is there enough memory?") from error

    @property
    def waiting(self) -> int:
        """Jobs without a process yet."""
        return max(0, self.unanswered - self._count)

    async def read(self, *jobs: PictureJob) -> list[Done]:
        """Return the readings of pictures; each waits for its turn, and all are cancelled by cancelling the task.

        Raises ProblemError, before any is begun, when there is no place for all of them in the queue, or no time.
        """
        if not self.has_room(len(jobs)):
            raise busy()
        return await asyncio.gather(*map(self._read, jobs))

    def has_room(self, jobs: int = 1) -> bool:
        """Tell whether so many more would get their turn."""
        ahead = self.unanswered + jobs - self._count
        return ahead <= self._limits.max_queue and not self.pace.is_too_slow_for(ahead)

    async def _read(self, job: PictureJob) -> Done:
        assert self.pool is not None, "start it first"
        head = job._asdict()
        asked = self.pool.ask(head, head.pop("picture"))
        self.unanswered += 1
        try:
            answer = await asyncio.wrap_future(asked)
        except NoWorkerError as error:  # the machine is short of something
            raise busy() from error
        finally:
            self.unanswered -= 1
            self.pool.give_up(asked)
        if answer is None:
            seconds = self._limits.picture_seconds
            return Done([], f"it is broken, or takes more than {seconds} s or too much memory to read", [])
        shapes = answer.head.get("pages", ())
        pages = [np.frombuffer(part, np.uint8).reshape(shape) for part, shape in zip(answer.parts, shapes, strict=True)]
        return Done(answer.head["readings"], answer.head.get("error"), pages)

    async def close(self) -> None:
        """End every process, those at work after their job."""
        while self.unanswered:
            await asyncio.sleep(0.02)
        if self.pool is not None:
            await asyncio.to_thread(self.pool.close)
