"""A HEIC photograph or a PDF → its pixels, page by page, in a process started by `digitry.images.sandbox`."""

from __future__ import annotations

import math

from digitry.errors import DataError
from digitry.workers.child import answer, limit, limit_seconds, messages


def main() -> None:
    """Decode one file, within limits on this process."""
    from digitry.images.heic import heic_pages
    from digitry.images.pdf import pdf_pages

    job, [data] = next(messages())
    limit(job["memory_bytes"])
    answer({})
    kind, most = job["kind"], job["max_pixels"]
    # CPU time of all threads counts, hence the factor. If the parent is gone, only this ends an endless page.
    seconds = 4 * job["seconds_per_page"]
    limit_seconds(seconds)
    last: dict[str, str] = {}
    try:
        pages = heic_pages(data, most) if kind == "HEIC" else pdf_pages(data, most, job["max_pages"])
        for shape, pixels in pages:
            answer({"shape": shape, "bytes": len(pixels) // math.prod(shape)}, pixels)
            limit_seconds(seconds)
    except DataError as error:
        last = {"error": str(error)}
    except MemoryError:
        last = {"error": "the picture does not fit in memory; make it smaller"}
    except Exception:  # the decoders' own messages do not help users
        last = {"error": f"the {kind} is broken or cut short; save or copy it again"}
    answer(last)


if __name__ == "__main__":
    main()
