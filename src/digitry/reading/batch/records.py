"""Input and output of a batch: sources, settings, outcomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from digitry.reading.certainty import MAX_ERROR
from digitry.reading.knowledge import Knowledge
from digitry.reading.page_options import PageOptions

if TYPE_CHECKING:
    from digitry.types import Reading

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PictureSource:
    """One picture to read, and its name in the rows."""

    name: str
    data: bytes | None = field(default=None, repr=False)
    """The bytes of the picture, unless it is the file of that name."""
    failure: str | None = None
    """Why its bytes could not be read, so that it is not tried again."""


@dataclass(frozen=True)
class ReadingSettings:
    """How to read; see `Reader` and its methods."""

    model: tuple[str, ...] = ()
    """Run folders or ONNX files; none for the shipped networks."""
    max_error: float = MAX_ERROR
    expect: str = "page"
    page: PageOptions = field(default_factory=PageOptions)
    known: Knowledge | None = None


@dataclass(frozen=True)
class Outcome:
    """The result for one picture."""

    name: str
    readings: tuple[Reading, ...]
    """One per page; the pages before a broken one are kept."""
    failure: str | None = None
    """Why the picture, or the rest of its pages, cannot be read."""


Finish = Callable[[Outcome], T]
"""Turns an outcome into a result, such as text or a drawing, in the process that read it: no pixels are sent."""
