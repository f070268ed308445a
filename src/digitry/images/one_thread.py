"""OpenCV on one thread while pictures are read: on small pictures its threads cost more than they bring."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import cv2

_lock = threading.Lock()
_readers, _before = 0, 1


@contextmanager
def opencv_on_one_thread() -> Iterator[None]:
    """Let OpenCV use one thread meanwhile, in this whole process: it has one number for all; the last to leave resets
    it.
    """
    global _readers, _before
    with _lock:
        if not _readers:
            _before = cv2.getNumThreads()
            cv2.setNumThreads(1)
        _readers += 1
    try:
        yield
    finally:
        with _lock:
            _readers -= 1
            if not _readers:
                cv2.setNumThreads(_before)
