"""Marks among digits that are too low for one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from digitry.images.low_marks import has_low_mark

HEIGHT = 50


def page(*marks: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Two digits of 50 pixels' height, and more marks: left, top, width, height."""
    ink = np.zeros((100, 300), np.uint8)
    for left, top, width, tall in ((40, 30, 30, HEIGHT), (140, 30, 30, HEIGHT), *marks):
        ink[top : top + tall, left : left + width] = 255
    return ink


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param((100, 74, 6, 6), id="point"),
        pytest.param((100, 74, 6, 16), id="comma"),
        pytest.param((10, 52, 22, 5), id="minus"),
        pytest.param((200, 42, 25, 25), id="plus"),
    ],
)
def test_a_low_mark_in_columns_of_its_own_is_seen(mark: tuple[int, int, int, int]) -> None:
    assert has_low_mark(page(mark), HEIGHT)


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param((100, 45, 20, 35), id="a small digit"),
        pytest.param((45, 10, 30, 5), id="a stroke of the digit below"),
        pytest.param((100, 60, 2, 2), id="a speck"),
    ],
)
def test_what_belongs_to_a_digit_is_none(mark: tuple[int, int, int, int]) -> None:
    assert not has_low_mark(page(mark), HEIGHT)


def test_the_strokes_of_one_mark_are_measured_together() -> None:
    bar, rest = (100, 30, 20, 5), (104, 40, 14, 40)  # a 5 whose bar stands apart
    assert not has_low_mark(page(bar, rest), HEIGHT)
    assert has_low_mark(page(bar), HEIGHT)


def test_nothing_has_none() -> None:
    assert not has_low_mark(np.zeros((20, 20), np.uint8), HEIGHT)
