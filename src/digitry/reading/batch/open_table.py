"""Open a file of readings by its format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from digitry.reading.batch.output import TableFile, TableJob
from digitry.reading.batch.parquet_file import ParquetFile

Table = TableFile | ParquetFile
"""Both append rows picture by picture."""


def open_table(path: Path, kind: str, job: TableJob, names: Sequence[str], *, resume: bool) -> Table:
    """Return a file, not yet started, of a format in `rows.FORMATS`; takes and raises the same as `TableFile`."""
    if kind == "parquet":
        return ParquetFile(path, kind, job, names, resume=resume)
    return TableFile(path, kind, job, names, resume=resume)
