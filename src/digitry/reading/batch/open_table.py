"""A file of readings by its kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from digitry.reading.batch.output import TableFile, TableJob
from digitry.reading.batch.parquet_file import ParquetFile


def open_table(path: Path, kind: str, job: TableJob, names: Sequence[str], *, resume: bool) -> TableFile | ParquetFile:
    """Return the file of a kind in `rows.FORMATS`, not yet started; it takes and raises what `TableFile` does."""
    if kind == "parquet":
        return ParquetFile(path, kind, job, names, resume=resume)
    return TableFile(path, kind, job, names, resume=resume)
