"""Is the difference between two models more than chance? Exact tests on paired predictions, in whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digitry.types import Labels


@dataclass(frozen=True)
class McNemar:
    """Two models on the same images: only the images on which one is right and the other wrong can tell them apart."""

    only_first_right: int
    only_second_right: int
    p: float
    """Two-sided chance of a split at least this uneven between two equally good models, 0 to 1."""


def mcnemar(labels: Labels, first: Labels, second: Labels) -> McNemar:
    """Do the exact (binomial) McNemar test of two vectors of predicted labels, all int64 (n,). Raises ValueError on
    another shape.
    """
    if not labels.shape == first.shape == second.shape or labels.ndim != 1:
        raise ValueError(f"predictions must match the labels {labels.shape}, not {first.shape} and {second.shape}")
    first_right, second_right = first == labels, second == labels
    only_first = int(np.count_nonzero(first_right & ~second_right))
    only_second = int(np.count_nonzero(second_right & ~first_right))
    return McNemar(only_first, only_second, exact_p(only_first, only_second))


def exact_p(heads: int, tails: int) -> float:
    """Return two-sided p of `heads` against `tails` throws of a fair coin; 1 when there was no throw."""
    throws = heads + tails
    term = total = 1
    for k in range(min(heads, tails)):
        term = term * (throws - k) // (k + 1)
        total += term
    # Whole numbers up to here: floats would lose the far tail, where good models differ.
    return min(1.0, 2 * total / (1 << throws))


def holm(p_values: Sequence[float]) -> list[float]:
    """Make Holm's correction for several tests at once: adjusted p-values in the given order, each at least the raw
    one.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = running
    return adjusted
