"""Labelled pictures and a reader → what was read in each, or why nothing could be read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from digitry.datasets import Progress
from digitry.errors import DataError
from digitry.reading import Reader
from digitry.types import Reading


class HasLabels(Protocol):
    """Anything with labels: one picture, or a page."""

    @property
    def path(self) -> Path:
        """Its file."""

    @property
    def problem(self) -> str | None:
        """Why its label or file cannot be used; then it is not read."""


Item = TypeVar("Item", bound=HasLabels)


class LabelledReading(NamedTuple):
    """The result for one labelled item."""

    reading: Reading | None
    """None if it could not be read."""
    reason: str | None
    """Why not."""


def read_labelled(
    items: Sequence[Item], reader: Reader, *, expect: str, progress: Progress | None = None
) -> tuple[list[tuple[Item, LabelledReading]], float]:
    """Read each in turn, and return the results and the seconds taken; a file that is not a picture raises nothing."""
    outcomes = []
    began = time.perf_counter()
    for done, item in enumerate(items):
        if progress is not None:
            progress("reading", done, len(items))
        outcomes.append((item, _read(item, reader, expect)))
    seconds = time.perf_counter() - began
    if progress is not None:
        progress("reading", len(items), len(items))
    return outcomes, seconds


def _read(item: HasLabels, reader: Reader, expect: str) -> LabelledReading:
    if item.problem:
        return LabelledReading(None, item.problem)
    try:
        return LabelledReading(reader.read(getattr(item, "picture", item.path), expect=expect), None)
    except DataError as error:
        return LabelledReading(None, str(error).removeprefix(f"{item.path}: "))
