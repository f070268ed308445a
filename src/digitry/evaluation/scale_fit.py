"""Confidences and which readings were right → the scale that they imply. NumPy alone; nothing is read here."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.networks.scale import NEVER, Scale

MAX_ERRORS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
"""The error rates for which a minimum confidence is sought."""

CERTAINTY = 0.95
"""How certain an error rate has to be before readings count as sure at it: few errors may be luck."""

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
    """Fit the scale implied by confidences (n,) and by whether each reading was right (n,), n ≥ 1.

    Calibrated by isotonic regression. The minimum confidences are chosen so that the error rate above each is, with
    `certainty`, within one of `max_errors`: with few pictures nothing is sure, however well they are read. `digit` (n,)
    identifies the digit that each picture shows, if several show the same one: these may be wrong together, and count
    for less by what Rao and Scott call the design effect. `facts` are the scale's `seed` and `second_opinion`.
    """
    order = np.argsort(-confidence, kind="stable")
    ranked, wrong = confidence[order], ~right[order]
    # Readings of equal confidence are accepted together, or not at all.
    ends = np.flatnonzero(np.append(ranked[:-1] != ranked[1:], True))
    together = _design_effect(wrong, np.arange(len(wrong)) if digit is None else digit[order])[ends]
    errors = np.ceil(np.cumsum(wrong)[ends] / together).astype(np.int64)
    readings = ((ends + 1) / together).astype(np.int64)
    least = []
    for allowed in max_errors:
        # At that error rate, so few errors would be this unlikely.
        fit = np.flatnonzero(chance_of_at_most(errors, readings, allowed) <= 1 - certainty)
        least.append(float(ranked[ends[fit[-1]]]) if fit.size else NEVER)
    own, calibrated = _isotonic(ranked[::-1], right[order][::-1].astype(float))
    accuracy = round(float(right.mean()), 4)
    return Scale(tuple(own), tuple(calibrated), max_errors, tuple(least), len(right), accuracy, made_of, **facts)


def chance_of_at_most(errors: NDArray[np.int64], readings: NDArray[np.int64], rate: float) -> NDArray[np.float64]:
    """Return the binomial probability of at most `errors` (n,) in `readings` (n,) that each err at `rate`."""
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
    """Return the design effect of the first 1, 2, … ranked readings: readings of one digit err together, so count less.

    That is the sum of the squares of each digit's errors, over the errors: 1 if no digit errs twice. One further digit,
    wrong in all its pictures, is added: as long as no digit was wrong, nobody knows how they err.
    """
    most = int(np.unique(digit, return_counts=True)[1].max())
    at = np.flatnonzero(wrong)
    by_digit = at[np.argsort(digit[at], kind="stable")]
    starts = np.flatnonzero(np.diff(digit[by_digit], prepend=-1))
    times = np.arange(len(by_digit)) - np.repeat(starts, np.diff(starts, append=len(by_digit)))
    squares = np.zeros(len(wrong))
    squares[by_digit] = 2 * times + 1  # the second error of a digit turns 1² into 2²
    return (np.cumsum(squares) + most**2) / (np.cumsum(wrong) + most)


def _isotonic(confidence: NDArray[np.float64], right: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    """Return increasing confidences, and the fraction right at each, which never falls: equal bins, then pooled
    violators.
    """
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
    """Return the fraction of a pool that was right, with half an error added, since nothing is certain."""
    hits, size, _ = pool
    return hits / (size + 0.5)
