"""Outcomes ↔ the lines of a CSV table, a JSONL file or the rows of a Parquet file, from which a resumed job learns what
is done.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from digitry.pages.table_cells import file_cell, number_cell, text_cell
from digitry.reading.batch.records import Outcome
from digitry.types import Reading, is_sure

COLUMNS = ("picture", "page", "number", "text", "confidence", "sure", "x", "y", "width", "height", "reason")
"""`number` counts from 1 per page; a page without numbers has a row with empty text, a broken picture has no page."""


class FoundRow(NamedTuple):
    """One line found in a file."""

    picture: str
    is_failure: bool
    end: int
    """Offset of the next row, in bytes."""


class RowFormat(NamedTuple):
    """How outcomes are written, and found again."""

    header: bytes
    lines: Callable[[Outcome], bytes]
    rows: Callable[[Iterable[bytes]], Iterator[FoundRow]]
    """Yields the complete rows of a file from its lines after the header, up to the first broken or truncated one."""


def json_line(outcome: Outcome) -> bytes:
    """Write one line of JSON per page; for what could not be read, one with the reason and null as the page."""
    objects = [reading.to_json() for reading in outcome.readings]
    if outcome.failure is not None:
        objects.append(Reading(outcome.name, reason=outcome.failure).to_json() | {"page": None})
    # ASCII only, so that even a file name that is not valid Unicode survives.
    return "".join(json.dumps(values) + "\n" for values in objects).encode()


def json_rows(lines: Iterable[bytes]) -> Iterator[FoundRow]:
    """Yield the complete rows of a JSONL table, up to the first broken or truncated one."""
    end = 0
    for line in lines:
        end += len(line)
        try:
            values = json.loads(line)
            row = FoundRow(values["picture"], values["page"] is None, end)
        except (ValueError, KeyError, TypeError):
            return
        if not line.endswith(b"\n"):
            return
        yield row


def csv_lines(outcome: Outcome) -> bytes:
    """Write one row per number, one for a page without any, and one for what could not be read."""
    return _csv_text(map(_csv_cells, _rows(outcome)))


def flat_lines(outcome: Outcome) -> bytes:
    """Write the same rows as JSON objects with the values of a Parquet file: null if there is none."""
    return "".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in _rows(outcome)).encode()


def _rows(outcome: Outcome) -> Iterator[tuple[Any, ...]]:
    """Yield the values of `COLUMNS` for each row of one picture; None for missing ones."""
    for reading in outcome.readings:
        for index, number in enumerate(reading.numbers, 1):
            sure = is_sure(reading, number)
            reason = None if sure else number.reason or reading.reason
            confidence = round(number.confidence, 6)
            yield (outcome.name, reading.page, index, number.text, confidence, sure, *number.box, reason)
        if not reading.numbers:
            yield (outcome.name, reading.page, None, None, None, False, None, None, None, None, reading.reason)
    if outcome.failure is not None:
        yield (outcome.name, None, None, None, None, False, None, None, None, None, outcome.failure)


def csv_rows(lines: Iterable[bytes]) -> Iterator[FoundRow]:
    """Yield the complete rows of a CSV table, up to the first broken or truncated one."""
    end = last = 0

    def counted() -> Iterator[str]:
        nonlocal end, last
        for line in lines:
            end, last = end + len(line), line[-1]
            yield line.decode("utf-8", "replace")

    # A row may span several lines: a quoted file name may contain line breaks.
    with contextlib.suppress(csv.Error):  # a cell is too long: zeros left by a power cut, say
        for values in csv.reader(counted(), strict=False):
            if len(values) != len(COLUMNS) or last != ord("\n"):
                return
            yield FoundRow(values[0], not values[1], end)


def csv_name(name: str) -> str:
    """Return the name as written to a table: never a formula; invalid Unicode and carriage returns are escaped."""
    return file_cell(name.encode("utf-8", "backslashreplace").decode().replace("\r", "\\r"))


def _csv_cells(row: tuple[Any, ...]) -> tuple[Any, ...]:
    name, page, index, text, confidence, sure, *box, reason = row
    share = None if confidence is None else f"{confidence:.6f}"
    word = "true" if sure else "false"
    # The csv module writes nothing for None.
    return (csv_name(name), page, index, number_cell(text or ""), share, word, *box, text_cell(reason or ""))


def _csv_text(rows: Iterable[tuple[Any, ...]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


FORMATS = {
    "csv": RowFormat(_csv_text([COLUMNS]), csv_lines, csv_rows),
    "jsonl": RowFormat(b"", json_line, json_rows),
    "parquet": RowFormat(b"", flat_lines, json_rows),
}
