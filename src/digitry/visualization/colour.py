"""The reader's input → its upright page in colour, to draw on."""

from __future__ import annotations

import io
import os
import warnings
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.errors import DataError
from digitry.images.decode import MAX_PIXELS, PICTURE_FORMATS, grey_of_array
from digitry.reading import Picture
from digitry.types import Reading

Colour = NDArray[np.uint8]
"""A page in colour, uint8 (h, w, 3), RGB."""

_TRANSPARENT = ("LA", "PA", "La", "RGBA", "RGBa")
_PLAIN = ("1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV", "LAB", *_TRANSPARENT)


def upright_colour(picture: Picture, reading: Reading) -> Colour:
    """Return the page of `reading`, upright and in colour, or grey if its colours are not available.

    Boxes are in pixels of the grey page, which is therefore returned if the picture has another size. Raises DataError
    if there is neither.
    """
    grey = reading.stages.get("grey")
    found = None
    if picture is not None:
        try:
            found = _colour(picture, reading.page)
        except Exception as error:  # of any kind: if the reader got a grey page, use that
            if grey is None and isinstance(error, DataError):
                raise
    if found is not None and (grey is None or found.shape[:2] == grey.shape):
        return found
    if grey is None:
        raise DataError("there is no picture to draw on; give the picture that was read")
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


def _colour(picture: Picture, page: int) -> Colour | None:
    if isinstance(picture, np.ndarray):
        return _of_array(picture)
    if isinstance(picture, (str, os.PathLike)):
        return _of_bytes(Path(os.fsdecode(picture)).read_bytes(), page)
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return _of_bytes(bytes(picture), page)
    if hasattr(picture, "getbands") and hasattr(picture, "info"):  # a Pillow image, recognised without importing Pillow
        return _of_image(picture)
    raise DataError(f"cannot draw on a {type(picture).__name__}; give a path, file bytes, an array or a Pillow image")


def _of_array(array: NDArray[Any]) -> Colour:
    if array.dtype == np.uint8 and array.ndim == 3 and array.shape[2] == 3 and array.size and array.max() > 1:
        return np.ascontiguousarray(array)
    return np.asarray(cv2.cvtColor(grey_of_array(array), cv2.COLOR_GRAY2RGB), np.uint8)


def _of_bytes(data: bytes, page: int) -> Colour | None:
    from PIL import Image

    from digitry.images.decode import proper_pages

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd metadata
        with Image.open(io.BytesIO(data), formats=PICTURE_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                return None
            if page > 1:
                next(islice(proper_pages(image), page - 1, None))
            return _of_image(image)


def _of_image(image: Any) -> Colour | None:
    """Return upright RGB of a Pillow image; None for kinds whose scale only the reader knows (16-bit, float)."""
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode not in _PLAIN:
        return None
    if image.mode in _TRANSPARENT or "transparency" in image.info:
        image = image.convert("RGBA")
        # Transparent parts are paper: black or white, whichever contrasts with the opaque parts.
        drawn = np.asarray(image)[np.asarray(image)[..., 3] > 127][:, :3]
        paper = (255, 255, 255) if not drawn.size or float(drawn.mean()) < 128 else (0, 0, 0)
        image = Image.alpha_composite(Image.new("RGBA", image.size, (*paper, 255)), image)
    return np.array(image.convert("RGB"))
