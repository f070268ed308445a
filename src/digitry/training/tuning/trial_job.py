"""One training of a study: what it is asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from digitry.runs import Epoch


@dataclass(frozen=True)
class TrialJob:
    """A training to be done."""

    run: Path
    """The run's folder; an existing run continues."""
    settings: dict[str, Any]
    """Settings that differ from the recipe's own."""
    seed: int


@dataclass(frozen=True)
class TrialOutcome:
    """The outcome of a training."""

    accuracy: float | None
    """On validation, of the epoch whose weights are kept; None if the training did not finish."""
    reason: str = ""
    """Why it failed; empty if it was ended early."""
    history: Sequence[Epoch] = ()
    """The figures of every epoch, if the training finished."""


@dataclass(frozen=True)
class NodeShare:
    """A trial's share of a cluster node."""

    cores: int = 1
    gpus: float = 0.0
    """A whole number, or a fraction of one GPU."""

    def __str__(self) -> str:
        cores = f"{self.cores} core{'s' * (self.cores != 1)}"
        return f"{cores} and {self.gpus:g} GPU{'s' * (self.gpus > 1)}" if self.gpus else cores

    def trials_in(self, resources: Mapping[str, float]) -> int:
        """Return how many trials a node has room for at once; its resources have Ray's names."""
        room = int(resources.get("CPU", 0)) // self.cores
        if not self.gpus:
            return room
        gpus = int(resources.get("GPU", 0))
        # A fraction of a GPU must come from a single GPU.
        return min(room, int(gpus // self.gpus) if self.gpus >= 1 else gpus * int(1 / self.gpus))


ONE_CORE = NodeShare()
"""The default share of a trial."""

OnEpoch = Callable[[Sequence[Epoch]], bool]
"""Called with the figures of all epochs so far, after each but the last; returns whether to continue."""


class Trainer(Protocol):
    """Trains one job after another."""

    def train(self, job: TrialJob, on_epoch: OnEpoch) -> TrialOutcome:
        """Train. Raises DigitryError for what would fail every training: a full disk, missing data."""

    def kill(self) -> None:
        """End the current job, from another thread; the run in its folder stays as last saved."""

    def close(self) -> None:
        """Release all resources."""
