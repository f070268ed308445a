"""The one progress bar of the light commands: on stderr, with the time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from digitry.data import Progress


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
