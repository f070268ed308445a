"""The learning rate of every step of a training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitry.recipes.settings import Settings

ONE_CYCLE_RISE = 0.3
"""Fraction of the steps in which a one-cycle learning rate rises."""


def warmup_steps(settings: Settings, steps_per_epoch: int) -> int:
    """Return the number of steps in which the learning rate rises linearly from zero to its peak."""
    if settings.schedule == "one-cycle":
        return round(ONE_CYCLE_RISE * settings.epochs * steps_per_epoch)
    return steps_per_epoch if settings.schedule == "cosine" and settings.epochs > 1 else 0


def learning_rates(settings: Settings, steps_per_epoch: int) -> NDArray[np.float64]:
    """Return the learning rate of every step (epochs · steps_per_epoch,)."""
    steps = np.arange(settings.epochs * steps_per_epoch)
    if settings.schedule == "constant":
        return np.full(len(steps), settings.learning_rate)
    rise = warmup_steps(settings, steps_per_epoch)
    falling = 0.5 + 0.5 * np.cos(np.pi * (steps - rise) / (len(steps) - rise))
    return settings.learning_rate * np.where(steps < rise, steps / max(rise, 1), falling)
