"""One thread for OpenCV and NumPy while pictures are read: on small ones their threads cost more than they bring."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

import cv2
from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_readers = 0
_as_before = ExitStack()
"""What gives OpenCV and BLAS their threads back."""


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Let OpenCV, and the BLAS that multiplies NumPy's matrices, use one thread meanwhile, in this whole process: each
    has one number for all; the last to leave resets it.
    """
    global _readers
    with _lock:
        if not _readers:
            _as_before.callback(cv2.setNumThreads, cv2.getNumThreads())
            cv2.setNumThreads(1)
            _as_before.enter_context(_libraries().limit(limits=1, user_api="blas"))
        _readers += 1
    try:
        yield
    finally:
        with _lock:
            _readers -= 1
            if not _readers:
                _as_before.close()


@cache
def _libraries() -> ThreadpoolController:
    """Find the libraries of this process that have threads, which takes a millisecond."""
    return ThreadpoolController()
