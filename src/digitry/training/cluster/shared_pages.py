"""The page network, learning from a part of every batch but taking the steps that the whole batch would give."""

from __future__ import annotations

import torch

from digitry.training.cluster.share import Share
from digitry.training.cluster.shared_layers import share_layers
from digitry.training.page_batches import BATCH
from digitry.training.page_learner import PageLearner


class SharedPages(PageLearner):
    """One worker's network; all have the same weights, before and after every step."""

    def __init__(self, seed: int, share: Share, precision: str) -> None:
        super().__init__(seed, torch.device("cpu"), precision)
        self.share = share
        if share.size > 1:
            share.whole = BATCH
            share_layers(self.network, share)

    def counts(self, heat: torch.Tensor, characters: torch.Tensor) -> torch.Tensor:
        """Return the counts of the pages of all workers."""
        counts = super().counts(heat, characters)
        if self.share.size > 1:
            self.share.add_up(counts)
        return counts

    def before_descent(self, told: torch.Tensor) -> None:
        """Sum the gradients, and the parts of the loss, over all workers."""
        if self.share.size > 1:
            self.share.add_up_all([*(one.grad for one in self.network.parameters()), told])

    def apart(self) -> float:
        """Return how far this worker's weights are from the mean of all, relative to their norm; 0 if equal."""
        return self.share.apart(self.network.parameters())
