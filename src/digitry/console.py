"""Console output: messages, warnings, live drawings and time left; whether anybody is watching; muting native code."""

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
"""Whether the process is digitry's own command line: what it never uses need not be loaded then."""


class TimeLeft:
    """Estimate of the time left, from the speed since `start`."""

    _done: float = 0

    def __init__(self) -> None:
        self._began = time.monotonic()

    def start(self, done: float) -> None:
        """Start measuring, with `done` units of work already finished."""
        self._began, self._done = time.monotonic(), done

    def text(self, done: float, total: float) -> str:
        """Return the time left, as "1:05 left"; an empty string while it is unknown, "done" at the end."""
        if done <= self._done:
            return ""
        seconds = (time.monotonic() - self._began) / (done - self._done) * (total - done)
        return f"{int(seconds) // 60}:{int(seconds) % 60:02d} left" if total > done else "done"


class LiveDrawing:
    """A drawing at the bottom of a terminal, redrawn in place; any thread may update it."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console
        self._live: Live | None = None
        self._lock = threading.Lock()

    def draw(self, picture: Callable[[int], RenderableType]) -> None:
        """Draw `picture(width)`, where `width` is the terminal's width in characters."""
        with self._lock:
            if self._live is None:
                from rich.console import Console
                from rich.live import Live

                self._live = Live(console=self._console or Console(stderr=True, highlight=False), refresh_per_second=8)
                self._live.start()
            self._live.update(picture(self._live.console.width))

    def note(self, text: str) -> None:
        """Print a line above the drawing."""
        with self._lock:
            if self._live is None:  # nothing is drawn yet: a plain print is fastest
                print(text, file=self._console.file if self._console else sys.stderr, flush=True)
            else:
                self._live.console.print(text, markup=False)

    def end(self) -> None:
        """Leave the last drawing on the screen; a later one starts below it."""
        with self._lock:
            if self._live is not None:
                self._live.stop()
                self._live = None


def is_notebook() -> bool:
    """Tell whether this process is a Jupyter kernel, not merely one that has imported ipykernel."""
    kernel = sys.modules.get("ipykernel.kernelapp")
    return kernel is not None and bool(kernel.IPKernelApp.initialized())


def say(text: str) -> None:
    """Print a progress message to standard error, since standard output is for results.

    In a notebook it goes to standard output, because Jupyter shows standard error like a fault.
    """
    print(text, file=sys.stdout if is_notebook() else sys.stderr, flush=True)


def warn_caller(text: str) -> None:
    """Issue a warning that points at the nearest calling line outside digitry."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "digitry":
        frame, level = frame.f_back, level + 1
    warnings.warn(text, stacklevel=level)


def is_interactive(stream: TextIO | None) -> bool:
    """Tell whether the stream is a terminal that can move its cursor."""
    return stream is not None and stream.isatty() and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")


@contextmanager
def native_stderr_muted() -> Iterator[None]:
    """Discard what native code writes to file descriptor 2; exceptions are raised as usual.

    The descriptor belongs to the whole process, so other threads are muted too.
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
