"""A HEIC photograph or a PDF on standard input → its pixels on standard output; `digitry.images.apart` starts it.

Each page is a line of JSON, {"shape": [height, width, channels], "bytes": 1}, bytes being the size of a number, and its
pixels. {} comes after the last, {"error": "..."} where it ends early.
"""

from __future__ import annotations

import contextlib
import json
import math
import sys

from digitry.errors import DataError


def main(kind: str, max_pixels: int, max_pages: int, memory_bytes: int, seconds_per_page: int) -> None:
    """Decode everything on standard input, within limits that hold for this process."""
    from digitry.images.heic import heic_pages
    from digitry.images.pdf import pdf_pages

    _limit_memory(memory_bytes)
    _limit_seconds(seconds_per_page)
    data = sys.stdin.buffer.read()
    out = sys.stdout.buffer
    answer: dict[str, str] = {}
    try:
        for shape, pixels in heic_pages(data, max_pixels) if kind == "HEIC" else pdf_pages(data, max_pixels, max_pages):
            number_bytes = len(pixels) // math.prod(shape)
            out.write(json.dumps({"shape": shape, "bytes": number_bytes}).encode() + b"\n")
            out.write(pixels)
            out.flush()
            _limit_seconds(seconds_per_page)
    except DataError as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": "the picture does not fit in memory; make it smaller"}
    except Exception:  # what the decoders say of broken files helps nobody
        answer = {"error": f"the {kind} is broken or cut short; save or copy it again"}
    out.write(json.dumps(answer).encode() + b"\n")
    out.flush()


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
        # All threads count, hence the factor; the parent's clock is the one that counts.
        resource.setrlimit(resource.RLIMIT_CPU, (spent + 4 * seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main(sys.argv[1], *(int(argument) for argument in sys.argv[2:]))
