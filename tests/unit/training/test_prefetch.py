"""What is made ahead arrives, or its error does; nobody waits for what nobody will see."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from digitry.training.prefetch import prefetch


def test_what_was_made_is_handed_over() -> None:
    assert prefetch(lambda: [1, 2, 3])() == [1, 2, 3]


def test_it_is_made_before_anyone_asks_for_it() -> None:
    begun = threading.Event()
    coming = prefetch(begun.set)
    assert begun.wait(timeout=10)
    coming()


def test_the_one_who_waits_gets_the_error() -> None:
    def fail() -> None:
        raise OSError("no such strip")

    coming = prefetch(fail)
    with pytest.raises(OSError, match="no such strip"):
        coming()


def test_nothing_is_a_thing_that_can_be_made() -> None:
    assert prefetch(lambda: None)() is None


def test_two_things_may_be_on_their_way() -> None:
    first, second = prefetch(lambda: 1), prefetch(lambda: 2)
    assert (second(), first()) == (2, 1)


def test_someone_who_waits_can_be_called_away() -> None:
    class CalledAwayError(Exception):
        pass

    def call_away() -> None:
        raise CalledAwayError

    go_on = threading.Event()
    coming = prefetch(lambda: go_on.wait(timeout=30))
    before = time.monotonic()
    with pytest.raises(CalledAwayError):
        coming(call_away)
    assert time.monotonic() - before < 10
    go_on.set()
    assert coming() is True


def end_of(program: str) -> tuple[int, str, float]:
    before = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stderr, time.monotonic() - before


def test_a_program_that_ends_does_not_wait_for_what_is_being_made() -> None:
    program = """
import sys, time
from digitry.training import prefetch
prefetch.GIVE_UP_SECONDS = 0.5
def forever():
    while True:
        time.sleep(0.01)
prefetch.prefetch(forever)
sys.exit(7)
"""
    code, errors, seconds = end_of(program)
    assert (code, errors) == (7, "")
    assert seconds < 20


def test_a_program_that_ends_while_opencv_is_at_work_is_not_aborted() -> None:
    """Without `give_up` most would be: the thread is ended within C++, which calls that terminate()."""
    program = """
import sys, time
import numpy as np
from digitry.synthesis.augment import augment
from digitry.training.prefetch import prefetch
pages = np.random.default_rng(0).integers(0, 256, (2_000, 28, 28), np.uint8)
def forever():
    while True:
        augment(pages, np.random.default_rng(0))
for _ in range(3):
    prefetch(forever)
time.sleep(0.5)
sys.exit(7)
"""
    for _ in range(2):
        assert end_of(program)[:2] == (7, "")
