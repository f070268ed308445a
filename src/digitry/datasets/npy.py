"""Parse NumPy's array files defensively: no pickle, and every declared size is verified."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from digitry.datasets.raw import DTYPE_KINDS, PIECE_BYTES, RawArray
from digitry.errors import DataError
from digitry.files import cannot_read

_MAX_HEADER_BYTES = 1 << 12
_MAX_ITEM_BYTES = {"U": 1024, "S": 256}

Opener = Callable[[], AbstractContextManager[IO[bytes]]]


def read_npy(path: Path) -> RawArray:
    """Open the array of a .npy file, not read yet. Raises DataError, which names the file and what is wrong with it."""
    try:
        return npy_array(path.stem, lambda: path.open("rb"), path.stat().st_size)
    except OSError as error:
        raise DataError(cannot_read(path, error)) from error


def npy_array(name: str, opened: Opener, file_bytes: int) -> RawArray:
    """Read the header of an array and check it against the number of bytes that exist.

    Raises DataError for a pickle, a type that is neither numbers nor texts, an empty array, or a false size.
    """
    with opened() as file:
        # Only a piece of the file, because NumPy would trust the header's declared length, however large.
        stream = io.BytesIO(file.read(_MAX_HEADER_BYTES + 16))
        try:
            version = npy.read_magic(stream)
            # Versions 2 and 3 differ only in the encoding of field names, and arrays with fields are refused below.
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, fortran_order, dtype = read(stream, max_header_size=_MAX_HEADER_BYTES)
        except Exception as error:  # of all kinds: SyntaxError, TokenError, RecursionError, whatever np.dtype raises
            reason = str(error).partition(". ")[0] or type(error).__name__
            raise DataError(f"{name} is not a plain NumPy array ({' '.join(reason.split())[:200]})") from error
        header_bytes = stream.tell()
    if dtype.hasobject:
        raise DataError(f"{name} holds Python objects (a pickle), which are never read; save plain numbers")
    if dtype.kind not in DTYPE_KINDS or dtype.itemsize > _MAX_ITEM_BYTES.get(dtype.kind, 8) or dtype.shape:
        raise DataError(f"{name} has the type {dtype}; expected whole numbers, floats or texts")
    if min(shape, default=1) <= 0 or not dtype.itemsize:
        raise DataError(f"{name} is empty: its shape is {shape}")
    declared = header_bytes + math.prod(shape) * dtype.itemsize
    if declared != file_bytes:
        raise DataError(f"{name} declares {declared:,} bytes, the file holds {file_bytes:,}")

    def pieces() -> Iterator[NDArray[Any]]:
        left = math.prod(shape)
        step = max(1, PIECE_BYTES // dtype.itemsize)
        with opened() as stream:
            stream.read(header_bytes)
            while left:
                count = min(step, left)
                data = stream.read(count * dtype.itemsize)
                if len(data) != count * dtype.itemsize:
                    raise DataError(f"{name} holds less than it declares")
                left -= count
                yield np.frombuffer(data, dtype)
            if stream.read(1):
                raise DataError(f"{name} holds more than it declares")

    return RawArray(name, dtype, shape, pieces, fortran_order)
