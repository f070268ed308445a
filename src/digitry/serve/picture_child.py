"""A process that decodes and reads untrusted pictures, started by `digitry.serve.children`.

A broken picture can crash its decoder, and a small one can use up all memory. Here that ends only one process, which
has limits on memory and processor time, cannot open files or sockets, and leaves no core dump. It communicates by
standard input and output only.

The first message is {"limits": {...}, "models": {name: how many files it has}} and the files; each job {"model",
"expect", "max_error", "page", "known", "keep"} and the picture; each answer {"readings": [...]}, perhaps with an
"error", or, to "keep" them, with {"pages": [[height, width], ...]} and their grey pixels.
"""

from __future__ import annotations

import contextlib
import importlib
from itertools import islice
from typing import TYPE_CHECKING, Any

from digitry.workers.child import answer, limit, limit_seconds, messages, use_one_core

if TYPE_CHECKING:
    from digitry.reading import Reader

MAX_PAGES = 16


def main() -> None:
    """Read pictures until the parent closes the pipe."""
    asked = messages()
    start = next(asked)
    files, limits = iter(start.parts), start.head["limits"]
    readers = _open_readers({name: tuple(islice(files, count)) for name, count in start.head["models"].items()})
    limit(limits["picture_bytes"], is_alone=True)
    answer({})
    for job, [picture] in asked:
        limit_seconds(limits["picture_seconds"])
        head, pixels = _answer(readers[job["model"]], picture, job, limits["max_pixels"])
        answer(head, *pixels)


def _open_readers(models: dict[str, tuple[bytes, ...]]) -> dict[str, Reader]:
    """Open a reader for every model, and import what is imported on first use now, while files can be opened."""
    import cv2
    import numpy as np

    from digitry.errors import SettingError
    from digitry.images.decode import decode
    from digitry.reading import EXPECTATIONS, Reader

    cv2.setNumThreads(1)
    for plugin in ("Png", "Jpeg", "Tiff", "Bmp", "WebP", "Gif"):
        importlib.import_module(f"PIL.{plugin}ImagePlugin")
    blank = np.full((64, 64), 255, np.uint8)
    blank[16:48, 30:34] = 0
    for suffix in (".png", ".jpg", ".tif", ".webp", ".bmp"):
        decode(cv2.imencode(suffix, blank)[1].tobytes())
    readers = {name: Reader(data, threads=1) for name, data in models.items()}
    for reader in readers.values():
        reader.networks.open_all()
        for expect in EXPECTATIONS:
            with contextlib.suppress(SettingError):  # a model with classes other than digits reads no numbers
                reader.read_grey(blank, expect=expect)
    return readers


def _answer(reader: Reader, picture: bytes, job: dict[str, Any], max_pixels: int) -> tuple[dict[str, Any], list[bytes]]:
    """Return the readings of a picture, or why it cannot be read, and its grey pages if requested."""
    from digitry.errors import DigitryError
    from digitry.images.decode import PICTURE_FORMATS, decode_pages
    from digitry.reading.knowledge import parse_knowledge

    readings: list[dict[str, Any]] = []
    kept: list[Any] = []
    error = None
    try:
        reader = reader.with_max_error(job["max_error"])
        known = parse_knowledge(**job["known"]) if job["known"] else None
        for page in decode_pages(picture, max_pixels=max_pixels, formats=PICTURE_FORMATS):
            if len(readings) == MAX_PAGES:
                error = f"the file has more than {MAX_PAGES} pages, the most that this server reads; split it"
                break
            number = len(readings) + 1
            reading = reader.read_grey(page, expect=job["expect"], known=known, page=number, **job["page"])
            readings.append(reading.to_json())
            if job["keep"]:
                kept.append(page)
    except DigitryError as wrong:
        error = str(wrong)
    except MemoryError:
        error = "reading the picture takes more memory than is allowed here; make it smaller"
    if error is not None:
        return {"error": error, "readings": readings}, []
    return {"readings": readings, "pages": [page.shape for page in kept]}, [page.tobytes() for page in kept]


if __name__ == "__main__":
    use_one_core()
    main()
