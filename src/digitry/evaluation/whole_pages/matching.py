"""The numbers on a page against those that were read: which were found, missed, right, wrong."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from digitry.evaluation.whole_pages.page_labels import LabelledPage
from digitry.types import Number

WAYS = ("digits", "exact")
"""`digits` compares the digits 0 to 9 alone, `exact` the text with its signs."""

REACH = 6
"""Rows and columns by which a table as read may be offset from the labelled one, by headings or names."""

_ALIKE = str.maketrans({"−": "-", "–": "-", "—": "-", "·": ".", "×": "x", "’": "'"})
_DATE = re.compile(r"\d{1,2}\.\d{1,2}\.\d{2,4}")
_BETWEEN = re.compile(r"[/:x× ]|(?<=\d)[-−–](?=\d)")


@dataclass(frozen=True)
class Match:
    """The result for a page, compared in one way."""

    found: tuple[str, ...]
    missed: tuple[str, ...]
    """Labels, as they were written."""
    right: tuple[Number, ...]
    wrong: tuple[Number, ...]
    """Readings; those that equal a number set aside are in neither."""


def match_numbers(page: LabelledPage, numbers: Sequence[Number], way: str) -> Match:
    """Compare the numbers of a page as a multiset, whatever their positions.

    Each label takes one equal reading, sure ones first. A label of several numbers ("12/05", "3x10", "4-306", a date,
    blanks) may also be read as all its parts. What equals a printed or doubtful number, or a part of one, is left out.
    """
    pool: dict[str, list[Number]] = defaultdict(list)
    for number in sorted(numbers, key=lambda number: (number.sure, number.confidence)):
        if plain(number.text, "digits"):
            pool[plain(number.text, way)].append(number)
    found, right, later = [], [], []
    for label in page.numbers:
        if pool[plain(label, way)]:
            right.append(pool[plain(label, way)].pop())
            found.append(label)
        else:
            later.append(label)
    missed = []
    for label in later:
        parts = Counter(parts_of(label, way))
        if parts and all(len(pool[part]) >= count for part, count in parts.items()):
            right += [pool[part].pop() for part in parts.elements()]
            found.append(label)
        else:
            missed.append(label)
    aside = {form for label in page.aside for form in (plain(label, way), *parts_of(label, way))}
    wrong = [number for text, left in pool.items() if text not in aside for number in left]
    return Match(tuple(found), tuple(missed), tuple(right), tuple(wrong))


def plain(text: str, way: str) -> str:
    """Return the part of a text that is compared: its digits, or all of it without blanks and with unified signs."""
    if way == "digits":
        return re.sub("[^0-9]", "", text)
    return re.sub(r"\s", "", text.translate(_ALIKE))


def parts_of(label: str, way: str) -> list[str]:
    """Return the numbers that a label consists of, in compared form; empty if it is one number."""
    pieces = label.split(".") if _DATE.fullmatch(label) else _BETWEEN.split(label)
    parts = [plain(piece, way) for piece in pieces if re.search("[0-9]", piece)]
    return parts if len(parts) > 1 else []


def cells_in_place(page: LabelledPage, numbers: Sequence[Number]) -> tuple[int, int]:
    """Count the cells of the labelled table whose digits were read in their place, and all that hold a number.

    The best-fitting table of the reading is used, moved by up to `REACH` rows and columns.
    """
    wanted = {
        (row, column): plain(text, "digits")
        for row, texts in enumerate(page.rows)
        for column, text in enumerate(texts)
        if plain(text, "digits")
    }
    tables: dict[int, dict[tuple[int, int], str]] = defaultdict(lambda: defaultdict(str))
    for number in numbers:
        if number.table is not None and number.row is not None and number.column is not None:
            tables[number.table][number.row, number.column] += plain(number.text, "digits")
    moves = [(down, right) for down in range(-REACH, REACH + 1) for right in range(-REACH, REACH + 1)]
    best = max(
        (
            sum(cells.get((row + down, column + right)) == text for (row, column), text in wanted.items())
            for cells in tables.values()
            for down, right in moves
        ),
        default=0,
    )
    return best, len(wanted)
