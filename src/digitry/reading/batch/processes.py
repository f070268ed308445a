"""Read pictures in several processes, in order; a process that dies is replaced."""

from __future__ import annotations

import contextlib
import pickle
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from digitry.errors import DigitryError
from digitry.reading.batch.fetch_ahead import fetch_ahead
from digitry.reading.batch.here import open_reader, read_many
from digitry.reading.batch.records import Finish, Outcome, PictureSource, ReadingSettings, T
from digitry.workers.pool import Message, NoWorkerError, Pool, Worker
from digitry.workers.usable_cores import usable_cores

CHUNK = 32
"""Most pictures in a chunk."""

CHUNK_BYTES = 2**20
"""Most bytes of pictures in a chunk, so that results come soon."""

AHEAD = 2
"""Chunks queued per process, so that it never waits."""

WORTHWHILE = 2 * CHUNK
"""Fewer pictures are read in this process: another takes half a second to start."""

MOST_PROCESSES = 8

DEADLY = "reading it killed the process; is it broken, or too large for the memory?"
"""The failure of a picture whose reading crashed its process repeatedly."""


def sensible_count(pictures: int) -> int:
    """Return a sensible number of processes for this many pictures on this machine."""
    return 1 if pictures < WORTHWHILE else min(usable_cores(), MOST_PROCESSES)


def read_in_processes(
    sources: Sequence[PictureSource], settings: ReadingSettings, finish: Finish[T], processes: int
) -> Iterator[T]:
    """Yield `finish(outcome)` for every picture, in order.

    When a process dies, its pictures are read again one by one; a picture that crashes a second process becomes an
    outcome with that failure. If no process can be started, everything is read in this one.
    """
    waiting = shares_of(sources)
    asked: deque[tuple[list[PictureSource], Future[Message | None]]] = deque()
    at = 0
    try:
        start = partial(_start, pickle.dumps((settings, finish)))
        with contextlib.closing(Pool(start, min(processes, len(sources)))) as pool:
            while True:
                for chunk in islice(waiting, AHEAD * processes - len(asked)):
                    asked.append((chunk, _ask(pool, chunk)))
                if not asked:
                    break
                chunk, answer = asked.popleft()
                for result in _results(answer) or _one_by_one(pool, chunk, finish):
                    yield result
                    at += 1
    except NoWorkerError:
        yield from map(finish, read_many(open_reader(settings), fetch_ahead(sources[at:]), settings))


def shares_of(sources: Iterable[PictureSource]) -> Iterator[list[PictureSource]]:
    """Yield all pictures in order, in chunks of up to `CHUNK` small ones, so that none waits long for others.

    Those in an object store get their bytes.
    """
    chunk: list[PictureSource] = []
    size = 0
    for source in fetch_ahead(sources):
        with contextlib.suppress(OSError, ValueError):  # any problem is reported when it is read
            size += Path(source.name).stat().st_size if source.data is None else len(source.data)
        chunk.append(source)
        if len(chunk) == CHUNK or size > CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _ask(pool: Pool, sources: Sequence[PictureSource]) -> Future[Message | None]:
    return pool.ask({}, pickle.dumps(sources))


def _start(job: bytes) -> Worker:
    worker = Worker("digitry.reading.batch.chunk_child", {}, job)
    if worker.ready.parts:  # the reason why it cannot start
        worker.stop()
        raise pickle.loads(worker.ready.parts[0])
    return worker


def _results(answer: Future[Message | None]) -> list[Any] | None:
    """Return the results for the pictures; None if the process died. Raises what was raised there."""
    message = answer.result()
    if message is None:
        return None
    found = pickle.loads(message.parts[0])  # safe: the process is our own, with our own privileges
    if isinstance(found, DigitryError):
        raise found
    return list(found)


def _one_by_one(pool: Pool, sources: Sequence[PictureSource], finish: Finish[T]) -> Iterator[T]:
    for source in sources:
        found = _results(_ask(pool, [source]))
        yield from found or [finish(Outcome(source.name, (), DEADLY))]
