"""A picture in any form, a path, bytes, an open file, an array, lists or an image → its grey pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.errors import DataError

Picture = Any
"""A path, the bytes of a picture file, an open file, a Pillow image, or anything NumPy can convert to an array: arrays,
tensors, tables, nested lists."""

GIVE = "a path, file bytes, a file that is open in binary, an array or a tensor, nested lists or a Pillow image"


def picture_name(picture: Picture) -> str:
    """Return the path as given; empty for bytes, arrays and images."""
    return os.fsdecode(picture) if isinstance(picture, (str, os.PathLike)) else ""


def is_one_picture(values: list[Any] | tuple[Any, ...]) -> bool:
    """Tell whether nested lists are the rows of one picture rather than several pictures."""
    first = values[0] if values else None
    while isinstance(first, (list, tuple)) and first:
        first = first[0]
    return isinstance(first, (int, float, np.generic))


def grey_pages(picture: Picture) -> Iterator[NDArray[np.uint8]]:
    """Yield every page of a picture, upright and grey, with one in memory at a time. Raises DataError, with the path,
    if it cannot be read.

    Arrays and images have one page.
    """
    from digitry.images import decode

    name = picture_name(picture)
    try:
        if name:
            yield from decode.decode_pages(file_bytes(name))
        elif isinstance(picture, (bytes, bytearray, memoryview)):
            yield from decode.decode_pages(bytes(picture))
        elif hasattr(picture, "getbands") and hasattr(
            picture, "info"
        ):  # a Pillow image, recognised without importing Pillow
            yield decode.grey_of_picture(picture)
        elif hasattr(picture, "read"):
            yield from decode.decode_pages(_bytes_of(picture))
        elif isinstance(picture, (list, tuple)) or hasattr(picture, "__array__"):
            yield decode.grey_of_array(_array_of(picture))
        else:
            raise DataError(f"cannot read a {type(picture).__name__}; give {GIVE}")
    except DataError as error:
        raise DataError(f"{name}: {error}" if name else str(error)) from error


def file_bytes(name: str) -> bytes:
    """Return the bytes of a picture file, local or in an object store. Raises DataError, without the name, if they
    cannot be read, or are too many.
    """
    from digitry.images.decode import read_picture_file
    from digitry.reading.object_store import is_in_store, read_from_store

    return read_from_store(name) if is_in_store(name) else read_picture_file(Path(name))


def _bytes_of(file: Any) -> bytes:
    """Read an open file to its end."""
    try:
        data = file.read()
    except (OSError, ValueError) as error:
        raise DataError(f"the open file cannot be read: {error}") from error
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise DataError(f"the open file gives {type(data).__name__}, not bytes; open it in binary: open(path, 'rb')")
    return bytes(data)


def _array_of(values: Any) -> NDArray[Any]:
    """Convert values to an array; a leading colour axis, as in tensors, is moved to the end."""
    try:
        array = np.asarray(values)
    except Exception as error:  # a tensor on another device, ragged lists, whatever `__array__` raises
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(
            f"a {type(values).__name__} cannot become one array ({reason}); give {GIVE}; of a tensor: "
            "x.detach().cpu().numpy()"
        ) from error
    while array.ndim > 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 3 and array.shape[0] == 3 and array.shape[2] > 4:
        return np.moveaxis(array, 0, -1)
    return array
