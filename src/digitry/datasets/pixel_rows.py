"""Separated numbers → arrays, a piece of the file at a time, by NumPy's own text reader."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.datasets.gunzip import GZIP_MAGIC, chunks_of, gunzip
from digitry.datasets.raw import MAX_PIXELS
from digitry.errors import DataError

MAX_LINE = 1 << 20
"""Bytes of a line: enough for a 200×200 image of floats with all their digits."""

SEPARATORS = (b",", b";", b"\t", b"|", b" ")

_BOM = b"\xef\xbb\xbf"


class Row(NamedTuple):
    """The format of a line's fields."""

    separator: bytes
    columns: int
    text: int | None = None
    """Index of the column that holds text rather than numbers."""
    decimal_comma: bool = False


def blocks_of(path: Path) -> Iterator[bytes]:
    """Yield the text of a file, raw or gzipped, in pieces of whole lines without blank ones, each ending in a newline.

    Raises DataError if it is not text, a line is longer than `MAX_LINE`, or the file cannot be read.
    """
    chunks = chunks_of(path)
    first = next(chunks, b"")
    if first.startswith(GZIP_MAGIC):
        chunks = gunzip(_chained(first, chunks), 8 * MAX_PIXELS)
        first = next(chunks, b"")
    first = first.removeprefix(_BOM)
    if b"\0" in first[:4096]:
        raise DataError("this is not UTF-8 text (it has null characters); save it as CSV, UTF-8")
    held = b""
    for chunk in _chained(first, chunks):
        end = chunk.rfind(b"\n") + 1
        if not end:
            held += chunk
            if len(held) > MAX_LINE:
                raise DataError(f"a line is longer than {MAX_LINE:,} bytes")
            continue
        text, held = held + chunk[:end], chunk[end:]
        yield from _whole_lines(text)
    if held.strip():
        yield from _whole_lines(held + b"\n")


def _chained(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _whole_lines(text: bytes) -> Iterator[bytes]:
    if b"\r" in text:  # the end of a line on Windows and, alone, on old Macs
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if text.startswith(b"\n") or b"\n\n" in text:
        text = b"".join(line + b"\n" for line in text.split(b"\n") if line.strip())
    if text:
        yield text


def fields_of(line: bytes, separator: bytes) -> list[bytes]:
    """Return the fields of one line, without surrounding quotes and blanks."""
    parts = line.split() if separator == b" " else line.rstrip(b"\n").split(separator)
    return [part.strip().strip(b'"').strip() for part in parts]


def find_separator(line: bytes) -> bytes:
    """Return the separator of a line's fields: the one that yields most of them."""
    return max(SEPARATORS, key=lambda separator: len(fields_of(line, separator)))


def numbers_of(block: bytes, row: Row, first_line: int) -> tuple[NDArray[Any], list[str]]:
    """Parse a piece of whole lines: return its numbers, int64 or float64 (lines, columns), and the content of the text
    column, whose numbers are 0.

    Raises DataError, with a line number, for another number of fields, or a field that is not a number.
    """
    lines = block.count(b"\n")
    if row.decimal_comma:
        block = block.replace(b",", b".")
    if row.separator != b" " and block.count(row.separator) != lines * (row.columns - 1) and b'"' not in block:
        counts = [len(fields_of(line, row.separator)) for line in block.splitlines()]
        place, count = next((place, count) for place, count in enumerate(counts) if count != row.columns)
        raise DataError(f"line {first_line + place} has {count:,} fields, expected {row.columns:,}")
    if row.text is None:
        return _parsed(block, row, None, first_line), []
    numeric = [place for place in range(row.columns) if place != row.text]
    values = _parsed(block, row, numeric, first_line)
    found = [_field(line, row).decode("utf-8", "replace") for line in block.splitlines()]
    return np.insert(values, row.text, 0, axis=1), found


def _field(line: bytes, row: Row) -> bytes:
    assert row.text is not None
    if row.text == 0 and row.separator != b" ":
        return line.partition(row.separator)[0].strip().strip(b'"').strip()
    return fields_of(line, row.separator)[row.text]


def _parsed(block: bytes, row: Row, columns: list[int] | None, first_line: int) -> NDArray[Any]:
    separator = None if row.separator == b" " else row.separator.decode()
    # Without a point they may be integers, which are read twice as fast; 1e3 and nan have no point either.
    for dtype in (np.float64,) if b"." in block else (np.int64, np.float64):
        try:
            values = np.loadtxt(
                io.BytesIO(block), dtype, comments=None, delimiter=separator, usecols=columns, ndmin=2, quotechar='"'
            )
        except (ValueError, OverflowError) as error:
            reason = " ".join(str(error).split())[:200].rstrip(".")
            continue
        if values.shape[1] + (columns is not None) != row.columns:
            raise DataError(f"line {first_line} has {values.shape[1]:,} fields, expected {row.columns:,}")
        return np.asarray(values)
    raise DataError(f"from line {first_line} on: {reason}")


def smallest(values: NDArray[Any]) -> NDArray[Any]:
    """Return the numbers in the smallest type that keeps them: uint8 for integers up to 255; half floats are exact to a
    twentieth of a grey level up to 300.
    """
    if values.dtype.kind == "f":
        is_small = np.isfinite(values).all() and np.abs(values).max(initial=0) <= 300
        return values.astype(np.float16 if is_small else np.float32)
    return values.astype(np.uint8 if values.min(initial=0) >= 0 and values.max(initial=0) <= 255 else np.float32)
