"""A Parquet file of readings, typed columns in groups of rows, that survives a kill.

A Parquet file cannot be gone on with: what it says of its groups stands at its end. So the rows go into a table beside
it, `out.parquet.rows`, and become `out.parquet` when the last of them is there, a group at a time, whole or not at all.
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
"""So many rows are in memory at a time, 10 MB of them."""


class ParquetFile:
    """To be used as a `TableFile` is: `start`, `append` the lines of each picture, and the end of `with` makes it."""

    def __init__(self, path: Path, kind: str, job: TableJob, names: Sequence[str], *, resume: bool) -> None:
        """Take what `TableFile` takes. Raises SettingError as that does, and where pyarrow is missing."""
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
        """How many pictures are whole in it."""
        return len(self._names) if self._rows is None else self._rows.done

    def start(self, pictures: int) -> int:
        """Get ready to go on behind so many of the pictures done; return how many of these could not be read.

        Raises StorageError as `TableFile.start` does.
        """
        if self._rows is None:
            return _failures(self.path, self._names[:pictures])
        failures = self._rows.start(pictures)
        remove_temporaries_of(self.path)  # it is locked by us
        return failures

    def append(self, lines: bytes) -> None:
        """Keep the lines of one picture; a file that was whole before has them already."""
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
    """Yield the bytes of a Parquet file, a group of rows at a time."""
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
    """Count which of the first pictures of a whole file could not be read."""
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
    """What a writer is given as its file: it keeps what comes until that is taken."""

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
