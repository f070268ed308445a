"""The bytes of a PDF → its pages, rendered by PDFium. Runs only in a child process: see `images.sandbox`."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

from digitry.errors import DataError
from digitry.images.sniff import check_size

DOTS_PER_INCH = 200
_POINTS_PER_INCH = 72
_FORM_DEPTH = 8
"""Depth to which nested drawings are searched for pictures."""


def pdf_pages(data: bytes, max_pixels: int, max_pages: int) -> Iterator[tuple[tuple[int, int, int], Any]]:
    """Yield the shape (height, width, 3) and RGB bytes of every page at 200 dpi, or fewer to stay within `max_pixels`.

    Raises DataError for an encrypted or empty document, for more than `max_pages`, and for a page with a picture of
    more than `max_pixels`; PdfiumError for a broken document.
    """
    with contextlib.closing(_opened(data)) as document:
        for number in range(_page_count(document, max_pages)):
            with contextlib.closing(document[number]) as page:
                _check_pictures(page, max_pixels)
                width, height = page.get_size()
                bitmap = page.render(scale=scale_for(width, height, max_pixels), rev_byteorder=True)
                with contextlib.closing(bitmap):
                    yield (bitmap.height, bitmap.width, 3), bitmap.buffer


def _opened(data: bytes) -> Any:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise DataError("the PDF is encrypted; save it without a password") from error
        raise


def _page_count(document: Any, max_pages: int) -> int:
    count = len(document)
    if count < 1:
        raise DataError("the PDF has no pages")
    if count > max_pages:
        raise DataError(f"the PDF has {count} pages, at most {max_pages} are read; split it")
    return count


def _check_pictures(page: Any, max_pixels: int) -> None:
    """Raise DataError for a page with a picture of more than `max_pixels`, according to its header."""
    import pypdfium2

    for picture in page.get_objects(filter=(pypdfium2.raw.FPDF_PAGEOBJ_IMAGE,), max_depth=_FORM_DEPTH):
        check_size(picture.get_px_size(), max_pixels)


def scale_for(width: float, height: float, max_pixels: int) -> float:
    """Return pixels per point for a page of `width` × `height` points: for 200 dpi, or less for `max_pixels`."""
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise DataError("the PDF page has no size")
    scale = DOTS_PER_INCH / _POINTS_PER_INCH
    while math.ceil(width * scale) * math.ceil(height * scale) > max_pixels:
        scale *= 0.99
    return scale
