"""IDX bytes ↔ arrays: what a file declares is checked against its content before anything is allocated."""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.datasets.gunzip import GZIP_MAGIC, chunks_of, gunzip
from digitry.datasets.raw import check_pixels
from digitry.errors import DataError

_UINT8 = 0x08
_TYPES = {_UINT8: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: Path, dimensions: int) -> NDArray[Any]:
    """Read a raw or gzipped IDX file with this many dimensions, 3 for images, 1 or 2 for labels: uint8, or the declared
    type.

    Raises DataError, which names the file and what is wrong with it; trailing bytes are an error too.
    """
    chunks = chunks_of(path)
    try:
        first = next(chunks, b"")
        whole = chain([first], chunks)
        return _gathered(gunzip(whole, 1 << 62) if first.startswith(GZIP_MAGIC) else whole, dimensions)
    except DataError as error:
        raise error if str(path) in str(error) else DataError(f"{path}: {error}") from error


def to_idx(array: NDArray[Any]) -> bytes:
    """Return an array of values 0 to 255 as raw IDX."""
    return _header(array.shape) + _as_bytes(array).tobytes()


def idx_sha256(array: NDArray[Any]) -> str:
    """Return the SHA-256 of `to_idx(array)`, without the copy."""
    digest = hashlib.sha256(_header(array.shape))
    digest.update(_as_bytes(array).data.cast("B"))
    return digest.hexdigest()


def _gathered(pieces: Iterable[bytes], dimensions: int) -> NDArray[Any]:
    # Grows with the bytes that actually come: a false header costs nothing.
    start = 4 + 4 * dimensions
    values = bytearray()
    declared: tuple[np.dtype[Any], tuple[int, ...]] | None = None
    for piece in pieces:
        values += piece
        if declared is None and len(values) >= start:
            declared = _declared(bytes(values[:start]), dimensions)
        if declared is not None and len(values) > start + _bytes_of(*declared):
            raise DataError(f"the IDX header declares {start + _bytes_of(*declared):,} bytes, the file has more")
    dtype, shape = declared or _declared(bytes(values), dimensions)
    if len(values) != start + _bytes_of(dtype, shape):
        raise DataError(
            f"the IDX header declares {start + _bytes_of(dtype, shape):,} bytes, the file has {len(values):,}"
        )
    if not math.prod(shape):
        raise DataError("the IDX file is empty")
    return np.frombuffer(values, dtype, offset=start).reshape(shape)


def _bytes_of(dtype: np.dtype[Any], shape: tuple[int, ...]) -> int:
    return dtype.itemsize * math.prod(shape)


def _declared(head: bytes, dimensions: int) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return the type and shape that a file's header declares. Raises DataError for another kind of file."""
    if len(head) < 4 or head[:2] != b"\0\0":
        raise DataError("this is not an IDX file (which starts with two zero bytes)")
    if head[2] not in _TYPES:
        raise DataError(f"the IDX values are of type 0x{head[2]:02x}, expected unsigned bytes (0x08)")
    if head[3] != dimensions:
        kind = "images" if dimensions == 3 else "labels"
        raise DataError(f"the IDX file has {head[3]} dimensions, expected {dimensions} ({kind})")
    if len(head) < 4 + 4 * dimensions:
        raise DataError("the IDX file ends inside its header")
    shape = struct.unpack(f">{dimensions}I", head[4:])
    check_pixels("the IDX file", shape)
    return np.dtype(_TYPES[head[2]]), shape


def _header(shape: tuple[int, ...]) -> bytes:
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, _UINT8, len(shape), *shape)


def _as_bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    if array.dtype != np.uint8 and array.size and not (array.min() >= 0 and array.max() <= 255):
        raise ValueError("IDX bytes hold values 0 to 255")
    return np.ascontiguousarray(array, dtype=np.uint8)
