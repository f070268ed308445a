"""The child's side of `digitry.workers.pool`: its pipes and its limits."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from digitry.workers.pool import Message, read_message, write_message


def messages() -> Iterator[Message]:
    """Yield every message until the parent closes the pipe, or dies."""
    while (message := read_message(sys.stdin.buffer)) is not None:
        yield message


def answer(head: dict[str, Any], *parts: bytes | memoryview) -> None:
    """Send the parent a message."""
    write_message(sys.stdout.buffer, head, *parts)


def use_one_core() -> None:
    """Limit libraries to one thread, when there is one process per core; to be called before NumPy is imported."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"


def limit(more_bytes: int, *, is_alone: bool = False) -> None:
    """Restrict the process: from now on this much more memory, no core dump, and if it `is_alone` no file and no
    socket.

    Does nothing on systems without such limits.
    """
    with contextlib.suppress(ImportError):
        import resource

        limits = [(resource.RLIMIT_CORE, 0)]
        if is_alone:
            limits += [(resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, 0)]
        with contextlib.suppress(OSError):  # only Linux reports the memory in use, and enforces the limit
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            limits.insert(0, (resource.RLIMIT_AS, pages * resource.getpagesize() + more_bytes))
        for what, most in limits:
            resource.setrlimit(what, (most, most))


def limit_seconds(seconds: float) -> None:
    """Allow this much more processor time; the system ends the process if it takes more.

    Uses a timer, because RLIMIT_CPU counts from the start of the process, by a tick-based clock that cannot be read and
    runs seconds ahead of, or behind, the processor time that the process can query.
    """
    with contextlib.suppress(AttributeError):  # Windows has no such timer
        signal.setitimer(signal.ITIMER_PROF, seconds)
