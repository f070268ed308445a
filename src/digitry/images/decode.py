"""The bytes of any picture file → its pages, upright and grey."""

from __future__ import annotations

import contextlib
import importlib
import io
import re
import stat
import warnings
from collections.abc import Collection, Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitry.console import native_stderr_muted
from digitry.errors import DataError, unknown_name
from digitry.images.grey import Grey, grey_of_array, grey_of_picture
from digitry.images.sniff import (
    ALL_FORMATS,
    MAX_PIXELS,
    PICTURE_FORMATS,
    SUFFIXES,
    check_size,
    format_of,
    jpeg_has_more_scans,
    too_large,
    webp_size,
)

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "ALL_FORMATS", "MAX_BYTES", "MAX_PAGES", "MAX_PIXELS", "PICTURE_FORMATS", "SUFFIXES", "Grey", "decode",
    "decode_file", "decode_pages", "grey_of_array", "grey_of_picture", "proper_pages",
    "read_picture_file",
]  # fmt: skip

MAX_BYTES = 512 * 2**20
MAX_PAGES = 1000

_PLUGINS = {"PNG": "Png", "JPEG": "Jpeg", "TIFF": "Tiff", "BMP": "Bmp", "WEBP": "WebP", "GIF": "Gif"}

_MAX_SCANS = 100
"""Most scans of a progressive JPEG; encoders make about ten."""

_TIFF_TILE_WIDTH, _TIFF_TILE_HEIGHT = 322, 323
_TIFF_KIND, _TIFF_SMALL_COPY, _TIFF_MASK = 254, 1, 4


def decode_file(path: Path) -> Grey:
    """Decode the first page of a picture file. Raises DataError, without the path, if it is not a readable picture."""
    return decode(read_picture_file(path))


def decode(data: bytes, *, max_pixels: int = MAX_PIXELS, formats: Collection[str] = ALL_FORMATS) -> Grey:
    """Decode the first page of a picture's bytes, checking its size before any pixel is decoded.

    Raises DataError for an empty, unknown, broken, truncated or too large picture.
    """
    with contextlib.closing(decode_pages(data, max_pixels=max_pixels, formats=formats)) as pages:
        return next(pages)


def decode_pages(
    data: bytes, *, max_pixels: int = MAX_PIXELS, formats: Collection[str] = ALL_FORMATS
) -> Generator[Grey]:
    """Yield every page of a TIFF or a PDF, with one in memory at a time; for other formats only the first frame.

    The format is recognised by content, never by name, and must be one of `formats`. Raises DataError like `decode`,
    when the page concerned is reached, and for more than `MAX_PAGES` pages before the first.
    """
    kind = _allowed_format(data, formats)
    pages = _apart(kind, data, max_pixels) if kind in ("HEIC", "PDF") else _pillow_pages(kind, data, max_pixels)
    number = 0
    with contextlib.closing(pages):
        while True:
            number += 1
            with _one_line(number, max_pixels), _quiet(kind):
                page = next(pages, None)
            if page is None:
                return
            yield page


