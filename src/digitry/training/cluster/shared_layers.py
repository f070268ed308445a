"""Normalisation and dropout, which need the whole batch, for workers that have a part of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from digitry.training.cluster.share import Share


class _AddedUp(torch.autograd.Function):  # type: ignore[misc]
    """Each worker's tensor → the sum of all.

    All have a part of one loss, which depends on the sum wherever it is used: so gradients are summed on the way back
    too.
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
    """Batch normalisation of images, with the mean and variance of the whole batch."""

    def __init__(self, alone: nn.BatchNorm2d, share: Share) -> None:
        super().__init__()
        self.alone, self.share = alone, share

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Normalise this worker's images, (n, channels, h, w); all workers must call it together."""
        if not self.training:
            return self.alone(images)
        alone, axes = self.alone, (0, 2, 3)
        count = self.share.whole * images.shape[2] * images.shape[3]
        # Relative to the running mean, so that the variance is not a difference of two large numbers.
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
    """Dropout drawn for the whole batch, from a generator whose state is the same on every worker."""

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


def share_layers(network: nn.Module, share: Share) -> None:
    """Replace all normalisations and dropouts of a network by shared ones."""
    for name, module in network.named_children():
        if isinstance(module, nn.BatchNorm2d):
            setattr(network, name, SharedNormalisation(module, share))
        elif isinstance(module, nn.Dropout):
            setattr(network, name, SharedDropout(module.p, share))
        else:
            share_layers(module, share)


def _over_images(values: torch.Tensor) -> torch.Tensor:
    """Reshape (channels,) to broadcast over images: (1, channels, 1, 1)."""
    return values.view(1, -1, 1, 1)
