"""What is made for a training can be left half done, wherever that takes long."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from digitry.synthesis.augment import augment, distort
from digitry.synthesis.glyphs import other_hands
from digitry.synthesis.number_strips import made_strips
from digitry.synthesis.outliers import made_outliers
from digitry.synthesis.steps import NotNeededError, steps, stop_here_when
from digitry.types import Split

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (300, 28, 28), np.uint8)
LABELS = np.ones(300, np.int64)


def asked_to_stop(work: Callable[[], object]) -> BaseException | None:
    """What ends `work` in a thread whose flag is set."""
    ended: list[BaseException] = []
    flag = threading.Event()
    flag.set()

    def run() -> None:
        stop_here_when(flag)
        try:
            work()
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return ended[0] if ended else None


def test_steps_are_the_things_themselves() -> None:
    assert list(steps("abc")) == ["a", "b", "c"]


def test_a_loop_goes_on_until_its_flag_is_set() -> None:
    flag, seen = threading.Event(), []

    def see(number: int) -> None:
        seen.append(number)
        if number == 3:
            flag.set()

    def run() -> None:
        stop_here_when(flag)
        with pytest.raises(NotNeededError):
            list(map(see, steps(range(10))))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [0, 1, 2, 3]


def test_the_flag_of_one_thread_is_not_that_of_another() -> None:
    assert isinstance(asked_to_stop(lambda: list(steps("ab"))), NotNeededError)
    assert list(steps("ab")) == ["a", "b"]


@pytest.mark.parametrize(
    "work",
    [
        lambda: augment(IMAGES, RNG),
        lambda: distort(IMAGES, 1.0, RNG),
        lambda: other_hands(IMAGES, LABELS, RNG),
        lambda: made_outliers(IMAGES, 50, RNG),
        lambda: made_strips(Split(IMAGES, LABELS), 50, RNG),
    ],
    ids=["augment", "distort", "other_hands", "made_outliers", "made_strips"],
)
def test_all_that_takes_long_can_be_left(work: Callable[[], object]) -> None:
    assert isinstance(asked_to_stop(work), NotNeededError)
