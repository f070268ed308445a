"""Tables with one column per class, one per split, such as Roboflow's `_classes.csv` → pictures with labels."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from digitry.console import warn_caller
from digitry.datasets.class_names import MAX_CLASSES, checked_name
from digitry.datasets.label_table import bounded_lines, file_within
from digitry.datasets.labelled_pictures import LabelledPicture, split_roots
from digitry.errors import DataError
from digitry.files import cannot_read

TABLE = "_classes.csv"


def one_hot_tables(folder: Path) -> dict[Path, str]:
    """Return the tables of a folder and its split folders, each with its split; empty if there are none."""
    if (folder / TABLE).is_file():
        return {folder / TABLE: "train"}
    try:
        roots = split_roots(folder)
    except DataError:
        return {}
    return {root / TABLE: split for split, root in roots if (root / TABLE).is_file()}


def one_hot_pictures(tables: dict[Path, str]) -> Callable[[], Iterable[LabelledPicture]]:
    """Return the pictures that the tables name, in order; each lies beside its table.

    Pictures of no class, or of several, are skipped with a warning. Raises DataError for another kind of table.
    """
    found: list[LabelledPicture] = []
    for table, split in tables.items():
        rows = list(_rows(table))
        found += [LabelledPicture(path, names[0], split) for path, names in rows if len(names) == 1]
        if others := sum(len(names) != 1 for _, names in rows):
            warn_caller(
                f"{table}: {others:,} of {len(rows):,} pictures have no class, or several; going on without them"
            )
    return lambda: found


def _rows(table: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield each picture and the classes that its row marks with 1."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(bounded_lines(file), skipinitialspace=True, strict=True)
            names = [name.strip() for name in next(rows, [])]
            if not 3 <= len(names) <= MAX_CLASSES + 1:
                raise DataError(f"{table.name} must name a column of files and one for each of its classes")
            classes = [checked_name(name) for name in names[1:]]
            for row in rows:
                if not row:
                    continue
                marks = [mark.strip() for mark in row[1:]]
                if len(marks) != len(classes) or not set(marks) <= {"0", "1"}:
                    raise DataError(
                        f"line {rows.line_num} of {table.name} must hold a file and a 0 or 1 for each class"
                    )
                picture = file_within(table.parent, row[0].strip())
                yield picture, [name for name, mark in zip(classes, marks, strict=True) if mark == "1"]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table.name} is not a table of comma-separated UTF-8 text ({error})") from error
    except OSError as error:
        raise DataError(cannot_read(table, error)) from error
