"""OpenCV reads on one thread, and has as many as before once the last reader has left."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

import digitry
from digitry.images.one_thread import opencv_on_one_thread


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    yield
    cv2.setNumThreads(before)


def test_within_there_is_one_thread_and_afterwards_as_many_as_before() -> None:
    with opencv_on_one_thread():
        assert cv2.getNumThreads() == 1
    assert cv2.getNumThreads() == 3


def test_of_two_that_overlap_the_last_to_leave_resets_it() -> None:
    first, second = opencv_on_one_thread(), opencv_on_one_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert cv2.getNumThreads() == 1
    second.__exit__(None, None, None)
    assert cv2.getNumThreads() == 3


def test_what_fails_within_leaves_it_as_it_was_too() -> None:
    with pytest.raises(ValueError, match="within"), opencv_on_one_thread():
        raise ValueError("within")
    assert cv2.getNumThreads() == 3


def test_a_reader_leaves_opencv_as_it_was() -> None:
    digitry.read(np.full((40, 40), 255, np.uint8), expect="digit")
    assert cv2.getNumThreads() == 3
