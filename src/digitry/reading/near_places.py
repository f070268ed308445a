"""Points on a page → pairs that lie near each other, found without comparing all with all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

AT_ONCE = 500_000
"""Pairs per batch, about: pages of noise have millions."""

ROUNDING = 1.001
"""Factor on the search radius, so that rounding loses no pair."""


def near_places(
    x: NDArray[np.float32], y: NDArray[np.float32], around: NDArray[np.float32], reach: NDArray[np.float32]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield batches of pairs, int (k,) each: indices of centres `around`, float32 (n, 2), and of points x, y, float32
    (m,), that lie no further apart than the centre's `reach`, float32 (n,), along both axes.
    """
    order = np.argsort(x, kind="stable")
    at, middle, wide = x[order].astype(np.float64), around.astype(np.float64), ROUNDING * reach.astype(np.float64)
    start, end = np.searchsorted(at, middle[:, 0] - wide), np.searchsorted(at, middle[:, 0] + wide, side="right")
    pairs_before = np.cumsum(end - start) - (end - start)
    for some in np.split(np.arange(len(start)), np.flatnonzero(np.diff(pairs_before // AT_ONCE)) + 1):
        count = end[some] - start[some]
        one = np.repeat(some, count)
        other = order[np.arange(len(one)) + np.repeat(start[some] - (np.cumsum(count) - count), count)]
        is_near = np.abs(y[other] - middle[one, 1]) <= wide[one]
        yield one[is_near], other[is_near]
