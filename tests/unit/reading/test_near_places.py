"""Which places lie near which, found without comparing all with all."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.reading import near_places as rules
from digitry.reading.near_places import near_places


def found(x: np.ndarray, y: np.ndarray, around: np.ndarray, reach: np.ndarray) -> list[tuple[int, int]]:
    return sorted(
        pair
        for one, other in near_places(x, y, around, reach)
        for pair in zip(one.tolist(), other.tolist(), strict=True)
    )


@pytest.mark.parametrize("at_once", [10, 10_000])
def test_pairs_are_those_that_comparing_all_with_all_finds(at_once: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rules, "AT_ONCE", at_once)
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 100, (2, 60)).astype(np.float32)
    around, reach = rng.uniform(0, 100, (40, 2)).astype(np.float32), rng.uniform(0.1, 30, 40).astype(np.float32)
    apart = np.maximum(np.abs(x - around[:, :1]), np.abs(y - around[:, 1:]))
    assert found(x, y, around, reach) == list(
        zip(*(ends.tolist() for ends in np.nonzero(apart <= rules.ROUNDING * reach[:, np.newaxis])), strict=True)
    )


def test_a_place_just_within_reach_is_found():
    x, y = np.array([10, 40], np.float32), np.array([5, 5], np.float32)
    assert found(x, y, np.array([[20, 5]], np.float32), np.array([10], np.float32)) == [(0, 0)]


def test_where_nothing_is_nothing_is_near():
    nothing = np.zeros(0, np.float32)
    assert found(nothing, nothing, np.zeros((0, 2), np.float32), nothing) == []
    assert found(nothing, nothing, np.zeros((1, 2), np.float32), np.ones(1, np.float32)) == []
    assert found(np.ones(1, np.float32), np.ones(1, np.float32), np.zeros((0, 2), np.float32), nothing) == []


def test_what_is_no_number_is_near_nothing():
    one = np.ones(1, np.float32)
    assert found(one, one, np.full((1, 2), np.nan, np.float32), one) == []
