"""Readings as text, for `digitry read`: a line per picture, or all about one picture with a table of its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from digitry.pages.number_words import confidence
from digitry.types import is_sure

if TYPE_CHECKING:
    from digitry.types import Number, Reading

LEAST_SHOWN = 0.001
"""Alternatives less probable than this are not shown."""


def page_lines(name: str, readings: Sequence[Reading]) -> list[str]:
    """Format one line per page: name, numbers in reading order, their lowest confidence, and the doubt if any."""
    return [f"{_title(name, reading, readings)}: {_summary(reading)}" for reading in readings]


def whole(readings: Sequence[Reading]) -> list[str]:
    """Return everything about one picture: its number with alternatives, or a table of its numbers."""
    text: list[str] = []
    for reading in readings:
        if len(readings) > 1:
            text.append(f"page {reading.page}")
        text += _table(reading) if len(reading.numbers) > 1 else _single(reading)
    return text


def printable(text: str) -> str:
    """Return a file name without characters that move the cursor, break the line or cannot be printed."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _title(name: str, reading: Reading, readings: Sequence[Reading]) -> str:
    return f"{printable(name)}, page {reading.page}" if len(readings) > 1 else printable(name)


def _summary(reading: Reading) -> str:
    if not reading.numbers:
        return f"nothing read ({reading.reason})"
    least = min(number.confidence for number in reading.numbers)
    return f"{reading.text}  {confidence(least)}{_doubt(reading.sure, reading.reason)}"


def _doubt(sure: bool, reason: str | None) -> str:
    return "" if sure else f"  not sure: {reason}" if reason else "  not sure"


def _single(reading: Reading) -> list[str]:
    text = [_summary(reading)]
    if not reading.sure and reading.numbers:
        others = _alternatives(reading.numbers[0])
        text += [f"or {others}"] if others else []
    return text


def _alternatives(number: Number) -> str:
    found = number.next_best
    return ", ".join(f"{text} {confidence(p)}" for text, p in found if p >= LEAST_SHOWN)


def _table(reading: Reading) -> list[str]:
    rows = [("line", "number", "confidence", "box", "note")]
    doubted = False
    for line, number in zip(_line_numbers(reading.numbers), reading.numbers, strict=True):
        x, y, width, height = number.box
        note = ""
        if not is_sure(reading, number):
            doubted = doubted or number.reason is not None
            others = _alternatives(number)
            note = _doubt(False, number.reason).strip() + (f"; or {others}" if others else "")
        rows.append((str(line), number.text, confidence(number.confidence), f"{x},{y} {width}×{height}", note))
    wide = [max(len(row[column]) for row in rows) for column in range(4)]
    text = [
        f"{line:>{wide[0]}}  {number:>{wide[1]}}  {sure:>{wide[2]}}  {box:<{wide[3]}}  {note}".rstrip()
        for line, number, sure, box, note in rows
    ]
    if reading.reason and not doubted:
        text.append(_doubt(reading.sure, reading.reason).strip())
    return text


def _line_numbers(numbers: Sequence[Number]) -> Iterator[int]:
    """Yield the line of writing on which each number stands, from 1, for numbers in reading order."""
    line = 1
    for index, number in enumerate(numbers):
        if index and not _goes_on(numbers[index - 1], number):
            line += 1
        yield line


def _goes_on(left: Number, right: Number) -> bool:
    """Return whether two successive numbers are on one line: the second further right, and beside the first."""
    overlap = min(left.box[1] + left.box[3], right.box[1] + right.box[3]) - max(left.box[1], right.box[1])
    return right.box[0] > left.box[0] and 2 * overlap > min(left.box[3], right.box[3])
