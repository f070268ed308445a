"""The closing notes of `digitry read`: what was read, and which files were written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from digitry.cli.reading_output import Made
from digitry.cli.reading_text import printable

MOST_NAMED = 3
"""Maximum number of files named: a folder of pictures gives many drawings."""


@dataclass
class ReadingNotes:
    """Counts the results of each picture."""

    pictures: int = 0
    numbers: int = 0
    sure: int = 0
    written: list[Path] = field(default_factory=list)
    """Drawings and explanations."""

    def add(self, made: Made) -> None:
        """Count one picture."""
        self.pictures += made.failure is None
        self.numbers += made.numbers
        self.sure += made.sure
        self.written += made.written

    def what_was_read(self) -> str:
        """Return one line about the readings, for a user to whom none were printed."""
        return f"read {_count(self.pictures, 'picture')}: {_count(self.numbers, 'number')}, {self.sure:,} of them sure"

    def what_was_written(self, tables: Iterable[Path], grids: Path | None, grid_count: int) -> str:
        """Return one line that names the files: tables of numbers, of grids, drawings; empty if there are none."""
        named = [printable(str(path)) for path in tables]
        if grids is not None:
            named.append(f"{printable(str(grids))} ({_count(grid_count, 'table')})")
        named += [printable(str(path)) for path in self.written[:MOST_NAMED]]
        more = len(self.written) - MOST_NAMED
        return f"written: {', '.join(named)}{f' and {more:,} more' if more > 0 else ''}" if named else ""


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
