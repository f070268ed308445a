"""The one progress bar of the light commands: on stderr, with the time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from digitry.data import Progress

SHOWN_AFTER_SECONDS = 2.0
ERASE_LINE = "\r\x1b[K"


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Progress | None]:
    """A bar on stderr for anything that reports `Progress`; it appears with the first report. None when quiet."""
    if quiet:
        yield None
        return
    bars: list[Any] = []
    drawn_at = 0.0

    def progress(what: str, done: int, total: int) -> None:
        nonlocal drawn_at
        if not bars:
            bar = click.progressbar(length=total, label=what, file=sys.stderr, width=24)
            bars.append(bar.__enter__())
        bar = bars[0]
        now = time.monotonic()
        if now - drawn_at > 0.1 or done == total or bar.label != what:
            if bar.label != what or not done:
                bar.start, bar.avg = time.time(), []  # waiting for an answer says nothing about the time left
            bar.label, bar.length, drawn_at = what, total, now
            if done != bar.pos:
                bar.update(done - bar.pos)
            bar.render_progress()

    try:
        yield progress
    finally:
        for bar in bars:
            bar.__exit__(None, None, None)


class Counter:
    """Counts things done on stderr, with the time left, once that takes longer than two seconds; only on a terminal."""

    def __init__(self, label: str, length: int, *, quiet: bool) -> None:
        self._label, self._length = label, length
        self._is_silent = quiet or not sys.stderr.isatty()
        self._began = time.monotonic()
        self._done = 0
        self._stack = ExitStack()
        self._bar: Any = None

    def __enter__(self) -> Counter:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()
        self._bar = None

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        if self._bar is not None:
            self._bar.update(1)
        elif not self._is_silent and time.monotonic() - self._began > SHOWN_AFTER_SECONDS:
            bar = click.progressbar(
                length=self._length, label=self._label, file=sys.stderr, show_pos=True, update_min_steps=16
            )
            bar.start = time.time() - (time.monotonic() - self._began)
            self._bar = self._stack.enter_context(bar)
            self._bar.update(self._done)

    def note(self, message: str) -> None:
        """A line on stderr; it takes the place of the bar, which comes back below."""
        click.echo(f"{ERASE_LINE if self._bar is not None else ''}digitry: {message}", err=True)
