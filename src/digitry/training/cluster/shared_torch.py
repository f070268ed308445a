"""Plain Torch that has a part of every batch, and takes the steps that one with the whole batch would take.

Nothing of a step depends on how many share it but the order of some sums: gradients are added up before the optimizer
sees them, normalisations have the mean and the variance of the whole batch, and dropout is drawn for all of it by each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from digitry.networks.contract import Contract
from digitry.recipes.base import Recipe
from digitry.training.plain_torch import PlainTorch
from digitry.training.tasks import Examples


class Share:
    """What one of several workers has of every batch: each `size`-th example, from number `rank` on."""

    def __init__(self, rank: int, size: int, add_up: Callable[[torch.Tensor], None]) -> None:
        """`add_up` puts the sum over all workers into a tensor of each; all call it as often, in the same order."""
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


class SharedTorch(PlainTorch):
    """The network of one of the workers; all have the same weights, before and after every step."""

    def __init__(
        self, model: Any, contract: Contract, plan: Recipe, seed: int, steps_per_epoch: int, share: Share
    ) -> None:
        """As PlainTorch; with the whole batch for itself it is one. Raises TrainingError for what has no twin."""
        super().__init__(model, contract, plan, seed, steps_per_epoch)
        self.share = share
        self.count = 0
        """Examples of the epoch, those of all workers."""
        self._told = torch.zeros(2)
        """Sum of the losses and right ones, of a batch."""
        if share.size > 1:
            self.network = nn.Sequential(*(_shared(module, share) for module in self.network))

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
        parts = [one.grad for one in self.network.parameters()] + [self._told]
        together = torch.cat([one.reshape(-1) for one in parts])
        self.share.add_up(together)
        for own, total in zip(parts, together.split([one.numel() for one in parts]), strict=True):
            own.copy_(total.view_as(own))

    def apart(self) -> float:
        """Return how far this worker's weights are from the mean of all: as a share of their length, 0 for the same."""
        with torch.no_grad():
            own = torch.cat([one.reshape(-1) for one in self.network.parameters()])
            mean = own / self.share.size
            self.share.add_up(mean)
            return float((own - mean).norm() / mean.norm().clamp(min=1e-12))


class _AddedUp(torch.autograd.Function):  # type: ignore[misc]
    """A tensor of each worker → their sum.

    All have a part of one loss, which changes with the sum wherever it is used: so gradients are added up on the way
    back, too.
    """

    @staticmethod
    def forward(context: Any, own: torch.Tensor, add_up: Callable[[torch.Tensor], None]) -> torch.Tensor:
        context.add_up = add_up
        total = own.clone()
        add_up(total)
        return total

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        total = gradient.clone()
        context.add_up(total)
        return total, None


class SharedNormalisation(nn.Module):  # type: ignore[misc]
    """A normalisation of images, with the mean and the variance of the whole batch."""

    def __init__(self, alone: nn.BatchNorm2d, share: Share) -> None:
        super().__init__()
        self.alone, self.share = alone, share

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Normalise this worker's images, (n, channels, h, w); all workers do so at once."""
        if not self.training:
            return self.alone(images)
        alone, axes = self.alone, (0, 2, 3)
        count = self.share.whole * images.shape[2] * images.shape[3]
        # As distances from the running mean: the variance is then no difference of large numbers.
        away = images.float() - _over_images(alone.running_mean)
        sums = torch.stack([away.sum(axes), away.square().sum(axes)])
        mean, squares = _AddedUp.apply(sums, self.share.add_up) / count
        variance = squares - mean.square()
        scale = alone.weight * torch.rsqrt(variance + alone.eps)
        with torch.no_grad():
            alone.running_mean += alone.momentum * mean
            alone.running_var.lerp_(variance * (count / max(count - 1, 1)), alone.momentum)
        return ((away - _over_images(mean)) * _over_images(scale) + _over_images(alone.bias)).to(images.dtype)


class SharedDropout(nn.Module):  # type: ignore[misc]
    """Dropout that is drawn for the whole batch, from a generator that is in the same state at every worker."""

    def __init__(self, rate: float, share: Share) -> None:
        super().__init__()
        self.rate, self.share = rate, share

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Drop some of this worker's values, (n, …)."""
        if not self.training:
            return values
        whole = torch.ones((self.share.whole, *values.shape[1:]), dtype=values.dtype)
        if values.dim() == 4:  # as one network alone lays them: it draws in that order
            whole = whole.to(memory_format=torch.channels_last)
        return values * functional.dropout(whole, self.rate)[self.share.rank :: self.share.size]


def _shared(module: nn.Module, share: Share) -> nn.Module:
    if isinstance(module, nn.BatchNorm2d):
        return SharedNormalisation(module, share)
    return SharedDropout(module.p, share) if isinstance(module, nn.Dropout) else module


def _over_images(values: torch.Tensor) -> torch.Tensor:
    """(channels,) → (1, channels, 1, 1)."""
    return values.view(1, -1, 1, 1)
