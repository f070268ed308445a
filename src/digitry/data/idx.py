"""IDX bytes ↔ arrays: what a file declares is checked against what it holds before anything is allocated."""

from __future__ import annotations

import hashlib
import math
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.data.inflate import GZIP_MAGIC, chunks_of, inflate
from digitry.errors import DataError

_UINT8 = 0x08
_MAX_DIMENSIONS = 3


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read a raw or gzipped IDX file of so many dimensions: 3 for images, 1 for labels.

    DataError names the file and what is wrong with it; trailing bytes are wrong too.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4 + 4 * _MAX_DIMENSIONS)
            if head[:2] != GZIP_MAGIC:
                shape = declared_shape(head, dimensions, total_bytes=os.fstat(file.fileno()).st_size)
                file.seek(header_bytes(dimensions))
                values = np.fromfile(file, np.uint8, math.prod(shape))
                if values.size != math.prod(shape):
                    raise DataError("the file was cut while it was read")
                return values.reshape(shape)
        return _gather(inflate(chunks_of(path), limit_bytes=1 << 62), dimensions)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error


def from_idx(data: bytes, dimensions: int) -> NDArray[np.uint8]:
    """The array in raw IDX bytes, read-only; DataError says what is wrong with them."""
    shape = declared_shape(data[: 4 + 4 * _MAX_DIMENSIONS], dimensions, total_bytes=len(data))
    return np.frombuffer(data, np.uint8, offset=header_bytes(dimensions)).reshape(shape)


def to_idx(array: NDArray[Any]) -> bytes:
    """An array of values 0 to 255 as raw IDX."""
    return _header(array.shape) + _as_bytes(array).tobytes()


def idx_sha256(array: NDArray[Any]) -> str:
    """SHA-256 of `to_idx(array)`, without the copy."""
    digest = hashlib.sha256(_header(array.shape))
    digest.update(_as_bytes(array).data.cast("B"))
    return digest.hexdigest()


def header_bytes(dimensions: int) -> int:
    """Size of the header in front of the values."""
    return 4 + 4 * dimensions


def declared_shape(head: bytes, dimensions: int, total_bytes: int | None = None) -> tuple[int, ...]:
    """The shape that a header declares; DataError unless it fits `total_bytes`, the size of header and values."""
    if len(head) < 4 or head[:2] != b"\0\0":
        raise DataError("this is not an IDX file (it starts with two zero bytes)")
    if head[2] != _UINT8:
        raise DataError(f"the IDX values are of type 0x{head[2]:02x}, expected unsigned bytes (0x08)")
    if head[3] != dimensions:
        kind = "images" if dimensions == 3 else "labels"
        raise DataError(f"the IDX file has {head[3]} dimensions, expected {dimensions} ({kind})")
    start = header_bytes(dimensions)
    if len(head) < start:
        raise DataError("the IDX file ends inside its header")
    shape = struct.unpack(f">{dimensions}I", head[4:start])
    declared = start + math.prod(shape)
    if total_bytes is not None and declared != total_bytes:
        raise DataError(f"the IDX header declares {declared:,} bytes, the file has {total_bytes:,}")
    if not math.prod(shape):
        raise DataError("the IDX file is empty")
    return shape


def _gather(pieces: Iterator[bytes], dimensions: int) -> NDArray[np.uint8]:
    # Grows with the bytes that really come: a header that lies costs nothing.
    start = header_bytes(dimensions)
    values = bytearray()
    shape: tuple[int, ...] | None = None
    for piece in pieces:
        values += piece
        if shape is None and len(values) >= start:
            shape = declared_shape(bytes(values[:start]), dimensions)
        if shape is not None and len(values) > start + math.prod(shape):
            raise DataError(f"the IDX header declares {start + math.prod(shape):,} bytes, the file has more")
    declared_shape(bytes(values[:start]), dimensions, total_bytes=len(values))
    return np.frombuffer(values, np.uint8, offset=start).reshape(shape or ())


def _header(shape: tuple[int, ...]) -> bytes:
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, _UINT8, len(shape), *shape)


def _as_bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    if array.dtype != np.uint8 and array.size and not (array.min() >= 0 and array.max() <= 255):
        raise ValueError("IDX bytes hold values 0 to 255")
    return np.ascontiguousarray(array, dtype=np.uint8)
