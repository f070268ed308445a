"""The processes that read pictures: each does one job at a time; what dies or takes too long is replaced."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError
from digitry.serve.limits import Limits
from digitry.serve.pace import Pace
from digitry.serve.problems import busy

START_SECONDS = 30
"""A process that is not ready by then is given up."""

LINE_BYTES = 16 * 2**20
"""The longest answer: pages full of numbers."""


class Job(NamedTuple):
    """One picture to read."""

    picture: bytes
    model: str
    expect: str
    max_error: float
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
        """`models`: name → bytes of the ONNX files of one's own, none for the shipped ones."""
        self._models, self._count, self._limits = models, count, limits
        self._idle: asyncio.Queue[_Child] = asyncio.Queue()
        self._replacing: set[asyncio.Task[None]] = set()
        self.waiting = 0
        """Jobs without a process yet."""
        self._at_work = 0
        self._pace = Pace(count, limits.request_seconds)
        self._is_closing = False

    async def start(self) -> None:
        """Start all; ModelError when one cannot open its models."""
        for child in await asyncio.gather(*(_Child.start(self._models, self._limits) for _ in range(self._count))):
            self._idle.put_nowait(child)

    async def read(self, *jobs: Job) -> list[Done]:
        """The readings of pictures; each waits for its turn, and all are cancelled by cancelling the task.

        Raises ProblemError, before any is begun, when there is no place for all of them in the queue, or no time.
        """
        if not self.has_room(len(jobs)):
            raise busy()
        return await asyncio.gather(*map(self._read, jobs))

    def has_room(self, jobs: int = 1) -> bool:
        """Whether so many more would get their turn."""
        ahead = self.waiting + jobs - self._idle.qsize()
        return ahead <= self._limits.max_queue and not self._pace.is_too_slow_for(ahead)

    async def _read(self, job: Job) -> Done:
        self.waiting += 1
        try:
            while (child := await self._idle.get()).is_dead:  # with nothing to read: no picture is to blame
                self._replace(child)
        finally:
            self.waiting -= 1
        self._at_work += 1
        done: Done | None = None
        began = time.monotonic()
        try:
            done = await child.read(job)
        finally:
            self._pace.note(time.monotonic() - began)
            self._at_work -= 1
            if done is not None:
                self._idle.put_nowait(child)
            else:  # cancelled in the middle of it, or dead: nobody knows what it would say next
                self._replace(child)
        if done is None:
            seconds = self._limits.picture_seconds
            return Done([], f"it is broken, or takes more than {seconds} s or too much memory to read", [])
        return done

    async def close(self) -> None:
        """End every process, those at work after their job."""
        self._is_closing = True
        for task in list(self._replacing):
            with contextlib.suppress(asyncio.CancelledError, ModelError):
                await task
        while self._at_work or self.waiting:
            await asyncio.sleep(0.02)
        while not self._idle.empty():
            await self._idle.get_nowait().stop()

    def _replace(self, child: _Child) -> None:
        async def fresh() -> None:
            await child.stop()
            while not self._is_closing:
                with contextlib.suppress(ModelError, OSError):
                    self._idle.put_nowait(await _Child.start(self._models, self._limits))
                    return
                await asyncio.sleep(1)  # no process to be had: the machine is short of something

        task = asyncio.create_task(fresh())
        self._replacing.add(task)
        task.add_done_callback(self._replacing.discard)


class _Child:
    """One process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._jobs, self._answers = process, process.stdin, process.stdout

    @classmethod
    async def start(cls, models: Mapping[str, Sequence[bytes]], limits: Limits) -> _Child:
        # The same modules as here, whatever the current folder holds.
        paths = os.pathsep.join(path for path in sys.path if path)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "digitry.serve.child"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
            limit=LINE_BYTES,
            start_new_session=True,  # a signal from the terminal is for the server, which ends its children itself
        )
        child = cls(process)
        sizes = {name: [len(data) for data in files] for name, files in models.items()}
        try:
            child._send({"limits": asdict(limits), "models": sizes}, *chain(*models.values()))
            ready = await asyncio.wait_for(child._answers.readline(), START_SECONDS)
        except (OSError, TimeoutError):
            ready = b""
        except asyncio.CancelledError:
            await child.stop()
            raise
        if ready != b"ready\n":
            await child.stop()
            raise ModelError("a process that reads pictures does not start; is there enough memory?")
        return child

    @property
    def is_dead(self) -> bool:
        return self._process.returncode is not None

    async def read(self, job: Job) -> Done | None:
        """The answer; None when the process died over it."""
        head = {**job._asdict(), "bytes": len(job.picture)}
        del head["picture"]
        try:
            self._send(head, job.picture)
            line = await self._answers.readline()
            if not line.endswith(b"\n"):
                return None
            answer = json.loads(line)
            pages = [
                np.frombuffer(await self._answers.readexactly(math.prod(shape)), np.uint8).reshape(shape)
                for shape in answer.get("pages", ())
            ]
        except (OSError, ValueError, asyncio.IncompleteReadError, RuntimeError):  # uvloop's, when a pipe is closed
            return None
        return Done(answer["readings"], answer.get("error"), pages)

    def _send(self, head: dict[str, Any], *parts: bytes) -> None:
        self._jobs.write(b"".join([json.dumps(head).encode(), b"\n", *parts]))  # at once: each write wakes the process

    async def stop(self) -> None:
        """End the process, whatever it is at."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._process._transport.close()  # type: ignore[attr-defined] # else its pipes live until they are collected
