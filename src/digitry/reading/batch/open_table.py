"""A file of readings by its kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from digitry.reading.batch.output import TableFile, TableJob
from digitry.reading.batch.parquet_file import ParquetFile

Table = TableFile | ParquetFile
"""Either way rows are appended picture by picture."""


def open_table(path: Path, kind: str, job: TableJob, names: Sequence[str], *, resume: bool) -> Table:
    """Return the file of a kind in `rows.FORMATS`, not yet started; it takes and raises what `TableFile` does."""
    if kind == "parquet":
        return ParquetFile(path, kind, job, names, resume=resume)
    return TableFile(path, kind, job, names, resume=resume)
