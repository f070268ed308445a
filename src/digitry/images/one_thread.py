"""One thread for OpenCV and NumPy while pictures are read: on small ones their threads cost more than they bring."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import cv2
from threadpoolctl import ThreadpoolController, threadpool_limits

_lock = threading.Lock()
_readers, _opencv_threads = 0, 1
_products: threadpool_limits | None = None


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Let OpenCV, and the BLAS that multiplies NumPy's matrices, use one thread meanwhile, in this whole process: each
    has one number for all; the last to leave resets it.
    """
    global _readers, _opencv_threads, _products
    with _lock:
        if not _readers:
            _opencv_threads = cv2.getNumThreads()
            cv2.setNumThreads(1)
            _products = _libraries().limit(limits=1, user_api="blas")
        _readers += 1
    try:
        yield
    finally:
        with _lock:
            _readers -= 1
            if not _readers and _products is not None:
                cv2.setNumThreads(_opencv_threads)
                _products.restore_original_limits()


@cache
def _libraries() -> ThreadpoolController:
    """Find the libraries of this process that have threads, which takes a millisecond."""
    return ThreadpoolController()
