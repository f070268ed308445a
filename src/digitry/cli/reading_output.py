"""What `digitry read` makes of each picture, in the process that reads it: text, lines of tables, a drawing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from digitry.cli import STANDARD_INPUT, reading_text
from digitry.cli.grid_text import grid_lines
from digitry.errors import SettingError
from digitry.reading.batch.rows import FORMATS, json_line
from digitry.reading.tables.grids import Grid, grids

if TYPE_CHECKING:
    from digitry.reading.batch.records import Outcome

Text = Literal["", "line", "whole", "json", "csv", "table"]
"""What goes to stdout: nothing, a line per page, all about one picture, JSON, a row per number, the tables as grids."""

CSV_HEADER = FORMATS["csv"].header.decode()
"""Printed before the rows."""


class Made(NamedTuple):
    """The results sent back by the process that read a picture."""

    failure: str | None
    """Why it could not be read, on one line, with its name."""
    text: str
    """For stdout; empty or ending in a line end."""
    lines: tuple[bytes, ...]
    """For each file with one row per number."""
    grids: tuple[Grid, ...] = ()
    """The tables of its pages, if they are to be written."""
    written: tuple[Path, ...] = ()
    """The files that show it: a drawing per page, or an explanation."""
    numbers: int = 0
    """Number of numbers read in it."""
    sure: int = 0
    """Number of those that are sure."""


@dataclass(frozen=True)
class Maker:
    """Called with every outcome, in any process."""

    text: Text
    tables: tuple[str, ...] = ()
    """Formats of the files with one row per number."""
    is_writing_grids: bool = False
    drawings: Mapping[str, Path] = field(default_factory=dict)
    """Name of a picture → where its drawing goes."""

    def __call__(self, outcome: Outcome) -> Made:
        """Make the output for one picture, in the process that read it."""
        failure = None
        if outcome.failure is not None:
            failure = reading_text.printable(f"{outcome.name}: {outcome.failure}")
        drawn = _draw(outcome, self.drawings[outcome.name]) if outcome.name in self.drawings else ()
        lines = tuple(FORMATS[kind].lines(outcome) for kind in self.tables)
        numbers = [number for reading in outcome.readings for number in reading.numbers]
        return Made(
            failure,
            self._text(outcome),
            lines,
            _grids(outcome) if self.is_writing_grids else (),
            drawn,
            len(numbers),
            sum(number.sure for number in numbers),
        )

    def _text(self, outcome: Outcome) -> str:
        if self.text == "json":
            return json_line(outcome).decode()
        if self.text == "csv":
            return FORMATS["csv"].lines(outcome).decode()
        if self.text == "line":
            return _joined(reading_text.page_lines(outcome.name, outcome.readings))
        if self.text == "table" and outcome.readings:
            return _joined(grid_lines(outcome.name, _grids(outcome), len(outcome.readings)))
        return _joined(reading_text.whole(outcome.readings)) if self.text == "whole" else ""


def drawing_paths(folder: Path, pictures: Mapping[str, str]) -> dict[str, Path]:
    """Return picture → its drawing in `folder`; `pictures` maps each to its relative path, before the suffix changes.

    No two share a drawing: `7.jpg` beside `7.png` is drawn to `7.jpg.png`, a third one to `7-2.png`; `7-page2.png`
    always to `7-page2.png.png`, because the second page of `7.tif` is drawn to `7-page2.png`. Raises SettingError if a
    drawing would lie where the pictures are: it could overwrite one.
    """
    sources = {place.resolve() for place in {Path(name).parent for name in pictures if name != STANDARD_INPUT}}
    for place in {(folder / inside).parent for inside in pictures.values()}:
        if place.resolve() in sources:
            raise SettingError(f"{place} holds the pictures that are read; name another folder: --draw DIR")
    taken: set[Path] = set()
    found = {}
    for name, inside in pictures.items():
        plain = folder / inside
        choices = [plain.with_suffix(".png"), plain.with_name(f"{plain.name}.png")]
        number = 2
        if re.search(r"-page\d+$", plain.stem):
            choices.pop(0)
        while choices[0] in taken:
            choices.pop(0)
            if not choices:
                choices.append(plain.with_name(f"{plain.stem}-{number}.png"))
                number += 1
        taken.add(choices[0])
        found[name] = choices[0]
    return found


def _draw(outcome: Outcome, path: Path) -> tuple[Path, ...]:
    """Draw each page into its own file; return the files."""
    from digitry.files import write_atomically
    from digitry.visualization.draw import draw_reading

    path.parent.mkdir(parents=True, exist_ok=True)
    written = []
    for reading in outcome.readings:
        page = path if reading.page == 1 else path.with_name(f"{path.stem}-page{reading.page}.png")
        written.append(page)
        if page.is_symlink():  # nobody named this file, and it may lead to a picture
            page.unlink()
        source = None if outcome.name == STANDARD_INPUT else outcome.name
        write_atomically(page, draw_reading(source, reading))
    return tuple(written)


def _grids(outcome: Outcome) -> tuple[Grid, ...]:
    return tuple(grid for reading in outcome.readings for grid in grids(reading))


def _joined(lines: list[str]) -> str:
    return "".join(line + "\n" for line in lines)
