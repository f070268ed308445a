"""HEIC and PDF → grey pages, by extra: decoded in a process of their own, with limits on time and memory."""

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
from digitry.images.grey import Grey, grey_of_array, grey_of_bytes
from digitry.packages import missing_words

SECONDS_PER_PAGE = 20
MEMORY_BYTES = 2 * 2**30

_PACKAGES = {"HEIC": "pi_heif", "PDF": "pypdfium2"}


def pages_apart(
    kind: str, data: bytes, *, max_pixels: int, max_pages: int, seconds_per_page: float = SECONDS_PER_PAGE
) -> Generator[Grey]:
    """Yield every page of a HEIC photograph (it has one) or a PDF, one in memory at a time.

    A PDF is a program: one of a few hundred bytes can draw for days. A spoiled HEIC photograph can crash its decoder.
    So a child decodes them: it is killed when a page takes too long, and its end is never ours. Raises DataError when
    the extra is missing, for what the child complains of, and when it dies.
    """
    if importlib.util.find_spec(_PACKAGES[kind]) is None:
        raise DataError(missing_words([_PACKAGES[kind]], kind, kind.lower()))
    with _child(kind, max_pixels, max_pages, seconds_per_page) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        with _deadline(kind, child, seconds_per_page):
            # When it ended early, its answer says why.
            with contextlib.suppress(BrokenPipeError):
                child.stdin.write(data)
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
            page = _next_page(child.stdout, max_pixels)
        while page is not None:
            yield page
            del page
            with _deadline(kind, child, seconds_per_page):
                page = _next_page(child.stdout, max_pixels)


@contextlib.contextmanager
def _child(kind: str, max_pixels: int, max_pages: int, seconds_per_page: float) -> Iterator[subprocess.Popen[bytes]]:
    limits = [str(value) for value in (max_pixels, max_pages, MEMORY_BYTES, math.ceil(seconds_per_page))]
    # The same modules as here, whatever the current folder holds.
    paths = os.pathsep.join(path for path in sys.path if path)
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "digitry.images.apart_child", kind, *limits],
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
def _deadline(kind: str, child: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
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
        reason = f"takes longer than {seconds:g} s to decode" if late.is_set() else "is broken or needs too much memory"
        raise DataError(f"the {kind} {reason}; save it as PNG") from error
    finally:
        timer.cancel()


def _next_page(pipe: IO[bytes], max_pixels: int) -> Grey | None:
    """Return the next page of the child's; None after the last, EOFError when the child died, DataError for its
    complaint.
    """
    head = json.loads(pipe.readline() or "null")
    if head is None:
        raise EOFError
    if "error" in head:
        raise DataError(head["error"])
    if not head:
        return None
    size = math.prod(head["shape"]) * head["bytes"]
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    pixels = np.frombuffer(data, f"<u{head['bytes']}").reshape(head["shape"])
    return grey_of_bytes(pixels) if pixels.dtype == np.uint8 else grey_of_array(pixels, max_pixels=max_pixels)
