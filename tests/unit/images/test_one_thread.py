"""Pictures are read on one thread, and OpenCV and NumPy have as many as before once the last reader has left."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import digitry
from digitry.images.one_thread import on_one_thread
from digitry.reading import one_digit


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    with threadpool_limits(3, user_api="blas"):
        yield
    cv2.setNumThreads(before)


def threads() -> set[int]:
    """How many threads OpenCV has, and the library that multiplies NumPy's matrices: SciPy brings another one."""
    libraries = [one for one in threadpool_info() if one["user_api"] == "blas"]
    assert libraries, "NumPy has a library for that"
    of_numpy = [one for one in libraries if "numpy" in one["filepath"]] or libraries
    return {cv2.getNumThreads(), *(one["num_threads"] for one in of_numpy)}


def test_within_there_is_one_thread_and_afterwards_as_many_as_before() -> None:
    with on_one_thread():
        assert threads() == {1}
    assert threads() == {3}


def test_of_two_that_overlap_the_last_to_leave_resets_it() -> None:
    first, second = on_one_thread(), on_one_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert threads() == {1}
    second.__exit__(None, None, None)
    assert threads() == {3}


def test_what_fails_within_leaves_it_as_it_was_too() -> None:
    with pytest.raises(ValueError, match="within"), on_one_thread():
        raise ValueError("within")
    assert threads() == {3}


def test_a_reader_reads_on_one_and_leaves_it_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = one_digit.read_pages
    monkeypatch.setattr(
        one_digit, "read_pages", lambda *given, **more: (seen.append(threads()), real(*given, **more))[1]
    )
    digitry.Reader().read_digit_pages([np.full((40, 40), 255, np.uint8)])
    digitry.read(np.full((40, 40), 255, np.uint8), expect="digit")
    assert seen[0] == {1}
    assert threads() == {3}
