"""Whole pages that people have checked: their numbers, as sent → rows in a table of labels."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from digitry.datasets.folder import LABELS_TABLE
from digitry.datasets.label_table import table_columns, table_rows
from digitry.evaluation.whole_pages.page_labels import MOST_CELLS
from digitry.files import write_atomically
from digitry.serve.problems import ProblemError

MOST_NUMBERS = 1_000
"""On one page."""

COLUMNS = ("file", "number", "row", "column")

WANTED = 'numbers must be a list of objects like {"text": "12", "table": 0, "row": 3, "column": 1}'


class PageNumber(NamedTuple):
    """One number on a page, and its cell if the page has a single table."""

    text: str
    row: int | None = None
    column: int | None = None


def page_numbers(data: bytes) -> list[PageNumber]:
    """Parse numbers from a JSON list as in readings, of which only text and cell matter. With several tables, which
    share no rows or columns, numbers get no cell.

    Raises ProblemError for other JSON; the caller must check that the texts are numbers.
    """
    try:
        values = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ProblemError("bad-json", f"This is not JSON; {WANTED}.") from error
    if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
        raise ProblemError("bad-json", f"{WANTED}.")
    if len(values) > MOST_NUMBERS:
        raise ProblemError("bad-json", f"A page has at most {MOST_NUMBERS:,} numbers; these are {len(values):,}.")
    is_one_table = len({one.get("table") for one in values if _is_place(one.get("table"))}) <= 1
    return [_page_number(one, is_one_table=is_one_table) for one in values]


def _page_number(one: dict[str, Any], *, is_one_table: bool) -> PageNumber:
    text, places = one.get("text"), [one.get(name) for name in ("table", "row", "column")]
    if not isinstance(text, str) or not all(place is None or _is_place(place) for place in places):
        raise ProblemError("bad-json", f"{WANTED}; places are whole numbers from 0 to {MOST_CELLS - 1}, or null.")
    _, row, column = places
    return PageNumber(text) if row is None or column is None or not is_one_table else PageNumber(text, row, column)


def _is_place(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST_CELLS


def label_page(folder: Path, file: str, numbers: Sequence[PageNumber] | None) -> None:
    """Replace the rows of a page in the folder's table by its numbers, or remove them if None. Rows of other pages, and
    additions by people, are kept.

    Raises DataError or StorageError if the table cannot be read or written; it is then unchanged.
    """
    table = folder / LABELS_TABLE
    columns = list(COLUMNS)
    rows: list[dict[Any, Any]] = []
    if table.is_file():
        columns = list(dict.fromkeys([*table_columns(table), *COLUMNS]))
        rows += [row for _, row in table_rows(table, COLUMNS[:2]) if (row["file"] or "").strip() != file]
    if numbers is not None:
        rows += [{"file": file, **one._asdict(), "number": one.text} for one in numbers or [PageNumber("")]]
    if rows:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomically(table, text.getvalue().encode())
    else:
        with suppress(FileNotFoundError):
            table.unlink()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Lock the folder against other servers and workers that collect in it, while a block runs."""
    with ExitStack() as stack:
        # Windows has neither these locks nor workers; some network drives have no locks either.
        with suppress(ImportError, OSError):
            import fcntl

            handle = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
