"""A table of pictures and their labels: any separator, and a header with any usual names, or none."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path, PureWindowsPath
from typing import NamedTuple, TextIO
from urllib.parse import unquote

from digitry.errors import DataError

PICTURE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".dib", ".webp", ".gif"}
    | {".heic", ".heif", ".hif", ".pdf"}
)
"""Only files with these suffixes are pictures, as in class folders; all others are left alone."""

_OTHER_WORDS = {
    "file": [
        "filename",
        "image",
        "img",
        "path",
        "filepath",
        "imagepath",
        "imagename",
        "picture",
        "imageid",
        "id",
        "name",
    ],
    "label": ["labels", "digit", "class", "classname", "target", "category", "choice", "y"],
    "split": ["set", "subset"],
}
"""What people call the columns, most likely first."""

_SEPARATORS = (",", ";", "\t", "|")
_MAX_LINE = 1 << 16
_MOST_FILES = 1_000_000


class TableForm(NamedTuple):
    """The format of a table."""

    separator: str
    columns: list[str]
    """`file`, `label` and `split` under these names, others as the table has them."""
    has_names: bool
    """Whether the first line names the columns."""


def table_form(first_line: str) -> TableForm:
    """Return the format of a table, by its first line."""
    rows = {separator: _fields(first_line, separator) for separator in _SEPARATORS}
    separator = max(_SEPARATORS, key=lambda one: len(rows[one]))
    fields = rows[separator]
    names = [field.strip() for field in fields]
    pictures = [place for place, field in enumerate(fields) if Path(field.strip()).suffix.lower() in PICTURE_SUFFIXES]
    if pictures and len(fields) > 1:
        columns = [str(place) for place in range(len(fields))]
        columns[pictures[0]] = "file"
        columns[next(place for place in range(len(fields)) if place != pictures[0])] = "label"
        return TableForm(separator, columns, has_names=False)
    plain = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in names]
    for ours, words in _OTHER_WORDS.items():
        if ours not in names:
            found = next((word for word in [ours, *words] if word in plain), None)
            if found is not None:
                names[plain.index(found)] = ours
    return TableForm(separator, names, has_names=True)


def table_columns(table: Path) -> list[str]:
    """Return the columns that a table's first line names; empty without such a line."""
    with suppress(UnicodeDecodeError, csv.Error, OSError), table.open(encoding="utf-8-sig", newline="") as file:
        layout = table_form(file.readline(_MAX_LINE))
        return layout.columns if layout.has_names else []
    return []


def table_rows(
    table: Path, columns: Sequence[str] = ("file", "label")
) -> Iterator[tuple[int, dict[str | None, str | None]]]:
    """Yield the rows of a table with these columns, each with the number of its last line; other columns may follow.

    Raises DataError when it is not such a table; the content of a row is for the caller to check.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            lines = bounded_lines(file)
            first = next(lines, "")
            layout = table_form(first)
            if not set(columns) <= set(layout.columns):
                raise DataError(f"the first line must name the columns {','.join(columns)} (and perhaps split)")
            rows = csv.DictReader(chain([first], lines), layout.columns, delimiter=layout.separator, strict=True)
            for number, row in enumerate(rows):
                if number or not layout.has_names:
                    yield rows.line_num, row
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"this is not a table of comma-separated UTF-8 text ({error})") from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}") from error


class PictureFinder:
    """Finds the files that a table names: beside it, or anywhere below its folder, also without their suffix."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._below: dict[str, list[Path]] | None = None

    def find(self, file: str) -> Path:
        """Return the file's path, or where it should be if it is missing or ambiguous. Raises DataError for one outside
        the folder.
        """
        name = file.strip()
        if name.startswith(("/data/", "s3://", "http://", "https://")):
            # Label Studio names its own store; the same files lie beside the table, perhaps without the 8-digit prefix.
            name = unquote(re.split(r"[/=]", name)[-1])
        place = file_within(self._folder, name)
        if place.is_file():
            return place
        known = self._names_below()
        for key in (place.name, re.sub(r"^[0-9a-f]{8}-", "", place.name)):
            if len(found := known.get(key, [])) == 1:
                return found[0]
        return place

    def _names_below(self) -> dict[str, list[Path]]:
        if self._below is None:
            self._below = {}
            count = 0
            for folder, _, files in os.walk(self._folder):
                for name in files:
                    path = Path(folder, name)
                    if path.suffix.lower() in PICTURE_SUFFIXES and not name.startswith("."):
                        for key in (name, path.stem):
                            self._below.setdefault(key, []).append(path)
                count += len(files)
                if count > _MOST_FILES:
                    break
        return self._below


def file_within(folder: Path, file: str) -> Path:
    """Return the path of a file that a table names. Raises DataError for one outside the table's folder."""
    windows = PureWindowsPath(file)
    if windows.anchor or ".." in windows.parts:
        raise DataError(f"{file!r} must be a path inside the table's own folder")
    return folder / file


def _fields(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def bounded_lines(file: TextIO) -> Iterator[str]:
    """Yield the lines of a text file. Raises DataError for one longer than any row of a table."""
    lines = iter(lambda: file.readline(_MAX_LINE), "")
    for number, line in enumerate(lines, start=1):
        if len(line) == _MAX_LINE:
            raise DataError(f"line {number} is longer than {_MAX_LINE:,} characters")
        yield line
