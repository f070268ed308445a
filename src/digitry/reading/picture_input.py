"""Whatever a picture is given as, a path, bytes, an array or an image → its grey pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.errors import DataError

Picture = Any
"""A path, the bytes of a picture file, a NumPy array, or a Pillow image."""


def picture_name(picture: Picture) -> str:
    """Return the path as it was given; empty for bytes, arrays and images."""
    return os.fsdecode(picture) if isinstance(picture, (str, os.PathLike)) else ""


def grey_pages(picture: Picture) -> Iterator[NDArray[np.uint8]]:
    """Yield every page of a picture, upright and grey, one in memory at a time. Raises DataError, with the path, if
    there is none.

    Arrays and images have one page.
    """
    from digitry.images import decode

    name = picture_name(picture)
    try:
        if name:
            yield from decode.decode_file_pages(Path(name))
        elif isinstance(picture, (bytes, bytearray, memoryview)):
            yield from decode.decode_pages(bytes(picture))
        elif isinstance(picture, np.ndarray):
            yield decode.grey_of_array(picture)
        elif hasattr(picture, "getbands") and hasattr(picture, "info"):  # a Pillow image, told without importing it
            yield decode.grey_of_picture(picture)
        else:
            raise DataError(
                f"cannot read a {type(picture).__name__}; give a path, file bytes, a NumPy array or a Pillow image"
            )
    except DataError as error:
        raise DataError(f"{name}: {error}" if name else str(error)) from error
