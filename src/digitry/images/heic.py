"""The bytes of a HEIC photograph → its pixels, by libheif. Runs only in a child process: see `images.sandbox`."""

from __future__ import annotations

from collections.abc import Iterator

from digitry.images.sniff import check_size


def heic_pages(data: bytes, max_pixels: int) -> Iterator[tuple[tuple[int, int, int], bytes]]:
    """Yield the shape (height, width, channels) and pixels, 8 or 16 bits each, of the primary picture, upright.

    libheif itself turns it; EXIF orientation does not apply to HEIC. Raises DataError for more than `max_pixels`,
    before decoding any; ValueError, EOFError and others for a broken photograph.
    """
    import pi_heif

    photograph = pi_heif.open_heif(data)
    check_size(photograph.size, max_pixels)
    pixels = photograph.data
    mode = photograph.mode.split(";")[0]
    width, height = photograph.size
    yield (height, width, 1 if mode == "I" else len(mode)), pixels
