"""One training of a study: what it is asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from digitry.runs import Epoch


@dataclass(frozen=True)
class TrialJob:
    """A training that is asked for."""

    run: Path
    """Where its run is, or shall be; one that is there goes on."""
    settings: dict[str, Any]
    """Those that are not the recipe's own."""
    seed: int


@dataclass(frozen=True)
class TrialOutcome:
    """What came of a training."""

    accuracy: float | None
    """On validation, of the epoch whose weights are kept; None where it did not come to its end."""
    reason: str = ""
    """Why it failed; empty for one that was ended on the way."""
    history: Sequence[Epoch] = ()
    """The figures of every epoch, of one that came to its end."""


@dataclass(frozen=True)
class NodeShare:
    """What each trial has of a node of a cluster."""

    cores: int = 1
    gpus: float = 0.0
    """A whole number, or a part of one."""

    def __str__(self) -> str:
        cores = f"{self.cores} core{'s' * (self.cores != 1)}"
        return f"{cores} and {self.gpus:g} GPU{'s' * (self.gpus > 1)}" if self.gpus else cores

    def trials_in(self, resources: Mapping[str, float]) -> int:
        """Return for how many trials at once a node has room, whose resources are named as Ray does."""
        room = int(resources.get("CPU", 0)) // self.cores
        if not self.gpus:
            return room
        gpus = int(resources.get("GPU", 0))
        # A trial with a part of a GPU has it of a single one.
        return min(room, int(gpus // self.gpus) if self.gpus >= 1 else gpus * int(1 / self.gpus))


ONE_CORE = NodeShare()
"""What a trial has unless somebody says otherwise."""

OnEpoch = Callable[[Sequence[Epoch]], bool]
"""Hears the figures of all epochs so far, after each but the last; says whether the training goes on."""


class Trainer(Protocol):
    """Trains one job after another."""

    def train(self, job: TrialJob, on_epoch: OnEpoch) -> TrialOutcome:
        """Train. Raises DigitryError for what would fail every training: no room on the disk, data that is gone."""

    def kill(self) -> None:
        """End what it is at, from another thread; the run in its folder stays as it was saved last."""

    def close(self) -> None:
        """End."""
