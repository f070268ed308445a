"""Successive halving: which trials are ended early, told from what the trials reached at the same epoch alone.

Optuna's pruner ends the same ones, but writes that a trial has passed before it says whether: one that was killed in
between would come back to life.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

REDUCTION = 3
"""Of the trials that reach a rung, one in so many goes on to the next, which is so many times as far."""


def is_rung(epoch: int, first: int, epochs: int) -> bool:
    """Tell whether trials of so many epochs are compared after this one: after the first rung, and three times that …

    Not after the last: there is nothing left to spare.
    """
    while first < epoch:
        first *= REDUCTION
    return first == epoch < epochs


def is_beaten(value: float, others: Sequence[float]) -> bool:
    """Tell whether a trial is not among the best third of those that reached its rung; of two, the better stays."""
    if math.isnan(value):
        return True
    best_first = sorted([value, *(one for one in others if not math.isnan(one))], reverse=True)
    return value < best_first[max(len(best_first) // REDUCTION, 1) - 1]
