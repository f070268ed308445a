"""A user's labelled pages: the numbers on each, and optionally their table; nothing is decoded here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from digitry.datasets.folder import LABELS_TABLE
from digitry.datasets.label_studio import is_label_studio
from digitry.datasets.label_table import file_within, table_columns, table_rows
from digitry.errors import DataError

LABELS_FILE = "labels.json"

MOST_CELLS = 1_000
"""Rows or columns of a table; a label beyond this is a slip."""

EXPECTED = 'a list of objects like {"file": "page.jpg", "numbers": ["12", "2.5"]}'


@dataclass(frozen=True)
class LabelledPage:
    """One page with the numbers on it, in any order; `problem` says why it cannot be evaluated."""

    path: Path
    name: str
    """As the labels name it."""
    numbers: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    """Printed and doubtful numbers: whether they are read or not does not count."""
    rows: tuple[tuple[str, ...], ...] = ()
    """The page's table, empty texts for empty cells; empty if not given."""
    kind: str = ""
    """What kind of page it is, in the user's words."""
    split: str = ""
    problem: str | None = None


def find_page_labels(place: Path) -> Path | None:
    """Return the file of page labels that `place` refers to: labels.json in a folder, or any .json; a .csv, or
    labels.csv in a folder, that has a column `number`. None if there is no such file.
    """
    if place.is_dir():
        table, listed = place / LABELS_TABLE, place / LABELS_FILE
        if table.is_file():
            return table if "number" in table_columns(table) else None
        return listed if listed.is_file() else None
    if place.suffix.lower() == ".json":
        return None if is_label_studio(place) else place
    is_table = place.suffix.lower() == ".csv" and place.is_file() and "number" in table_columns(place)
    return place if is_table else None


def read_page_labels(file: Path) -> list[LabelledPage]:
    """Read page labels from a .json or .csv file; if some are marked as `test`, only those count.

    Raises DataError when it is not a list of pages, or an empty one.
    """
    try:
        pages = _of_json(file) if file.suffix.lower() == ".json" else _of_table(file)
        if not pages:
            raise DataError("no page is listed")
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror or error}") from error
    except DataError as error:
        raise error if str(file) in str(error) else DataError(f"{file}: {error}") from error
    tests = [page for page in pages if page.split == "test"]
    return [_checked(page) for page in tests or pages]


def _of_json(file: Path) -> list[LabelledPage]:
    try:
        # Numbers as they are written: 2.50 is not 2.5.
        listed = json.loads(file.read_bytes(), parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise DataError(f"this is not JSON ({error}); expected {EXPECTED}") from error
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise DataError(f"expected {EXPECTED}")
    return [_of_object(place, one, file.parent) for place, one in enumerate(listed, 1)]


def _of_object(place: int, one: dict[str, Any], folder: Path) -> LabelledPage:
    name = one.get("file")
    if not isinstance(name, str) or not name.strip():
        return LabelledPage(folder, f"entry {place}", problem='it has no "file"')
    page = LabelledPage(folder, name.strip(), kind=str(one.get("kind", "")), split=str(one.get("split", "")).lower())
    rows = one.get("rows") or []
    if not isinstance(rows, list):
        return replace(page, problem='"rows" must be a list of lists of texts')
    if not all(_are_texts(row) for row in rows) or max([len(rows), *map(len, rows)]) > MOST_CELLS:
        return replace(page, problem=f'"rows" must be a list of lists of texts, at most {MOST_CELLS:,} each')
    if "numbers" not in one and not rows:
        return replace(page, problem='it has neither "numbers" nor "rows"')
    for key in ("numbers", "printed", "doubtful"):
        if not _are_texts(one.get(key, [])):
            return replace(page, problem=f'"{key}" must be a list of numbers')
    aside = (*one.get("printed", []), *one.get("doubtful", []))
    numbers = tuple(one["numbers"]) if "numbers" in one else _numbers_in(rows, aside)
    return _placed(replace(page, numbers=numbers, aside=aside, rows=tuple(map(tuple, rows))), folder)


def _numbers_in(rows: list[list[str]], aside: tuple[str, ...]) -> tuple[str, ...]:
    """Return the numbers in a table's cells that are not set aside; blanks separate several in one cell."""
    texts = [text for row in rows for cell in row for text in cell.split()]
    return tuple(text for text in texts if any(sign.isdigit() for sign in text) and text not in aside)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _of_table(file: Path) -> list[LabelledPage]:
    """Read a table with one row per number; rows of the same file belong together, wherever they are."""
    found: dict[str, list[dict[str, str]]] = {}
    problems: dict[str, str] = {}
    for line, row in table_rows(file, ("file", "number")):
        values = {str(key): (value or "").strip() for key, value in row.items() if key is not None}
        if not values["file"]:
            found[f"line {line}"], problems[f"line {line}"] = [], "the row names no file"
            continue
        found.setdefault(values["file"], []).append(values)
        for key in ("row", "column"):
            text = values.get(key, "")
            if text and not (text.isascii() and text.isdigit() and int(text) < MOST_CELLS):
                problems.setdefault(values["file"], f"line {line}: the {key} {text[:20]!r} is not a number from 0")
    pages = []
    for name, rows in found.items():
        page = LabelledPage(file.parent, name, problem=problems.get(name))
        if page.problem is None:
            page = _placed(_of_rows(page, rows), file.parent)
        pages.append(page)
    return pages


def _of_rows(page: LabelledPage, rows: Iterable[dict[str, str]]) -> LabelledPage:
    numbers: list[str] = []
    aside: list[str] = []
    cells: dict[tuple[int, int], str] = {}
    kind = split = ""
    for values in rows:
        kind, split = values.get("kind", "") or kind, values.get("split", "").lower() or split
        if not values["number"]:  # a page without numbers has one such row
            continue
        (aside if values.get("aside", "").lower() in ("yes", "true", "1") else numbers).append(values["number"])
        if values.get("row") and values.get("column"):
            here = int(values["row"]), int(values["column"])
            cells[here] = f"{cells[here]} {values['number']}" if here in cells else values["number"]
    high, wide = (1 + max((place[axis] for place in cells), default=-1) for axis in (0, 1))
    table = tuple(tuple(cells.get((row, column), "") for column in range(wide)) for row in range(high))
    return replace(page, numbers=tuple(numbers), aside=tuple(aside), rows=table, kind=kind, split=split)


def _placed(page: LabelledPage, folder: Path) -> LabelledPage:
    try:
        return replace(page, path=file_within(folder, page.name))
    except DataError as error:
        return replace(page, problem=str(error))


def _checked(page: LabelledPage) -> LabelledPage:
    if page.problem:
        return page
    odd = next((text for text in page.numbers if not any(c in "0123456789" for c in text)), None)
    if odd is not None:
        return replace(page, problem=f"the number {odd[:40]!r} has no digit")
    return page if page.path.is_file() else replace(page, problem="there is no such file")
