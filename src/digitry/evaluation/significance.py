"""Is the difference between two models more than chance? Exact tests on paired predictions, in integers; and an
interval for a mean over seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev

import numpy as np

from digitry.types import Labels


@dataclass(frozen=True)
class McNemar:
    """Two models on the same images: only the images that one reads right and the other wrong tell them apart."""

    only_first_right: int
    only_second_right: int
    p: float
    """Two-sided probability of a split at least this uneven between two equally good models, 0 to 1."""


def mcnemar(labels: Labels, first: Labels, second: Labels) -> McNemar:
    """Perform McNemar's exact (binomial) test on two vectors of predicted labels, all int64 (n,). Raises ValueError for
    different shapes.
    """
    if not labels.shape == first.shape == second.shape or labels.ndim != 1:
        raise ValueError(f"predictions must match the labels {labels.shape}, not {first.shape} and {second.shape}")
    first_right, second_right = first == labels, second == labels
    only_first = int(np.count_nonzero(first_right & ~second_right))
    only_second = int(np.count_nonzero(second_right & ~first_right))
    return McNemar(only_first, only_second, exact_p(only_first, only_second))


def exact_p(heads: int, tails: int) -> float:
    """Return the two-sided p of `heads` against `tails` throws of a fair coin; 1 without a throw."""
    throws = heads + tails
    term = total = 1
    for k in range(min(heads, tails)):
        term = term * (throws - k) // (k + 1)
        total += term
    # Integers up to here: floats would lose the far tail, where good models differ.
    return min(1.0, 2 * total / (1 << throws))


def holm(p_values: Sequence[float]) -> list[float]:
    """Apply Holm's correction for several tests: adjusted p-values in the given order, each at least the raw one."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = running
    return adjusted


_T_95: tuple[float, ...] = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
_T_95 += (2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093)
"""Two-sided 95% quantile of Student's t, for 1 to 19 degrees of freedom."""


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95% confidence interval of the mean: Student's t.

    Raises ValueError unless there are 2 to 20 values.
    """
    if not 2 <= len(values) <= len(_T_95) + 1:
        raise ValueError(f"an interval needs 2 to {len(_T_95) + 1} values, not {len(values)}")
    middle, wide = mean(values), _T_95[len(values) - 2] * stdev(values) / math.sqrt(len(values))
    return middle - wide, middle + wide