def read_picture_file(path: Path) -> bytes:
    """Return the bytes of a picture file. Raises DataError, without the path, if it cannot be read or is too large."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DataError("not a file; give the path of a picture")
        if status.st_size > MAX_BYTES:
            raise DataError(f"the file has {status.st_size} bytes, at most {MAX_BYTES} are read; make it smaller")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DataError(f"cannot be read: {reason}") from error


def _allowed_format(data: bytes, formats: Collection[str]) -> str:
    """Return the format, recognised by the first bytes. Raises DataError if it is not one of `formats`."""
    for name in formats:
        if name not in ALL_FORMATS:
            raise unknown_name("picture format", name, ALL_FORMATS)
    if not data:
        raise DataError("the file is empty")
    known = ", ".join(name for name in ALL_FORMATS if name in formats)
    kind = format_of(data)
    if not kind:
        raise DataError(f"not a picture of a known format ({known})")
    if kind not in formats:
        raise DataError(f"{kind} is not read here, only {known}; convert it first")
    return kind


@contextlib.contextmanager
def _one_line(number: int, max_pixels: int) -> Generator[None]:
    """Turn any exception of a decoder on page `number` into a DataError of one line."""
    from PIL import Image, UnidentifiedImageError

    place = f"page {number}: " if number > 1 else ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata; what matters is raised
            yield
    except DataError as error:
        if not place:
            raise
        raise DataError(f"{place}{error}") from error
    except UnidentifiedImageError as error:
        raise DataError(f"{place}the picture is broken, or of a kind that is not read; save it as PNG") from error
    except Image.DecompressionBombError as error:
        pixels = re.search(r"\d+", str(error))
        size = f"{int(pixels[0]) / 1e6:,.0f} million" if pixels else "far too many"
        raise DataError(place + too_large(size, max_pixels)) from error
    except Exception as error:  # decoders raise struct, zlib, index, key and many other errors on broken files
        if isinstance(error, MemoryError) or "memory" in str(error):  # Pillow, zlib and libtiff report it differently
            raise DataError(f"{place}the picture does not fit in memory; make it smaller") from error
        raise DataError(f"{place}the picture is broken or cut short; save or copy it again") from error


def _quiet(kind: str) -> contextlib.AbstractContextManager[None]:
    """Suppress libtiff's messages about broken files, which it writes directly to stderr."""
    return native_stderr_muted() if kind == "TIFF" else contextlib.nullcontext()


def _apart(kind: str, data: bytes, max_pixels: int) -> Generator[Grey]:
    from digitry.images.sandbox import decode_in_sandbox

    return decode_in_sandbox(kind, data, max_pixels=max_pixels, max_pages=MAX_PAGES)


def _pillow_pages(kind: str, data: bytes, max_pixels: int) -> Generator[Grey]:
    from PIL import Image

    if kind == "WEBP":
        check_size(webp_size(data), max_pixels)
    if kind == "JPEG" and jpeg_has_more_scans(data, _MAX_SCANS):
        raise DataError(f"the JPEG has more than {_MAX_SCANS} scans; save it again, or as PNG")
    importlib.import_module(f"PIL.{_PLUGINS[kind]}ImagePlugin")  # otherwise Pillow imports all forty plugins
    with Image.open(io.BytesIO(data), formats=(kind,)) as picture:
        if kind == "TIFF":
            yield from _tiff_pages(picture, max_pixels)
        else:
            check_size(picture.size, max_pixels)
            yield grey_of_picture(picture)


def _tiff_pages(picture: Image.Image, max_pixels: int) -> Generator[Grey]:
    """Yield the real pages, without the thumbnails and masks that some programs store after a page."""
    too_many = False
    with contextlib.suppress(Exception):  # a broken page raises when it is reached
        too_many = _has_page(picture, MAX_PAGES)
    if too_many:
        raise DataError(f"the file has more than {MAX_PAGES} pages, the most that are read; split it")
    for tags in proper_pages(picture):
        check_size(picture.size, max_pixels)
        check_size((tags.get(_TIFF_TILE_WIDTH, 1), tags.get(_TIFF_TILE_HEIGHT, 1)), max_pixels)
        yield grey_of_picture(picture)


def proper_pages(picture: Image.Image) -> Iterator[Mapping[int, Any]]:
    """Yield the tags of each real page of a TIFF, with the picture positioned on it."""
    number = 0
    while _has_page(picture, number):
        tags = picture.tag_v2  # type: ignore[attr-defined]
        if number == 0 or not tags.get(_TIFF_KIND, 0) & (_TIFF_SMALL_COPY | _TIFF_MASK):
            yield tags
        number += 1


def _has_page(picture: Image.Image, number: int) -> bool:
    """Tell whether a TIFF has page `number`, from 0, and position the picture on it."""
    try:
        picture.seek(number)
    except EOFError:
        return False
    return True
