"""Read many pictures, in order, on all cores of the machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digitry.reading.batch.records import Finish, PictureSource, ReadingSettings, T


def read_all(
    sources: Sequence[PictureSource], settings: ReadingSettings, finish: Finish[T], *, processes: int | None = None
) -> Iterator[T]:
    """Yield `finish(outcome)` for every picture, in order; a picture that cannot be read does not stop the others.

    Long lists are read in several `processes` (None: one per core, at most 8), where `finish` is called: both it and
    its results must be picklable. Raises ModelError or SettingError if the model cannot be used with these settings.
    """
    from digitry.reading.batch.processes import read_in_processes, sensible_count

    count = sensible_count(len(sources)) if processes is None else processes
    if count > 1:
        yield from read_in_processes(sources, settings, finish, count)
        return
    from digitry.reading.batch.fetch_ahead import fetch_ahead
    from digitry.reading.batch.here import open_reader, read_many

    yield from map(finish, read_many(open_reader(settings), fetch_ahead(sources), settings))
