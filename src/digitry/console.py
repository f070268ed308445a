"""Whose process this is, who looks on and what is drawn for them, how long they wait; and silence for native code."""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

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


class LiveDrawing:
    """What is drawn at the foot of a terminal, anew in its place whenever something changes, from any thread."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console
        self._live: Live | None = None
        self._lock = threading.Lock()

    def draw(self, picture: Callable[[int], RenderableType]) -> None:
        """Draw what `picture` makes of the terminal's width in characters."""
        with self._lock:
            if self._live is None:
                from rich.console import Console
                from rich.live import Live

                self._live = Live(console=self._console or Console(stderr=True, highlight=False), refresh_per_second=8)
                self._live.start()
            self._live.update(picture(self._live.console.width))

    def note(self, text: str) -> None:
        """Print a line above what is drawn."""
        with self._lock:
            if self._live is None:  # before there is anything to draw: a plain line comes soonest
                print(text, file=self._console.file if self._console else sys.stderr, flush=True)
            else:
                self._live.console.print(text, markup=False)

    def end(self) -> None:
        """Leave what was drawn last; what is drawn after this begins anew below it."""
        with self._lock:
            if self._live is not None:
                self._live.stop()
                self._live = None


def is_notebook() -> bool:
    """Tell whether this runs in Jupyter's kernel; that somebody has imported it is not enough."""
    kernel = sys.modules.get("ipykernel.kernelapp")
    return kernel is not None and bool(kernel.IPKernelApp.initialized())


def say(text: str) -> None:
    """Print a line about what goes on: to standard error, as results are for standard output; in a notebook there is
    no difference but that Jupyter paints standard error like a fault, so there to standard output.
    """
    print(text, file=sys.stdout if is_notebook() else sys.stderr, flush=True)


def warn_caller(text: str) -> None:
    """Warn in the name of the line outside digitry that led here, however many calls lie between."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "digitry":
        frame, level = frame.f_back, level + 1
    warnings.warn(text, stacklevel=level)


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
