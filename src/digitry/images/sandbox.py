"""HEIC and PDF, which need extras → grey pages: decoded in a separate process, with limits on time and memory."""

from __future__ import annotations

import importlib.util
from collections.abc import Generator

import numpy as np

from digitry.errors import DataError
from digitry.images.grey import Grey, grey_of_array, grey_of_bytes
from digitry.packages import missing_words
from digitry.workers.pool import NoWorkerError, Worker

SECONDS_PER_PAGE = 20
MEMORY_BYTES = 2 * 2**30

_PACKAGES = {"HEIC": "pi_heif", "PDF": "pypdfium2"}


def decode_in_sandbox(
    kind: str, data: bytes, *, max_pixels: int, max_pages: int, seconds_per_page: float = SECONDS_PER_PAGE
) -> Generator[Grey]:
    """Yield every page of a HEIC photograph (it has one) or a PDF, with one in memory at a time.

    A PDF of a few hundred bytes can take days to draw, and a broken HEIC photograph can crash its decoder. So a child
    process decodes them, which is killed when a page takes too long, and may crash without harm. Raises DataError if
    the extra is missing, the child reports an error, or it dies.
    """
    if importlib.util.find_spec(_PACKAGES[kind]) is None:
        raise DataError(missing_words([_PACKAGES[kind]], kind, kind.lower()))
    job = {"kind": kind, "max_pixels": max_pixels, "max_pages": max_pages, "memory_bytes": MEMORY_BYTES}
    try:
        child = Worker("digitry.images.sandbox_child", job | {"seconds_per_page": seconds_per_page}, data)
    except NoWorkerError as error:
        raise DataError(f"no process can be started to decode the {kind}; close other programs") from error
    try:
        while (page := _next_page(kind, child, max_pixels, seconds_per_page)) is not None:
            yield page
            del page
    finally:
        child.stop()


def _next_page(kind: str, child: Worker, max_pixels: int, seconds: float) -> Grey | None:
    """Return the child's next page, None after the last. Raises DataError if it reports an error or has died."""
    answer = child.ask(None, seconds=seconds)
    if answer is None:
        reason = f"takes longer than {seconds:g} s to decode" if child.is_late else "is broken or needs too much memory"
        raise DataError(f"the {kind} {reason}; save it as PNG")
    if "error" in answer.head:
        raise DataError(answer.head["error"])
    if not answer.parts:
        return None
    pixels = np.frombuffer(answer.parts[0], f"<u{answer.head['bytes']}").reshape(answer.head["shape"])
    return grey_of_bytes(pixels) if pixels.dtype == np.uint8 else grey_of_array(pixels, max_pixels=max_pixels)
