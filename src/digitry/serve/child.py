"""A process that decodes and reads pictures sent by strangers; `digitry.serve.children` starts it and talks to it.

A broken picture can crash its decoder, and a small one can want all memory. Here that ends one process with limits: on
memory and processor time, without the means to open a file or a socket, without a core dump. Standard input and output
are all it has.

First comes a line of JSON, {"limits": {...}, "models": {name: [size in bytes, ...]}}, and the models' bytes. After
`ready` each job is a line of JSON, {"model", "expect", "max_error", "keep", "bytes"}, and the picture's bytes. Each
answer is a line: {"readings": [...]}, and {"pages": [[height, width], ...]} and their grey pixels behind it when "keep"
asks for them, or {"error": "..."}.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitry.reading import Reader

MAX_PAGES = 16


def main() -> None:
    """Read pictures until the parent closes the pipe."""
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    start = json.loads(jobs.readline())
    readers = _open_readers({name: tuple(map(jobs.read, sizes)) for name, sizes in start["models"].items()})
    limits = start["limits"]
    lock_in(limits["picture_bytes"])
    answers.write(b"ready\n")
    answers.flush()
    while line := jobs.readline():
        job = json.loads(line)
        picture = jobs.read(job["bytes"])
        _limit_seconds(limits["picture_seconds"])
        answer, pixels = _answer(readers[job["model"]], picture, job, limits["max_pixels"])
        del picture
        answers.write(json.dumps(answer).encode() + b"\n")
        for part in pixels:
            answers.write(part)
        answers.flush()


def _open_readers(models: dict[str, tuple[bytes, ...]]) -> dict[str, Reader]:
    """A reader of every model; all that is imported on first use is imported now, while files can be opened."""
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
        reader.open_all()
        for expect in EXPECTATIONS:
            with contextlib.suppress(SettingError):  # a model of other things than digits reads no numbers
                reader.read_grey(blank, expect=expect)
    return readers


def _answer(reader: Reader, picture: bytes, job: dict[str, Any], max_pixels: int) -> tuple[dict[str, Any], list[bytes]]:
    """What the picture holds, or why it cannot be read; and its grey pages where they are wanted."""
    from digitry.errors import DigitryError
    from digitry.images.decode import FORMATS, decode_pages

    readings: list[dict[str, Any]] = []
    kept: list[Any] = []
    error = None
    try:
        reader.max_error = job["max_error"]
        for page in decode_pages(picture, max_pixels=max_pixels, formats=FORMATS):
            if len(readings) == MAX_PAGES:
                error = f"the file has more than {MAX_PAGES} pages, the most that are read here; split it"
                break
            readings.append(reader.read_grey(page, expect=job["expect"], page=len(readings) + 1).to_json())
            if job["keep"]:
                kept.append(page)
    except DigitryError as wrong:
        error = str(wrong)
    except MemoryError:
        error = "reading the picture takes more memory than is allowed here; make it smaller"
    if error is not None:
        return {"error": error, "readings": readings}, []
    return {"readings": readings, "pages": [page.shape for page in kept]}, [page.tobytes() for page in kept]


def lock_in(memory_bytes: int) -> None:
    """From now on so much more memory, no file, no socket, no core dump; nothing changes where there are no limits."""
    with contextlib.suppress(ImportError):
        import resource

        limits = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, 0)]
        with contextlib.suppress(OSError):  # only Linux tells how much is in use, and holds a process to it
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            limits.insert(0, (resource.RLIMIT_AS, pages * resource.getpagesize() + memory_bytes))
        for limit, most in limits:
            resource.setrlimit(limit, (most, most))


def _limit_seconds(seconds: float) -> None:
    """So much processor time from now on; the system ends the process that takes more.

    A timer, because the limit RLIMIT_CPU is on the time since the process began, by a clock that counts in ticks and
    that nobody can read: it runs seconds ahead of, or behind, what the process is told it has used.
    """
    with contextlib.suppress(AttributeError):  # Windows has no such timer
        signal.setitimer(signal.ITIMER_PROF, seconds)


if __name__ == "__main__":
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    main()
