"""The bytes of a PDF → its pages, grey, by the extra `digitry[pdf]`; rendered in a process of its own, with limits."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from typing import IO

import numpy as np

from digitry.errors import DataError
from digitry.images.grey import Grey, grey_of_bytes

SECONDS_PER_PAGE = 20
MEMORY_BYTES = 2 * 2**30


def pdf_pages(
    data: bytes, *, max_pixels: int, max_pages: int, seconds_per_page: float = SECONDS_PER_PAGE
) -> Generator[Grey]:
    """Every page at 200 dots an inch, coarser where it would have more than `max_pixels`; one in memory at a time.

    A PDF is a program: one of a few hundred bytes can draw for days. So a child renders it, which is killed when a page
    takes too long, and whose end is never ours. Raises DataError when the extra is missing, for an encrypted, broken or
    empty document, for more than `max_pages`, and for a page that asks for too much.
    """
    if importlib.util.find_spec("pypdfium2") is None:
        raise DataError('PDF files need an extra; run: pip install "digitry[pdf]"')
    with _child(max_pixels, max_pages, seconds_per_page) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        with _deadline(child, seconds_per_page):
            # When it ended early, its answer says why.
            with contextlib.suppress(BrokenPipeError):
                child.stdin.write(data)
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
            page = _next_page(child.stdout)
        while page is not None:
            yield page
            del page
            with _deadline(child, seconds_per_page):
                page = _next_page(child.stdout)


@contextlib.contextmanager
def _child(max_pixels: int, max_pages: int, seconds_per_page: float) -> Iterator[subprocess.Popen[bytes]]:
    limits = [str(value) for value in (max_pixels, max_pages, MEMORY_BYTES, int(seconds_per_page) + 1)]
    # The same modules as here, whatever the current folder holds.
    paths = os.pathsep.join(path for path in sys.path if path)
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "digitry.images.pdf_child", *limits],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": paths},
    )
    with child:
        try:
            yield child
        finally:
            child.kill()


@contextlib.contextmanager
def _deadline(child: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    """Kills the child when what is inside takes longer; its early end becomes a DataError."""
    late = threading.Event()

    def kill() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(seconds, kill)
    timer.start()
    try:
        yield
    except EOFError as error:
        reason = f"takes longer than {seconds:g} seconds to draw" if late.is_set() else "is more than can be drawn"
        raise DataError(f"the PDF page {reason}; save it as PNG") from error
    finally:
        timer.cancel()


def _next_page(pipe: IO[bytes]) -> Grey | None:
    """The next page of the child's; None after the last, EOFError when the child died, DataError for its complaint."""
    head = json.loads(pipe.readline() or "null")
    if head is None:
        raise EOFError
    if "error" in head:
        raise DataError(head["error"])
    if not head:
        return None
    shape = (head["height"], head["width"], 3)
    pixels = pipe.read(math.prod(shape))
    if len(pixels) < math.prod(shape):
        raise EOFError
    return grey_of_bytes(np.frombuffer(pixels, np.uint8).reshape(shape))
