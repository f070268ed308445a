"""What the figures of the epochs so far decide: whether to go on, and which epoch's weights to keep."""

from __future__ import annotations

from collections.abc import Sequence

from digitry.recipe import Settings

History = Sequence[dict[str, float]]


def best_epoch(history: History) -> int:
    """The epoch, from 1, with the lowest validation loss; the earliest of equals."""
    return int(min(history, key=lambda line: line["val_loss"])["epoch"])


def kept_epoch(history: History, settings: Settings) -> dict[str, float]:
    """The figures of the epoch whose weights are kept."""
    return history[best_epoch(history) - 1] if settings.keep_best else history[-1]


def is_complete(history: History, settings: Settings) -> bool:
    """Whether the last epoch is done, or early stopping says so."""
    if len(history) >= settings.epochs:
        return True
    patience = settings.early_stopping_epochs
    return bool(history and patience and len(history) - best_epoch(history) >= patience)
