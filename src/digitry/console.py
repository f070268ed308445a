"""Whose process this is, who looks on, how long they wait; and silence for native code that writes past Python."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

is_ours = False
"""Whether the command line runs here, so that nobody else misses what is never loaded."""


class TimeLeft:
    """How long the rest takes if it goes on as it did since `start`."""

    _done: float = 0

    def __init__(self) -> None:
        self._began = time.monotonic()

    def start(self, done: float) -> None:
        """Begin to measure, with so much done already."""
        self._began, self._done = time.monotonic(), done

    def text(self, done: float, total: float) -> str:
        """Write the time left: "1:05 left"; nothing while that is unknown, "done" at the end."""
        if done <= self._done:
            return ""
        seconds = (time.monotonic() - self._began) / (done - self._done) * (total - done)
        return f"{int(seconds) // 60}:{int(seconds) % 60:02d} left" if total > done else "done"


def is_interactive(stream: TextIO | None) -> bool:
    """Tell whether a person looks at this stream, on a terminal that can move its cursor."""
    return stream is not None and stream.isatty() and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")


@contextmanager
def native_stderr_muted() -> Iterator[None]:
    """Send what C and C++ write straight to file descriptor 2 nowhere; exceptions still travel as exceptions.

    The descriptor is the whole process's: other threads are silent for as long.
    """
    try:
        kept = os.dup(2)
    except OSError:  # a program without a console
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
