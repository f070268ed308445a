"""Plain Torch on a part of every batch, taking the steps that the whole batch would give.

The number of workers changes nothing but the order of some sums: gradients are summed before the optimizer sees them,
normalisations use the mean and variance of the whole batch, and each worker draws dropout for all of it.
"""

from __future__ import annotations

from typing import Any

import torch

from digitry.networks.contract import Contract
from digitry.recipes.base import Recipe
from digitry.training.cluster.share import Share
from digitry.training.cluster.shared_layers import share_layers
from digitry.training.plain_torch import PlainTorch
from digitry.training.tasks import Examples


class SharedTorch(PlainTorch):
    """One worker's network; all have the same weights, before and after every step."""

    def __init__(
        self, model: Any, contract: Contract, plan: Recipe, seed: int, steps_per_epoch: int, share: Share
    ) -> None:
        """Set up as PlainTorch does; a single worker behaves just like it. Raises TrainingError for a layer or an
        optimizer that has no twin.
        """
        super().__init__(model, contract, plan, seed, steps_per_epoch)
        self.share = share
        self.count = 0
        """Number of examples in the epoch, over all workers."""
        self._told = torch.zeros(2)
        """Sum of the losses, and number of correct answers, in a batch."""
        if share.size > 1:
            share_layers(self.network, share)

    def _step(self, examples: Examples, batch: int) -> None:
        if self.share.size == 1:  # to the last bit
            super()._step(examples, batch)
            return
        size = self.settings.batch_size
        self.share.whole = whole = min(size, self.count - batch * size)
        images, targets = self._taken(examples, self.share.part(batch, size))
        logits = self._logits(images)
        loss = self.task.torch_loss(logits, targets, "sum")
        self._told = torch.stack([loss.detach(), self.task.torch_right(logits, targets).sum()])
        self._descend(loss / whole)
        losses, right = self._told.tolist()
        self._count(losses, int(right), whole)

    def before_descent(self) -> None:
        """Sum the gradients and the figures over all workers, in one transfer."""
        if self.share.size == 1:
            return
        self.share.add_up_all([*(one.grad for one in self.network.parameters()), self._told])

    def apart(self) -> float:
        """Return how far this worker's weights are from the mean of all, relative to their norm; 0 if equal."""
        return self.share.apart(self.network.parameters())
