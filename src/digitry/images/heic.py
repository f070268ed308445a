"""The bytes of a HEIC photograph → upright grey page, by the extra `digitry[heic]`."""

from __future__ import annotations

import numpy as np

from digitry.errors import DataError
from digitry.images.grey import Grey, check_size, grey_of_array, grey_of_bytes


def heic_page(data: bytes, *, max_pixels: int) -> Grey:
    """The grey page of the primary picture; libheif itself turns it upright, EXIF has no say in it.

    Raises DataError when the extra is missing or the picture is too large, checked before any pixel is decoded;
    what libheif raises on broken bytes is left to the caller.
    """
    try:
        import pi_heif
    except ImportError as error:
        raise DataError('HEIC pictures need an extra; run: pip install "digitry[heic]"') from error
    picture = pi_heif.open_heif(data)
    check_size(picture.size, max_pixels)
    pixels = np.asarray(picture[picture.primary_index])
    pixels = pixels[:, : picture.size[0]]  # rows may be padded
    return grey_of_bytes(pixels) if pixels.dtype == np.uint8 else grey_of_array(pixels, max_pixels=max_pixels)
