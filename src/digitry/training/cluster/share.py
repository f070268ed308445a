"""What one of several workers has of every batch, and how they add up."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch

from digitry.training.tasks import Examples


class Share:
    """What one of several workers has of every batch: each `size`-th example, from number `rank` on."""

    def __init__(self, rank: int, size: int, add_up: Callable[[torch.Tensor], None]) -> None:
        """Set up: `add_up` puts the sum over all workers into a tensor of each; all call it as often, in one order."""
        self.rank, self.size, self.add_up = rank, size, add_up
        self.whole = 0
        """Examples of the batch that is under way, those of all workers."""

    def of(self, examples: Examples, batch_size: int) -> Examples:
        """Return the examples of an epoch that are this worker's."""
        mine = np.arange(len(examples.targets)) % batch_size % self.size == self.rank
        return Examples(examples.inputs[mine], examples.targets[mine])

    def part(self, batch: int, batch_size: int) -> slice:
        """Return which of those are in a batch; of the last one there may be none."""
        own = len(range(self.rank, batch_size, self.size))
        return slice(batch * own, (batch + 1) * own)

    def add_up_all(self, tensors: Iterable[torch.Tensor]) -> None:
        """Put the sums over all workers into some tensors of each, in one go."""
        parts = list(tensors)
        together = torch.cat([one.reshape(-1) for one in parts])
        self.add_up(together)
        for own, total in zip(parts, together.split([one.numel() for one in parts]), strict=True):
            own.copy_(total.view_as(own))

    def apart(self, weights: Iterable[torch.Tensor]) -> float:
        """Return how far this worker's weights are from the mean of all: as a share of their length, 0 for the same."""
        with torch.no_grad():
            own = torch.cat([one.reshape(-1) for one in weights])
            mean = own / self.size
            self.add_up(mean)
            return float((own - mean).norm() / mean.norm().clamp(min=1e-12))
