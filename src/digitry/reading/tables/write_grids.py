"""Write grids into one file, CSV or XLSX by its name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from digitry.errors import SettingError
from digitry.files import check_place, write_atomically
from digitry.packages import need
from digitry.reading.tables.csv_grids import csv_grids
from digitry.reading.tables.grids import Grid
from digitry.reading.tables.xlsx_grids import xlsx_grids

FORMATS = {".csv": csv_grids, ".xlsx": xlsx_grids}
"""Suffix → the function that returns the bytes of the file."""


def write_grids(grids: Sequence[Grid], path: Path) -> None:
    """Write all grids into one file, atomically, replacing an existing one.

    Raises SettingError for another kind of file, or if a package is missing, StorageError if it cannot be written.
    """
    write_atomically(path, FORMATS[_kind(path)](grids))


def check_grid_file(path: Path) -> None:
    """Check, before reading, that grids can be written to a new file.

    Raises SettingError for an existing file, since people correct tables by hand; otherwise like `write_grids`.
    """
    if _kind(path) == ".xlsx":
        need("openpyxl", by=f"{path}")
    if os.path.lexists(path):
        raise SettingError(f"{path} already exists; delete it, or choose another name")
    check_place(path)


def _kind(path: Path) -> str:
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise SettingError(
            f"a table is written to a file whose name ends in {' or '.join(FORMATS)}, not to {path}; to print it, put "
            "--table after the pictures"
        )
    return kind
