"""Limit OpenCV and NumPy to one thread while pictures are read: on small ones, threads cost more than they gain."""

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
"""Restores the number of threads of OpenCV and BLAS."""


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Limit OpenCV, and NumPy's BLAS, to one thread in the whole process; the last of several users to leave restores
    the numbers.
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
    """Find the libraries in this process that use threads, which takes a millisecond."""
    return ThreadpoolController()
