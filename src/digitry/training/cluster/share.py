"""One worker's part of every batch, and how workers sum their tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch

from digitry.training.tasks import Examples


class Share:
    """One worker's part of every batch: each `size`-th example, starting at number `rank`."""

    def __init__(self, rank: int, size: int, add_up: Callable[[torch.Tensor], None]) -> None:
        """Set up; `add_up` sums a tensor over all workers, who must all call it equally often, in the same order."""
        self.rank, self.size, self.add_up = rank, size, add_up
        self.whole = 0
        """Number of examples in the current batch, over all workers."""

    def of(self, examples: Examples, batch_size: int) -> Examples:
        """Return this worker's examples of an epoch."""
        mine = np.arange(len(examples.targets)) % batch_size % self.size == self.rank
        return Examples(examples.inputs[mine], examples.targets[mine])

    def part(self, batch: int, batch_size: int) -> slice:
        """Return which of those belong to a batch; in the last batch there may be none."""
        own = len(range(self.rank, batch_size, self.size))
        return slice(batch * own, (batch + 1) * own)

    def add_up_all(self, tensors: Iterable[torch.Tensor]) -> None:
        """Replace tensors by their sums over all workers, in one transfer."""
        parts = list(tensors)
        together = torch.cat([one.reshape(-1) for one in parts])
        self.add_up(together)
        for own, total in zip(parts, together.split([one.numel() for one in parts]), strict=True):
            own.copy_(total.view_as(own))

    def apart(self, weights: Iterable[torch.Tensor]) -> float:
        """Return how far this worker's weights are from the mean of all, relative to their norm; 0 if equal."""
        with torch.no_grad():
            own = torch.cat([one.reshape(-1) for one in weights])
            mean = own / self.size
            self.add_up(mean)
            return float((own - mean).norm() / mean.norm().clamp(min=1e-12))
