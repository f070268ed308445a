"""Decompress a gzip stream in small pieces, and never more of it than allowed."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Generator, Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from digitry.errors import DataError
from digitry.files import cannot_read

GZIP_MAGIC = b"\x1f\x8b"
PIECE_BYTES = 1 << 18


def gunzip(chunks: Iterable[bytes], limit_bytes: int) -> Generator[bytes]:
    """Yield the content of gzip data in pieces of at most 256 KiB.

    Raises DataError when the data is not gzip, is corrupt or cut short, holds more than `limit_bytes`, or continues
    after its end.
    """
    left = limit_bytes
    pieces = iter(chunks)
    first = next(pieces, b"")
    if first.lstrip()[:1] == b"<":
        raise DataError("a web page came instead of a gzip file")
    if not first:
        raise DataError("the gzip data is cut short (there is none)")
    try:
        with gzip.GzipFile(fileobj=as_file(chain([first], pieces))) as unpacked:
            while piece := unpacked.read(min(PIECE_BYTES, left + 1)):
                left -= len(piece)
                if left < 0:
                    raise DataError(f"the gzip data holds more than the expected {limit_bytes:,} bytes")
                yield piece
    except EOFError as error:
        raise DataError("the gzip data is cut short") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"the data is not gzip, or corrupt ({error})") from error


def as_file(chunks: Iterable[bytes]) -> io.BufferedReader:
    """Return a file, to be read once from start to end, of bytes that come in pieces of any size."""
    return io.BufferedReader(_ChunkFile(chunks))


class _ChunkFile(io.RawIOBase):
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._held:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._held = chunk
        count = min(len(buffer), len(self._held))
        buffer[:count], self._held = self._held[:count], self._held[count:]
        return count


def chunks_of(path: Path) -> Generator[bytes]:
    """Yield the bytes of a file in pieces of 256 KiB. Raises DataError when it cannot be read."""
    try:
        with path.open("rb") as file:
            while chunk := file.read(PIECE_BYTES):
                yield chunk
    except OSError as error:
        raise DataError(cannot_read(path, error)) from error
