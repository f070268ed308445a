"""A Parquet file of readings, with typed columns, that can be resumed after a kill.

A Parquet file cannot be appended to, because its index is at its end. So the rows are collected in a table beside it,
`out.parquet.rows`, and converted to `out.parquet` once it is complete, one row group at a time.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitry.files import remove_temporaries_of, write_chunks_atomically
from digitry.packages import need
from digitry.reading.batch.output import TableFile, TableJob, check_record, exists_already, record_beside
from digitry.reading.batch.rows import COLUMNS

if TYPE_CHECKING:
    import pyarrow

ROWS_A_GROUP = 20_000
"""Rows in memory at a time, about 10 MB."""


class ParquetFile:
    """A Parquet file with the interface of `TableFile`: `start`, `append`; it is written at the end of `with`."""

    def __init__(self, path: Path, kind: str, job: TableJob, names: Sequence[str], *, resume: bool) -> None:
        """Prepare a file like `TableFile`. Raises SettingError as that does, and if pyarrow is missing."""
        need("pyarrow", by="writing Parquet", extra="parquet")
        self.path, self._names = path, names
        self._rows: TableFile | None = None
        record = record_beside(path)
        if not os.path.lexists(path):
            beside = path.with_name(f"{path.name}.rows")
            self._rows = TableFile(beside, kind, job, names, resume=resume, record=record)
        elif resume:
            check_record(path, record, job)
        else:
            raise exists_already(path)

    @property
    def done(self) -> int:
        """Number of pictures that it holds completely."""
        return len(self._names) if self._rows is None else self._rows.done

    def start(self, pictures: int) -> int:
        """Continue after at most `pictures` finished pictures; return how many of them could not be read.

        Raises StorageError as `TableFile.start` does.
        """
        if self._rows is None:
            return _failures(self.path, self._names[:pictures])
        failures = self._rows.start(pictures)
        remove_temporaries_of(self.path)  # we hold the lock
        return failures

    def append(self, lines: bytes) -> None:
        """Add the lines of one picture; a file that was complete before has them already."""
        if self._rows is not None:
            self._rows.append(lines)

    def __enter__(self) -> ParquetFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if self._rows is None or not self._rows.is_started:
            return
        try:
            if kind is None:
                write_chunks_atomically(self.path, _parquet_of(self._rows.path))
        finally:
            self._rows.__exit__(kind, *error)
        if kind is None:
            self._rows.path.unlink()


def _parquet_of(rows: Path) -> Iterator[bytes]:
    """Yield the bytes of a Parquet file, one row group at a time."""
    import pyarrow
    from pyarrow import parquet

    kinds = {"confidence": pyarrow.float64(), "sure": pyarrow.bool_()}
    kinds |= dict.fromkeys(("picture", "text", "reason"), pyarrow.string())
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.int32())) for name in COLUMNS])
    written = _Collected()
    with rows.open("rb") as lines:
        with parquet.ParquetWriter(written, schema, compression="zstd") as writer:
            while group := list(itertools.islice(lines, ROWS_A_GROUP)):
                writer.write_table(_table(group, schema))
                yield written.take()
        yield written.take()


def _table(lines: list[bytes], schema: pyarrow.Schema) -> pyarrow.Table:
    import pyarrow

    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    for row in rows:  # a file name need not be Unicode
        row["picture"] = row["picture"].encode("utf-8", "backslashreplace").decode()
    return pyarrow.Table.from_pylist(rows, schema)


def _failures(path: Path, names: Sequence[str]) -> int:
    """Count those of the first pictures of a complete file that could not be read."""
    from pyarrow import parquet

    failures, found, last = 0, 0, None
    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=["picture", "page"]):
            for picture, page in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                found, last = found + (picture != last), picture
                if found > len(names):
                    return failures
                failures += page is None
    return failures


class _Collected:
    """A file object for a writer, which keeps what is written until it is taken."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._end = 0

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._end += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._end

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
