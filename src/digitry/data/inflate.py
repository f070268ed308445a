"""Gunzip in small pieces: bounded, strict about its end, and deaf to what follows."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterable
from pathlib import Path

from digitry.errors import DataError

GZIP_MAGIC = b"\x1f\x8b"
PIECE_BYTES = 1 << 18


def inflate(chunks: Iterable[bytes], limit_bytes: int) -> Generator[bytes]:
    """The bytes of one gzip member, in pieces of at most 256 KiB.

    DataError when the data is not gzip, is corrupt or cut, holds more than `limit_bytes`, or goes on after its end.
    """
    engine = zlib.decompressobj(wbits=31)
    left = limit_bytes
    started = False
    for chunk in chunks:
        if not started and chunk:
            started = True
            if chunk[:2] != GZIP_MAGIC[: len(chunk)]:
                page = chunk.lstrip()[:1] == b"<"
                raise DataError("a web page came instead of a gzip file" if page else "the data is not gzip")
        pending = chunk
        while pending and not engine.eof:
            room = min(PIECE_BYTES, left + 1)
            try:
                piece = engine.decompress(pending, room)
            except zlib.error as error:
                raise DataError(f"the gzip data is corrupt ({error})") from error
            left -= len(piece)
            if left < 0:
                raise DataError(f"the gzip data holds more than the expected {limit_bytes:,} bytes")
            if piece:
                yield piece
            pending = engine.unconsumed_tail
        if engine.unused_data or pending:
            raise DataError("the gzip data is followed by other bytes")
    if not engine.eof:
        raise DataError("the gzip data is cut short")


def chunks_of(path: Path) -> Generator[bytes]:
    """The bytes of a file in pieces of 256 KiB; DataError when it cannot be read."""
    try:
        with path.open("rb") as file:
            while chunk := file.read(PIECE_BYTES):
                yield chunk
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
