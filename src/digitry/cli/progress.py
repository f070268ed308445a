"""A command's progress, on stderr, with the time left: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from digitry.console import TimeLeft, is_interactive
from digitry.pages.number_words import about

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

SHOWN_AFTER_SECONDS = 2.0
"""Work that ends sooner needs no bar."""

FORESEEN_AFTER_SECONDS = 1.0
"""How long parts are timed before the total time is announced."""

WORTH_TELLING_SECONDS = 10.0
"""Shorter totals are not announced."""

LINE_EVERY_SECONDS = 10.0
"""Minimum time between two plain lines about one thing."""


class Bar:
    """Shows what is being done, how much of it, and how long the rest takes. Usable as `digitry.datasets.Progress`.

    It appears once the work takes longer than `after_seconds`, so that quick commands stay quiet; with `quiet` only
    notes are shown. Use it as a context manager: the bar disappears at the end of the block.
    """

    def __init__(self, *, quiet: bool, after_seconds: float | None = None) -> None:
        self._quiet = quiet
        self._after = SHOWN_AFTER_SECONDS if after_seconds is None else after_seconds
        self._began = time.monotonic()
        self._what, self._done, self._total = "", 0, 0
        self._left = TimeLeft()
        self._line_at = -LINE_EVERY_SECONDS
        self._said = ""
        self._shown: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *error: object) -> None:
        if self._shown is not None:
            self._shown[0].stop()
            self._shown = None

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` parts of `what` are done."""
        if done < self._done or total != self._total or (what != self._what and done == self._done):
            self._left.start(done)  # a new task: the earlier one says nothing about the time left
        self._what, self._done, self._total = what, done, total
        if not self._quiet and time.monotonic() - self._began >= self._after:
            self._show_bar() if is_interactive(sys.stderr) else self._print_line()

    def note(self, message: str) -> None:
        """Print a line on stderr, above the bar."""
        text = f"digitry: {message}"
        if self._shown is not None:
            self._shown[0].console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, file=sys.stderr, flush=True)

    def _show_bar(self) -> None:
        bar, task = self._shown = self._shown or _new_bar()
        now: dict[str, Any] = {"description": self._what, "total": self._total, "completed": self._done}
        bar.update(task, left=self._left.text(self._done, self._total), **now)

    def _print_line(self) -> None:
        now = time.monotonic()
        if self._what == self._said and now - self._line_at < LINE_EVERY_SECONDS:
            return
        parts = [f"{self._done / max(self._total, 1):.0%}", self._left.text(self._done, self._total)]
        self.note(f"{self._what}: {', '.join(part for part in parts if part)}")
        self._said, self._line_at = self._what, now


class Foreseen(Bar):
    """Announces the total time once the first parts are done; `fewer` says how to have fewer of them."""

    def __init__(self, *, quiet: bool, fewer: str = "") -> None:
        super().__init__(quiet=quiet)
        self._fewer = fewer
        self._began_parts: float | None = None

    def __call__(self, what: str, done: int, total: int) -> None:
        """Update as `Bar` does; `done` is 0 before the first part."""
        if done == 0:
            self._began_parts = time.monotonic()
        elif self._began_parts is not None:
            seconds = time.monotonic() - self._began_parts
            if seconds >= FORESEEN_AFTER_SECONDS:
                self._began_parts = None
                self._foretell(what, seconds * total / done, total)
        super().__call__(what, done, total)

    def _foretell(self, what: str, seconds: float, total: int) -> None:
        if not self._quiet and seconds >= WORTH_TELLING_SECONDS:
            self.note(f"{what}: {total:,} take {about(seconds)} here{self._fewer}")


class Counter(Bar):
    """Counts things of one kind."""

    def __init__(self, label: str, length: int, *, quiet: bool) -> None:
        super().__init__(quiet=quiet)
        self._label, self._length, self._count = label, length, 0
        self(label, 0, length)

    def __enter__(self) -> Counter:
        return self

    def step(self) -> None:
        """Count one more as done."""
        self._count += 1
        self(self._label, self._count, self._length)


def _new_bar() -> tuple[Progress, TaskID]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = [
        TextColumn("{task.description}", markup=False),
        BarColumn(24),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[left]}"),
    ]
    # Results go to stdout: they must not be redirected through the bar to stderr.
    bar = Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False)
    bar.start()
    return bar, bar.add_task("", left="")
