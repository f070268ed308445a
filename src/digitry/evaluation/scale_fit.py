"""Confidences and what was right → the scale that they imply. NumPy alone; nothing is read here."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.networks.scale import NEVER, Scale

MAX_ERRORS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
"""The error rates for which a least confidence is looked for."""

CERTAINTY = 0.95
"""How certain an error rate has to be before readings are called sure by it: chance alone may hide errors."""

BINS = 40


def fit_scale(
    confidence: NDArray[np.float64],
    right: NDArray[np.bool_],
    digit: NDArray[np.int64] | None = None,
    *,
    made_of: str,
    max_errors: tuple[float, ...] = MAX_ERRORS,
    certainty: float = CERTAINTY,
    **facts: Any,
) -> Scale:
    """Fit the scale that confidences (n,) and whether each reading was right (n,) imply, n ≥ 1.

    Calibrated by isotonic regression. The least confidences are chosen so that the error rate of what lies above them
    is, with `certainty`, within each of `max_errors`: few pictures make nothing sure, however well they are read.
    `digit` (n,) numbers the digit that each picture shows, where some show the same: they may be wrong together, and
    count for less by what Rao and Scott call the design effect. `facts` are the scale's `seed` and `second_opinion`.
    """
    order = np.argsort(-confidence, kind="stable")
    ranked, wrong = confidence[order], ~right[order]
    # Readings of one confidence are sure together, or not at all.
    ends = np.flatnonzero(np.append(ranked[:-1] != ranked[1:], True))
    together = _design_effect(wrong, np.arange(len(wrong)) if digit is None else digit[order])[ends]
    errors = np.ceil(np.cumsum(wrong)[ends] / together).astype(np.int64)
    readings = ((ends + 1) / together).astype(np.int64)
    least = []
    for allowed in max_errors:
        # Were errors as frequent as that, so few of them would be seen this seldom.
        fit = np.flatnonzero(chance_of_at_most(errors, readings, allowed) <= 1 - certainty)
        least.append(float(ranked[ends[fit[-1]]]) if fit.size else NEVER)
    own, calibrated = _isotonic(ranked[::-1], right[order][::-1].astype(float))
    accuracy = round(float(right.mean()), 4)
    return Scale(tuple(own), tuple(calibrated), max_errors, tuple(least), len(right), accuracy, made_of, **facts)


def chance_of_at_most(errors: NDArray[np.int64], readings: NDArray[np.int64], rate: float) -> NDArray[np.float64]:
    """Return the binomial chance of at most so many errors (n,) in so many readings (n,) that each err at `rate`."""
    if rate >= 1:
        return np.asarray(errors >= readings, float)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, readings.max() + 1)))])
    chance = np.zeros(len(readings))
    for count in range(int(errors.max()) + 1):
        rest = np.maximum(readings - count, 0)
        ways = log_factorial[readings] - log_factorial[count] - log_factorial[rest]
        chance += np.where(errors >= count, np.exp(ways + count * np.log(rate) + rest * np.log1p(-rate)), 0)
    return np.minimum(chance, 1)


def _design_effect(wrong: NDArray[np.bool_], digit: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return for the first 1, 2, … of ranked readings by how much less they count, as those of one digit err together.

    That is the sum of the squares of each digit's errors, over the errors: 1 where no digit errs twice. One digit that
    is wrong in all its pictures is counted in: where none was wrong yet, nobody knows how they err.
    """
    most = int(np.unique(digit, return_counts=True)[1].max())
    at = np.flatnonzero(wrong)
    by_digit = at[np.argsort(digit[at], kind="stable")]
    starts = np.flatnonzero(np.diff(digit[by_digit], prepend=-1))
    times = np.arange(len(by_digit)) - np.repeat(starts, np.diff(starts, append=len(by_digit)))
    squares = np.zeros(len(wrong))
    squares[by_digit] = 2 * times + 1  # the second error of a digit makes 1² to 2²
    return (np.cumsum(squares) + most**2) / (np.cumsum(wrong) + most)


def _isotonic(confidence: NDArray[np.float64], right: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    """Return rising confidences, and the share right at each, which never falls: equal bins, then pooled violators."""
    pools: list[list[float]] = []
    for part_confidence, part_right in zip(np.array_split(confidence, BINS), np.array_split(right, BINS), strict=True):
        if not part_right.size:
            continue
        pools.append([float(part_right.sum()), float(part_right.size), float(np.median(part_confidence))])
        while len(pools) > 1 and _is_out_of_order(*pools[-2:]):
            hits, size, middle = pools.pop()
            before = pools[-1]
            before[2] = (before[2] * before[1] + middle * size) / (before[1] + size)
            before[0], before[1] = before[0] + hits, before[1] + size
    return [round(p[2], 6) for p in pools], [round(_share(p), 6) for p in pools]


def _is_out_of_order(before: list[float], pool: list[float]) -> bool:
    return _share(before) >= _share(pool) or round(before[2], 6) >= round(pool[2], 6)


def _share(pool: list[float]) -> float:
    """Return the share of a pool that was right, with half an error more, as nothing is certain."""
    hits, size, _ = pool
    return hits / (size + 0.5)
