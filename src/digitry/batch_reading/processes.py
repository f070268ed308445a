"""The same over several processes: in order, and a process that dies is replaced, not waited for."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any, Generic

from digitry.batch_reading.here import open_reader, read_many
from digitry.batch_reading.records import Finish, Outcome, Settings, Source, T
from digitry.errors import DigitryError

CHUNK = 32
"""Pictures that a process is given at a time."""

AHEAD = 2
"""Chunks that a process has before it, so that it never waits."""

SEND_SECONDS = 0.25
"""Results are sent at least so often, also within a chunk."""

WORTHWHILE = 2 * CHUNK
"""Fewer pictures are read here: a process takes half a second to start."""

MOST_PROCESSES = 8

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def sensible_count(pictures: int) -> int:
    """Tell how many processes so many pictures are worth on this machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 1 if pictures < WORTHWHILE else min(cores, MOST_PROCESSES)


def read_in_processes(sources: Sequence[Source], settings: Settings, finish: Finish[T], processes: int) -> Iterator[T]:
    """Yield `finish(outcome)` for every picture, in order.

    When a process dies, what it had is read again picture by picture; a picture that takes two processes with it is an
    outcome with that failure. Where no process can be started, everything is read in this one.
    """
    chunks = [range(first, min(first + CHUNK, len(sources))) for first in range(0, len(sources), CHUNK)]
    workers: list[_Worker[T]] = []
    at = 0
    try:
        workers.extend(_Worker(sources, settings, finish) for _ in range(min(processes, len(chunks))))
        for number, chunk in enumerate(chunks[: AHEAD * len(workers)]):
            workers[number % len(workers)].give(chunk)
        for number in range(len(chunks)):
            worker = workers[number % len(workers)]
            for result in worker.results():
                yield result
                at += 1
            if number + AHEAD * len(workers) < len(chunks):
                worker.give(chunks[number + AHEAD * len(workers)])
    except _NoProcessError:
        pass
    finally:
        for worker in workers:
            worker.stop()
    if at < len(sources):
        yield from map(finish, read_many(open_reader(settings), sources[at:], expect=settings.expect))


class _NoProcessError(Exception):
    """A process died, or was refused, before it could read."""


class _Worker(Generic[T]):
    """A process that reads what it is given, and is replaced when it dies."""

    def __init__(self, sources: Sequence[Source], settings: Settings, finish: Finish[T]) -> None:
        self._arguments = (sources, settings, finish)
        self._waiting: list[range] = []
        self._start()

    def _start(self) -> None:
        # A fresh interpreter on every system: a copy of this one could inherit locks that nobody opens again.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, *self._arguments), daemon=True)
        self._is_ready = False
        try:
            self._process.start()
        except OSError as error:
            raise _NoProcessError from error
        finally:
            theirs.close()  # the only other end is the process's, so its death is the end of the stream

    def give(self, chunk: range) -> None:
        """Ask for the pictures of `chunk`; their results come after those asked for before."""
        self._waiting.append(chunk)
        self._send(chunk)

    def results(self) -> Iterator[T]:
        """Return the results of the chunk that was asked for longest ago."""
        chunk = self._waiting.pop(0)
        while chunk:
            message = self._receive()
            if message is None:
                yield from self._one_by_one(chunk)
                return
            yield from message
            chunk = chunk[len(message) :]

    def _one_by_one(self, pictures: range) -> Iterator[T]:
        self._restart()
        sources, _, finish = self._arguments
        for index in pictures:
            self._send(range(index, index + 1))
            message = self._receive()
            if message is None:
                self._restart()
                why = "reading it killed the process; is it broken, or too large for the memory?"
                message = [finish(Outcome(sources[index].name, (), why))]
            yield from message
        for chunk in self._waiting:
            self._send(chunk)

    def _send(self, chunk: range) -> None:
        with contextlib.suppress(OSError):  # a dead process is noticed when its results are wanted
            self._connection.send((chunk.start, chunk.stop))

    def _receive(self) -> list[T] | None:
        """Return the next results; None when the process died. Raises DigitryError when it cannot go on, and says
        why.
        """
        try:
            message: list[T] | DigitryError = self._connection.recv()
            if not self._is_ready and not isinstance(message, DigitryError):
                self._is_ready = True
                message = self._connection.recv()
        except (EOFError, OSError) as error:
            if not self._is_ready:
                raise _NoProcessError from error
            return None
        if isinstance(message, DigitryError):
            raise message
        return message

    def _restart(self) -> None:
        self.stop()
        self._start()

    def stop(self) -> None:
        """End the process, whatever it is at."""
        self._connection.close()
        self._process.terminate()
        self._process.join()


def _work(connection: Connection[Any, Any], sources: Sequence[Source], settings: Settings, finish: Finish[T]) -> None:
    """Live a process's life: open the reader, say so, then read chunk after chunk until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and ends us
    for variable in _THREAD_VARIABLES:  # looked at when NumPy is imported, below
        os.environ[variable] = "1"
    with contextlib.suppress(EOFError, OSError):  # the parent has gone, or has enough
        try:
            reader = open_reader(settings)
            import cv2

            cv2.setNumThreads(1)  # every core has a process of its own
            connection.send([])
            while True:
                first, last = connection.recv()
                ready, sent_at = [], time.monotonic()
                for outcome in read_many(reader, sources[first:last], expect=settings.expect):
                    ready.append(finish(outcome))
                    if time.monotonic() - sent_at > SEND_SECONDS:
                        connection.send(ready)
                        ready, sent_at = [], time.monotonic()
                if ready:
                    connection.send(ready)
        except DigitryError as error:
            connection.send(error)
