"""Successive halving: which trials to end early, decided only by what trials reached at the same epoch.

Optuna's pruner ends the same ones, but records that a trial has passed before it decides: a trial killed in between
would be resurrected.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

REDUCTION = 3
"""Of the trials that reach a rung, one in three goes on to the next, which is three times as far."""


def is_rung(epoch: int, first: int, epochs: int) -> bool:
    """Return whether trials of `epochs` epochs are compared after this one: at `first`, three times that, and so on.

    Not after the last epoch, when nothing is left to save.
    """
    while first < epoch:
        first *= REDUCTION
    return first == epoch < epochs


def is_beaten(value: float, others: Sequence[float]) -> bool:
    """Return whether a trial is not among the best third of those that reached its rung; of two, the better stays."""
    if math.isnan(value):
        return True
    best_first = sorted([value, *(one for one in others if not math.isnan(one))], reverse=True)
    return value < best_first[max(len(best_first) // REDUCTION, 1) - 1]
