"""Plain Torch that has a part of every batch, and takes the steps that one with the whole batch would take.

Nothing of a step depends on how many share it but the order of some sums: gradients are added up before the optimizer
sees them, normalisations have the mean and the variance of the whole batch, and dropout is drawn for all of it by each.
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
    """The network of one of the workers; all have the same weights, before and after every step."""

    def __init__(
        self, model: Any, contract: Contract, plan: Recipe, seed: int, steps_per_epoch: int, share: Share
    ) -> None:
        """Set up as PlainTorch does; with the whole batch for itself it is one. Raises TrainingError for what has no
        twin.
        """
        super().__init__(model, contract, plan, seed, steps_per_epoch)
        self.share = share
        self.count = 0
        """Examples of the epoch, those of all workers."""
        self._told = torch.zeros(2)
        """Sum of the losses and right ones, of a batch."""
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
        """Add up the gradients of all workers, and what they tell, in one go."""
        if self.share.size == 1:
            return
        self.share.add_up_all([*(one.grad for one in self.network.parameters()), self._told])

    def apart(self) -> float:
        """Return how far this worker's weights are from the mean of all: as a share of their length, 0 for the same."""
        return self.share.apart(self.network.parameters())
