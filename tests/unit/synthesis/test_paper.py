"""Photographs of ink: as large as it, dark on light, on all kinds of paper; the generator decides everything."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.images.ink import is_dark_on_light
from digitry.synthesis.paper import photograph

INK = np.zeros((60, 240), np.uint8)
for _left in range(20, 220, 25):
    INK[15:45, _left : _left + 5] = 255
STROKE = 5.0


def photographs(count: int) -> list[np.ndarray]:
    return [photograph(INK, STROKE, np.random.default_rng(seed)) for seed in range(count)]


@pytest.mark.parametrize("shape", [(60, 240), (24, 115), (7, 300), (300, 7), (1, 1)])
def test_a_photograph_is_as_large_as_its_ink_and_grey(shape: tuple[int, int]) -> None:
    for seed in range(10):
        picture = photograph(np.zeros(shape, np.uint8), 3.0, np.random.default_rng(seed))
        assert picture.shape == shape
        assert picture.dtype == np.uint8


def test_ink_is_darker_than_the_paper_around_it() -> None:
    darker = []
    for picture in photographs(100):
        around = picture[15:45][:, [left + shift for left in range(20, 220, 25) for shift in (-8, 12)]]
        darker.append(float(around.mean()) - float(picture[INK > 0].mean()))
    assert min(darker) > 0
    assert float(np.median(darker)) > 40
    # From hardly visible pencil to black.
    assert min(darker) < 20
    assert max(darker) > 120


def test_most_photographs_look_dark_on_light_to_the_door_they_come_in_by() -> None:
    assert np.mean([is_dark_on_light(picture) for picture in photographs(60)]) > 0.85


def test_papers_differ_in_light_and_some_are_plain() -> None:
    papers = [photograph(np.zeros_like(INK), STROKE, np.random.default_rng(seed)) for seed in range(60)]
    levels = [float(np.median(paper)) for paper in papers]
    assert min(levels) < 130
    assert max(levels) > 220
    spreads = [float(paper.std()) for paper in papers]
    assert min(spreads) < 8
    assert max(spreads) > 25


def test_the_generator_decides_everything_and_the_ink_is_left_alone() -> None:
    before = INK.copy()
    first, again, other = (photograph(INK, STROKE, np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    np.testing.assert_array_equal(INK, before)
