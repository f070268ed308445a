"""The processes that read pictures, one job at a time each; a process that dies or takes too long is replaced."""

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
    """Options of pages, as in `PageOptions`."""
    known: Mapping[str, str] = {}
    """What is known about its numbers, in the words of `Knowledge`."""
    keep: bool = False
    """Whether the decoded pages are wanted too."""


class Done(NamedTuple):
    """The result of a job."""

    readings: list[dict[str, Any]]
    """As by `Reading.to_json`, one per page."""
    error: str | None
    """Why the picture, or the rest of its pages, cannot be read."""
    pages: list[NDArray[np.uint8]]
    """The decoded pages, if requested by `keep`."""


class Children:
    """A fixed number of reading processes with the same models."""

    def __init__(self, models: Mapping[str, Sequence[bytes]], count: int, limits: Limits) -> None:
        """Set up for `models`: name → bytes of the user's own ONNX files, empty for the shipped networks."""
        self._models, self._count, self._limits = models, count, limits
        self.pace = Pace(count, limits.request_seconds)
        self.unanswered = 0
        """Jobs in progress or waiting."""
        self.pool: Pool | None = None
        """The processes, once started."""

    async def start(self) -> None:
        """Start all processes. Raises ModelError if one cannot open its models."""
        head = {"limits": asdict(self._limits), "models": {name: len(files) for name, files in self._models.items()}}
        start = partial(Worker, "digitry.serve.picture_child", head, *chain(*self._models.values()))
        try:
            self.pool = await asyncio.to_thread(Pool, start, self._count, self.pace.note)
        except NoWorkerError as error:
            raise ModelError("a process that reads pictures cannot start; is there enough memory?") from error

    @property
    def waiting(self) -> int:
        """Jobs without a process yet."""
        return max(0, self.unanswered - self._count)

    async def read(self, *jobs: PictureJob) -> list[Done]:
        """Return the readings of pictures, each when its turn comes; cancelling the task cancels all.

        Raises ProblemError, before any is started, if the queue has no room for all of them, or is too slow.
        """
        if not self.has_room(len(jobs)):
            raise busy()
        return await asyncio.gather(*map(self._read, jobs))

    def has_room(self, jobs: int = 1) -> bool:
        """Tell whether this many more jobs would get their turn in time."""
        ahead = self.unanswered + jobs - self._count
        return ahead <= self._limits.max_queue and not self.pace.is_too_slow_for(ahead)

    async def _read(self, job: PictureJob) -> Done:
        assert self.pool is not None, "start it first"
        head = job._asdict()
        asked = self.pool.ask(head, head.pop("picture"))
        self.unanswered += 1
        try:
            answer = await asyncio.wrap_future(asked)
        except NoWorkerError as error:  # the machine lacks some resource
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
        """End every process, once its job is done."""
        while self.unanswered:
            await asyncio.sleep(0.02)
        if self.pool is not None:
            await asyncio.to_thread(self.pool.close)
