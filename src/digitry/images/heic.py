"""The bytes of a HEIC photograph → its pixels, by libheif. Runs in a child alone: see `digitry.images.sandbox`."""

from __future__ import annotations

from collections.abc import Iterator

from digitry.images.sniff import check_size


def heic_pages(data: bytes, max_pixels: int) -> Iterator[tuple[tuple[int, int, int], bytes]]:
    """Yield shape (height, width, channels) and pixels, 8 or 16 bits each, of the primary picture, upright.

    libheif itself turns it; EXIF has no say in HEIC. Raises DataError for more than `max_pixels`, checked before any
    is decoded. Raises ValueError, EOFError and others for a broken photograph.
    """
    import pi_heif

    photograph = pi_heif.open_heif(data)
    check_size(photograph.size, max_pixels)
    pixels = photograph.data
    mode = photograph.mode.split(";")[0]
    width, height = photograph.size
    yield (height, width, 1 if mode == "I" else len(mode)), pixels
