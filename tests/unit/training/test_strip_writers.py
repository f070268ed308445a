"""Helping processes write the strips that this process would write, and where they cannot, this one does."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from digitry.synthesis.steps import NotNeededError, stop_here_when
from digitry.training import strip_writers
from digitry.training.strip_writers import StripWriters
from digitry.workers.pool import NoWorkerError
from tests.conftest import make_digits

DIGITS, COUNT, SEED = make_digits(20), 24, [0, 3, 2]


@pytest.fixture(autouse=True)
def few_strips_are_several_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strip_writers, "STRIPS_TOGETHER", 8)


def set_cores(monkeypatch: pytest.MonkeyPatch, cores: int, told: str | None = None) -> None:
    """A machine of so many cores; `told` is what this process was told to use."""
    monkeypatch.setattr(strip_writers, "usable_cores", lambda: cores)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if told is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", told)


class FakePool:
    """Every message is answered by what it was made with; by nothing at all without that."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.is_closed = answers, False

    def ask(self, *_: Any) -> Future[Any]:
        answer: Future[Any] = Future()
        for one in self.answers:
            answer.set_exception(one) if isinstance(one, Exception) else answer.set_result(one)
        return answer

    def close(self) -> None:
        self.is_closed = True


def written_alone() -> strip_writers.Strips:
    return StripWriters(DIGITS, 10).write(COUNT, SEED)


def assert_same(one: strip_writers.Strips, other: strip_writers.Strips) -> None:
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_helpers_write_the_same_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    set_cores(monkeypatch, 3)
    with StripWriters(DIGITS, 10, COUNT) as writers:
        assert writers.epochs_ahead == 2
        assert_same(writers.write(COUNT, SEED), written_alone())


@pytest.mark.parametrize("answer", [None, NoWorkerError()])
def test_what_a_helper_dies_over_is_written_here(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    set_cores(monkeypatch, 3)
    pool = FakePool(answer)
    monkeypatch.setattr(strip_writers, "Pool", lambda *_: pool)
    with StripWriters(DIGITS, 10, COUNT) as writers:
        assert_same(writers.write(COUNT, SEED), written_alone())
    assert pool.is_closed


@pytest.mark.parametrize(
    ("cores", "told", "count"), [(1, None, COUNT), (2, None, COUNT), (16, "1", COUNT), (16, None, 8)]
)
def test_where_cores_or_strips_are_few_nobody_helps(
    cores: int, told: str | None, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_cores(monkeypatch, cores, told)
    monkeypatch.setattr(strip_writers, "Pool", lambda *_: pytest.fail("helpers were started"))
    with StripWriters(DIGITS, 10, count) as writers:
        assert writers.epochs_ahead == 1


def test_without_processes_this_one_writes_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise NoWorkerError

    set_cores(monkeypatch, 16)
    monkeypatch.setattr(strip_writers, "Pool", refuse)
    with StripWriters(DIGITS, 10, COUNT) as writers:
        assert_same(writers.write(COUNT, SEED), written_alone())


def test_what_nobody_wants_any_more_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    set_cores(monkeypatch, 3)
    monkeypatch.setattr(strip_writers, "Pool", lambda *_: FakePool())
    unwanted, left = Event(), Event()

    def wait() -> None:
        stop_here_when(unwanted)
        with StripWriters(DIGITS, 10, COUNT) as writers, pytest.raises(NotNeededError):
            writers.write(COUNT, SEED)
        left.set()

    waiting = Thread(target=wait, daemon=True)
    waiting.start()
    assert not left.wait(0.2)
    unwanted.set()
    assert left.wait(10)
