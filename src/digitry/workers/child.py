"""The other end of `digitry.workers.pool`: what a process that works for another does with its pipes and limits."""

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
    """Set up for processes of which there is one a core: to be called before NumPy is imported."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"


def limit(more_bytes: int, *, is_alone: bool = False) -> None:
    """Lock the process in: from now on so much more memory, no core dump, and where it `is_alone` no file and no
    socket.

    Nothing changes on systems without such limits.
    """
    with contextlib.suppress(ImportError):
        import resource

        limits = [(resource.RLIMIT_CORE, 0)]
        if is_alone:
            limits += [(resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, 0)]
        with contextlib.suppress(OSError):  # only Linux tells how much is in use, and holds a process to it
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            limits.insert(0, (resource.RLIMIT_AS, pages * resource.getpagesize() + more_bytes))
        for what, most in limits:
            resource.setrlimit(what, (most, most))


def limit_seconds(seconds: float) -> None:
    """Allow so much processor time from now on; the system ends the process that takes more.

    A timer, because the limit RLIMIT_CPU is on the time since the process began, by a clock that counts in ticks and
    that nobody can read: it runs seconds ahead of, or behind, what the process is told it has used.
    """
    with contextlib.suppress(AttributeError):  # Windows has no such timer
        signal.setitimer(signal.ITIMER_PROF, seconds)
