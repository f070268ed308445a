"""Parquet files, and Arrow files as `save_to_disk` writes them, a piece at a time. Needs pyarrow.

Its readers are native code. What a file declares is checked against limits first, every piece is checked as it comes,
and the process may use no more than `MORE_BYTES` of additional memory meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from digitry.datasets.raw import MAX_PIXELS
from digitry.errors import DataError
from digitry.packages import need
from digitry.workers.memory import no_more_memory

SUFFIXES = (".parquet", ".arrow")

ROWS = 512
"""Rows per piece."""

MORE_BYTES = 2 * 2**30
_MAX_COLUMNS = 1 << 17
_FEATURES = b"huggingface"


def is_arrow(path: Path) -> bool:
    """Return whether a file may be such a table, by its name."""
    return path.suffix.lower() in SUFFIXES


class ArrowTable:
    """The columns of one file."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises DataError if it is not such a file, SettingError if pyarrow is missing."""
        need("pyarrow", by=f"reading {path.suffix}")
        self.path = path
        with _errors_named(path):
            self.schema = self._opened().schema_arrow if _is_parquet(path) else _arrow_reader(path).schema
        if len(self.schema.names) > _MAX_COLUMNS or len(set(self.schema.names)) != len(self.schema.names):
            raise DataError(f"{path.name} has {len(self.schema.names):,} columns, or two of one name")

    def class_names(self, label: str) -> tuple[str, ...] | None:
        """Return the class names, if the table has them as Hugging Face's datasets do."""
        try:
            features = json.loads((self.schema.metadata or {})[_FEATURES])["info"]["features"]
            names = features[label]["names"]
        except (KeyError, TypeError, ValueError, RecursionError):
            return None
        is_list = isinstance(names, list) and all(isinstance(name, str) for name in names)
        return tuple(names) if is_list else None

    def pieces(self, columns: list[str]) -> Iterator[Any]:
        """Yield the rows of these columns as record batches of some hundred. Raises DataError for a damaged file."""
        with _errors_named(self.path):
            pieces = self._parquet(columns) if _is_parquet(self.path) else _arrow(self.path, columns)
        while True:
            with _errors_named(self.path):
                piece = next(pieces, None)
                if piece is None:
                    return
                piece.validate(full=True)
            for start in range(0, len(piece), ROWS):
                yield piece.slice(start, ROWS)

    def _parquet(self, columns: list[str]) -> Iterator[Any]:
        file = self._opened()
        return iter(file.iter_batches(batch_size=ROWS, columns=columns, use_threads=False))

    def _opened(self) -> Any:
        import pyarrow.parquet as parquet

        file = parquet.ParquetFile(
            self.path,
            pre_buffer=False,
            thrift_string_size_limit=1 << 24,
            thrift_container_size_limit=1 << 20,
            page_checksum_verification=True,
            arrow_extensions_enabled=False,
        )
        if not 0 <= file.metadata.num_rows <= MAX_PIXELS // 64:
            raise DataError(f"{self.path.name} declares {file.metadata.num_rows:,} rows")
        return file


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _arrow_reader(path: Path) -> Any:
    import pyarrow

    source = pyarrow.OSFile(str(path))
    head = source.read(6)
    source.seek(0)
    return pyarrow.ipc.open_file(source) if head == b"ARROW1" else pyarrow.ipc.open_stream(source)


def _arrow(path: Path, columns: list[str]) -> Iterator[Any]:
    reader = _arrow_reader(path)
    if hasattr(reader, "num_record_batches"):
        return (reader.get_batch(place).select(columns) for place in range(reader.num_record_batches))
    return (piece.select(columns) for piece in reader)


@contextmanager
def _errors_named(path: Path) -> Iterator[None]:
    import pyarrow

    try:
        with no_more_memory(MORE_BYTES):
            yield
    except DataError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        reason = " ".join((str(error).splitlines() or [type(error).__name__])[0].split())[:200]
        raise DataError(f"{path.name} is damaged, or not a {path.suffix} file ({reason})") from error
