"""Pictures one after the other in this process; what cannot be read becomes an outcome too."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from digitry.batch_reading.records import Outcome, Settings, Source
from digitry.errors import DataError

if TYPE_CHECKING:
    from digitry.arrays import Reading
    from digitry.reading import Reader


def open_reader(settings: Settings) -> Reader:
    """The reader that these settings ask for; ModelError or SettingError when it cannot be had."""
    from digitry.reading import Reader

    return Reader(settings.model, max_error=settings.max_error)


def read_many(reader: Reader, sources: Iterable[Source], *, expect: str) -> Iterator[Outcome]:
    """The outcome of each picture, in order."""
    for source in sources:
        readings: list[Reading] = []
        failure = None
        try:
            pages = reader.read_pages(source.name if source.data is None else source.data, expect=expect)
            readings.extend(dataclasses.replace(reading, picture=source.name) for reading in pages)
        except DataError as error:
            failure = str(error).removeprefix(f"{source.name}: ")
        except Exception as error:  # a fault of ours in one picture of many: the others are read all the same
            failure = f"digitry itself failed here, please report it: {type(error).__name__}: {error}"
        if not readings and failure is None:
            failure = "it has no pages"
        yield Outcome(source.name, tuple(readings), failure)
