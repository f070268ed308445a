"""Read pictures one after the other in this process; a failure becomes an outcome too."""

from __future__ import annotations

import dataclasses
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from digitry.errors import DataError, DigitryError
from digitry.reading.batch.records import Outcome, PictureSource, ReadingSettings

if TYPE_CHECKING:
    from digitry.images.grey import Grey
    from digitry.networks.model import Model
    from digitry.reading import Reader
    from digitry.types import Reading

SMALL_BYTES, SMALL_PIXELS = 2**16, 2**18
"""Files and pages up to this size are read in batches: the network runs once for many."""

ONE_PAGE_FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "GIF")

TOGETHER = 32
TOGETHER_SECONDS = 0.25
"""A batch is read after this time even if it is not full."""


def open_reader(settings: ReadingSettings, models: Sequence[Model] | None = None) -> Reader:
    """Open the reader for these settings; `models` replaces their model files where these are not available.

    Raises ModelError or SettingError if that is impossible.
    """
    from digitry.reading import Reader

    reader = Reader(settings.model if models is None else models, max_error=settings.max_error)
    reader.check_expectation(settings.expect, settings.known, **settings.page.to_values())
    return reader


def read_many(reader: Reader, sources: Iterable[PictureSource], settings: ReadingSettings) -> Iterator[Outcome]:
    """Yield the outcome of each picture, in order, with a reader of these settings."""
    if settings.expect == "digit" and settings.known is None:
        yield from _read_digits(reader, sources, settings)
    else:
        for source in sources:
            yield _read_one(reader, source, settings)


def _read_one(reader: Reader, source: PictureSource, settings: ReadingSettings) -> Outcome:
    if source.failure is not None:
        return Outcome(source.name, (), source.failure)
    readings: list[Reading] = []
    failure = None
    try:
        picture = source.name if source.data is None else source.data
        pages = reader.read_pages(picture, expect=settings.expect, known=settings.known, **settings.page.to_values())
        readings.extend(dataclasses.replace(reading, picture=source.name) for reading in pages)
    except DataError as error:
        failure = str(error).removeprefix(f"{source.name}: ")
    except DigitryError:  # of the model, say: not the picture's fault, and the others would fail too
        raise
    except Exception as error:  # a bug that shows in one picture: the others are still read
        failure = f"digitry itself failed here, please report it: {type(error).__name__}: {error}"
    if not readings and failure is None:
        failure = "it has no pages"
    return Outcome(source.name, tuple(readings), failure)


def _read_digits(reader: Reader, sources: Iterable[PictureSource], settings: ReadingSettings) -> Iterator[Outcome]:
    """Read small pictures in batches, all others one by one; the results are the same."""
    waiting: list[tuple[PictureSource, Grey]] = []
    since = time.monotonic()
    for source in sources:
        page = _small_page(source)
        if page is not None:
            waiting.append((source, page))
        if page is None or len(waiting) == TOGETHER or time.monotonic() - since > TOGETHER_SECONDS:
            yield from _read_together(reader, waiting, settings)
            if page is None:
                yield _read_one(reader, source, settings)
            waiting, since = [], time.monotonic()
    yield from _read_together(reader, waiting, settings)


def _small_page(source: PictureSource) -> Grey | None:
    """Return the page of a small picture; None for a large one, for several pages, and if reading must raise its own
    error.
    """
    from digitry.images.decode import decode

    try:
        data = _small_data(source)
        return None if data is None else decode(data, max_pixels=SMALL_PIXELS, formats=ONE_PAGE_FORMATS)
    except (DataError, OSError, ValueError):
        return None


def _small_data(source: PictureSource) -> bytes | None:
    if source.failure is not None:
        return None
    if source.data is not None:
        return source.data if len(source.data) <= SMALL_BYTES else None
    path = Path(source.name)
    status = path.stat()
    is_small = status.st_size <= SMALL_BYTES and stat.S_ISREG(status.st_mode)
    return path.read_bytes() if is_small else None


def _read_together(
    reader: Reader, waiting: list[tuple[PictureSource, Grey]], settings: ReadingSettings
) -> Iterator[Outcome]:
    try:
        readings = reader.read_digit_pages([page for _, page in waiting])
    except Exception:  # reading them one by one shows which one fails
        yield from (_read_one(reader, source, settings) for source, _ in waiting)
        return
    for (source, _), reading in zip(waiting, readings, strict=True):
        yield Outcome(source.name, (dataclasses.replace(reading, picture=source.name),))
