"""A PDF on standard input → its pages as RGB on standard output; `digitry.images.pdf` starts it and reads them.

Each page is a line of JSON, {"width": 1654, "height": 2339}, and its pixels. {} comes after the last, {"error": "..."}
where it ends early.
"""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Iterator
from typing import Any

from digitry.errors import DataError

DOTS_PER_INCH = 200
_POINTS_PER_INCH = 72
_FORM_DEPTH = 8
"""How deep drawings within drawings are searched for pictures."""


def main(max_pixels: int, max_pages: int, memory_bytes: int, seconds_per_page: int) -> None:
    """Render everything on standard input, within limits that hold for this process."""
    _limit_memory(memory_bytes)
    data = sys.stdin.buffer.read()
    out = sys.stdout.buffer
    try:
        with contextlib.closing(_opened(data)) as document:
            for number in range(_page_count(document, max_pages)):
                _limit_seconds(seconds_per_page)
                with _rendered(document, number, max_pixels) as bitmap:
                    out.write(json.dumps({"width": bitmap.width, "height": bitmap.height}).encode() + b"\n")
                    out.write(bitmap.buffer)
                    out.flush()
        answer = {}
    except DataError as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": "the PDF page does not fit in memory; save it as PNG"}
    except Exception:  # what PDFium says of broken files helps nobody
        answer = {"error": "the PDF is broken or cut short; save or copy it again"}
    out.write(json.dumps(answer).encode() + b"\n")
    out.flush()


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


@contextlib.contextmanager
def _rendered(document: Any, number: int, max_pixels: int) -> Iterator[Any]:
    """The bitmap, RGB, of page `number`, from 0."""
    with contextlib.closing(document[number]) as page:
        for width, height in _picture_sizes(page):
            if width * height > max_pixels:
                limit = f"at most {max_pixels / 1e6:g} million are read; make it smaller"
                raise DataError(f"a picture in the PDF has {width}×{height} pixels, {limit}")
        width, height = page.get_size()
        scale = scale_for(width, height, max_pixels)
        with contextlib.closing(page.render(scale=scale, rev_byteorder=True)) as bitmap:
            yield bitmap


def _picture_sizes(page: Any) -> Iterator[tuple[int, int]]:
    """Width and height of the pictures on a page, from their heads."""
    import pypdfium2

    for picture in page.get_objects(filter=(pypdfium2.raw.FPDF_PAGEOBJ_IMAGE,), max_depth=_FORM_DEPTH):
        yield picture.get_px_size()


def scale_for(width: float, height: float, max_pixels: int) -> float:
    """Pixels per point for a page of `width` × `height` points: 200 an inch, or fewer so that `max_pixels` suffice."""
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise DataError("the PDF page has no size")
    scale = DOTS_PER_INCH / _POINTS_PER_INCH
    while math.ceil(width * scale) * math.ceil(height * scale) > max_pixels:
        scale *= 0.99
    return scale


def _limit_memory(memory_bytes: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_seconds(seconds: int) -> None:
    """From now on; should the parent be gone, nothing else would end a page without end."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        usage = resource.getrusage(resource.RUSAGE_SELF)
        spent = math.ceil(usage.ru_utime + usage.ru_stime)
        resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
