"""Worker processes that answer messages with messages; the death of a worker is an answer too.

A message is a JSON object followed by any number of byte strings: nothing is unpickled here, because a stranger's
picture may have taken over the worker that sends it.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any, NamedTuple, cast

START_SECONDS = 30.0
"""A process that is not ready by then is abandoned."""

LINE_BYTES = 16 * 2**20
"""Maximum length of a message's JSON: enough for a page full of numbers."""

_NONSENSE = (ValueError, TypeError, RecursionError, OverflowError, MemoryError)
"""Raised by a message that is not JSON of this form, is nested too deeply, or announces too much data."""

Head = dict[str, Any]
Bytes = bytes | memoryview


class Message(NamedTuple):
    """A message in either direction."""

    head: Head
    parts: list[bytes]


class NoWorkerError(Exception):
    """A process was refused, or died before it was ready."""


def write_message(pipe: IO[bytes], head: Head, *parts: Bytes) -> None:
    """Send a message in one write, since each write may wake the reading process."""
    line = json.dumps([head, [len(part) for part in parts]]).encode() + b"\n"
    pipe.write(b"".join([line, *parts]))
    pipe.flush()


def read_message(pipe: IO[bytes]) -> Message | None:
    """Read the next message; None when the other end has closed the pipe, perhaps in the middle of one."""
    line = pipe.readline(LINE_BYTES)
    if not line.endswith(b"\n"):
        return None
    head, sizes = json.loads(line)
    if not isinstance(head, dict):
        raise TypeError("a message begins with an object")
    parts = [pipe.read(max(size, 0)) for size in sizes]
    return Message(head, parts) if [len(part) for part in parts] == sizes else None


class Worker:
    """A process that runs a digitry module; it ends when this object is stopped, or this process dies."""

    def __init__(self, module: str, head: Head, *parts: bytes) -> None:
        """Start it with a first message, and wait until it reports readiness.

        Raises NoWorkerError when no process can be started, or it dies before it is ready.
        """
        # The same modules as here, whatever the current folder contains.
        paths = os.pathsep.join(path for path in sys.path if path)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": paths},
                process_group=0,  # signals from the terminal go to its parent, which ends it
            )
        except OSError as error:
            raise NoWorkerError from error
        self._pipes = cast("tuple[IO[bytes], IO[bytes]]", (self._process.stdin, self._process.stdout))
        self.is_late = False
        """Whether it was killed because an answer took too long."""
        ready = self.ask(head, *parts, seconds=START_SECONDS)
        if ready is None:
            self.stop()
            raise NoWorkerError
        self.ready = ready

    @property
    def is_dead(self) -> bool:
        """Whether its process has ended."""
        return self._process.poll() is not None

    def ask(self, head: Head | None, *parts: Bytes, seconds: float | None = None) -> Message | None:
        """Send a message, if any, and wait for one; None if the process died, or was killed after `seconds`."""
        timer = threading.Timer(seconds or math.inf, self.kill, kwargs={"is_late": True})
        if seconds is not None:
            timer.start()
        try:
            if head is not None:
                with contextlib.suppress(OSError):  # already dead, but it may have said why
                    write_message(self._pipes[0], head, *parts)
            return read_message(self._pipes[1])
        except (OSError, *_NONSENSE):  # stopped by another thread, or an invalid message
            return None
        finally:
            timer.cancel()

    def kill(self, *, is_late: bool = False) -> None:
        """End the process, whatever it is doing, without waiting; a pending `ask` returns None."""
        self.is_late |= is_late
        self._process.kill()

    def stop(self) -> None:
        """End the process; may be called repeatedly."""
        self.kill()
        self._process.wait()
        for pipe in self._pipes:
            with contextlib.suppress(OSError):  # unsent data may still be buffered
                pipe.close()


def settled(answer: Future[Message | None]) -> Message | None:
    """Wait for the answer to a message; None if the worker died on it, or there was no worker."""
    try:
        return answer.result()
    except NoWorkerError:
        return None


class Pool:
    """A fixed number of workers, each with one message at a time; one that dies is replaced."""

    def __init__(self, start: Callable[[], Worker], count: int, note: Callable[[float], object] = bool) -> None:
        """Start all workers with `start`, in threads, and raise what it raises; `note` gets each answer's seconds."""
        self._start, self._note, self._is_closing = start, note, False
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        self._busy: dict[Future[Message | None], Worker] = {}
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="workers")
        starts = [self._threads.submit(lambda: self._idle.put(start())) for _ in range(count)]
        try:
            for one in starts:
                one.result()
        except BaseException:
            self.close()
            raise

    @property
    def busy(self) -> int:
        """Number of busy workers."""
        return len(self._busy)

    def ask(self, head: Head, *parts: bytes) -> Future[Message | None]:
        """Queue a message → its answer; None if the worker died on it. Raises NoWorkerError if there are no workers."""
        answer: Future[Message | None] = Future()
        self._threads.submit(self._turn, answer, head, parts)
        return answer

    def give_up(self, answer: Future[Message | None]) -> None:
        """Forget a message. A worker busy with it is ended, because its next message would be for this one."""
        with self._lock:
            if not answer.cancel() and answer in self._busy:
                self._busy[answer].kill()

    def _turn(self, answer: Future[Message | None], head: Head, parts: tuple[bytes, ...]) -> None:
        if not answer.set_running_or_notify_cancel():
            return
        worker = self._idle.get()
        try:
            worker = self._living(worker)  # it may have died while idle, for which no message is to blame
            with self._lock:
                self._busy[answer] = worker
            began = time.monotonic()
            said = worker.ask(head, *parts)
            self._note(time.monotonic() - began)
            with self._lock:
                del self._busy[answer]
            if said is None:
                worker.stop()
            answer.set_result(said)
            worker = self._living(worker)
        except Exception as error:  # no replacement could be started: the next message tries again
            if not answer.done():
                answer.set_exception(error)
        finally:
            self._idle.put(worker)

    def _living(self, worker: Worker) -> Worker:
        if not worker.is_dead:
            return worker
        worker.stop()
        if self._is_closing:
            raise NoWorkerError
        return self._start()

    def close(self) -> None:
        """End every worker, whatever it is doing."""
        self._is_closing = True
        with self._lock:
            for worker in self._busy.values():
                worker.kill()
        self._threads.shutdown(cancel_futures=True)
        while not self._idle.empty():
            self._idle.get().stop()
