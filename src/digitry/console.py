"""Whose process this is, and silence for native code that writes past Python's streams."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

is_ours = False
"""Whether the command line runs here, so that nobody else misses what is never loaded."""


@contextmanager
def native_stderr_muted() -> Iterator[None]:
    """Send what C and C++ write straight to file descriptor 2 nowhere; exceptions still travel as exceptions.

    The descriptor is the whole process's: other threads are silent for as long.
    """
    try:
        kept = os.dup(2)
    except OSError:  # a program without a console
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
