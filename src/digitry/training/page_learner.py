"""The page network while it learns: weights, their running mean, optimizer, and the steps taken.

The learning rate rises, stays, and falls to zero over the last fifth of the steps, so that a training can be extended
while it stays. When it starts from a fully trained network, the rate falls over all steps. The kept weights are a
running mean, which a checkpoint at any moment holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from digitry.errors import TrainingError
from digitry.synthesis.allographs import CHARACTERS
from digitry.training.page_batches import Batch
from digitry.training.page_losses import PARTS, count_characters, losses
from digitry.training.page_network import PageNetwork
from digitry.training.precision import computed_in

LEARNING_RATE, WEIGHT_DECAY = 2e-3, 0.01
WARM_UP, FALL = 200, 0.2
"""Number of warm-up steps; fraction of the steps over which the rate falls to zero."""
MEAN_OVER = 400
"""Approximate number of steps over which the kept weights are averaged."""


class PageLearner:
    """Everything that a checkpoint of the training holds, and the step that changes it."""

    def __init__(self, seed: int, device: torch.device, precision: str = "bfloat16") -> None:
        """Begin with random weights, in float32; the network computes in `precision` if the device can."""
        torch.manual_seed(seed)
        self.device, self.precision, self.step = device, computed_in(precision, device.type), 0
        self.fall = FALL
        """Fraction of the steps over which the learning rate falls."""
        self.network = PageNetwork(len(CHARACTERS) + 1).to(device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), LEARNING_RATE, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY
        )
        self.weights: dict[str, torch.Tensor] = dict(self.network.state_dict())
        """The tensors themselves, not copies: every step changes them."""
        self.mean = {name: value.clone() for name, value in self.weights.items()}

    def learn_until(self, end: int, steps: int, batches: Iterator[Batch]) -> dict[str, float]:
        """Train up to step `end` of `steps` → the mean of each part of the loss.

        Raises TrainingError when the loss is no longer a number.
        """
        self.network.train()
        taken = end - self.step
        sums = np.zeros(len(PARTS))
        for _ in range(taken):
            sums += list(self.learn(next(batches), steps).values())
        return dict(zip(PARTS, (sums / max(taken, 1)).tolist(), strict=True))

    def learn(self, batch: Batch, steps: int) -> dict[str, float]:
        """Take one step of `steps` → the parts of the loss. Raises TrainingError when it is no longer a number."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.step, steps, self.fall)
        pages, heat, characters = (part.to(self.device) for part in batch)
        with torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32):
            answer = self.network(pages.contiguous(memory_format=torch.channels_last))
        parts = losses(answer.float(), heat, characters, self.counts(heat, characters))
        loss: torch.Tensor = sum(parts.values())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        told = torch.stack([part.detach() for part in parts.values()])
        self.before_descent(told)
        found: list[float] = told.tolist()
        if not math.isfinite(sum(found)):
            raise TrainingError(
                f"the loss is no longer a number in step {self.step}; the last checkpoint is from before it, and the "
                "same steps would lead there again: start again with another seed"
            )
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        share = 1 / min(MEAN_OVER, self.step)
        for name, value in self.weights.items():
            kept = self.mean[name]
            kept.lerp_(value, share) if kept.is_floating_point() else kept.copy_(value)
        return dict(zip(parts, found, strict=True))

    def counts(self, heat: torch.Tensor, characters: torch.Tensor) -> torch.Tensor:
        """Return the divisors of the parts of the loss: `count_characters` of the whole batch."""
        return count_characters(heat, characters)

    def before_descent(self, told: torch.Tensor) -> None:
        """Do nothing; a subclass that has a part of each batch sums gradients and parts of the loss here."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return weights, running mean and optimizer state as named arrays."""
        arrays = {f"network.{name}": value.numpy(force=True) for name, value in self.weights.items()}
        arrays |= {f"mean.{name}": value.numpy(force=True) for name, value in self.mean.items()}
        for place, state in self.optimizer.state_dict()["state"].items():
            arrays |= {f"optimizer.{place}.{name}": value.numpy(force=True) for name, value in state.items()}
        return arrays

    def restore(self, step: int, arrays: dict[str, NDArray[Any]]) -> None:
        """Restore `arrays`, taken after this many steps."""
        self.step = step
        tensors = {name: torch.from_numpy(np.array(value)) for name, value in arrays.items()}
        for name, value in _named(tensors, "network.").items():
            self.weights[name].copy_(value)
        self.mean = {name: value.to(self.device) for name, value in _named(tensors, "mean.").items()}
        state = self.optimizer.state_dict()
        for name, value in _named(tensors, "optimizer.").items():
            place, _, slot = name.partition(".")
            state["state"].setdefault(int(place), {})[slot] = value
        self.optimizer.load_state_dict(state)

    def kept_network(self) -> PageNetwork:
        """Return the network with the running mean of its weights, ready to answer."""
        network = PageNetwork(len(CHARACTERS) + 1)
        network.load_state_dict(self.mean)
        network.eval()
        return network


def learning_rate(step: int, steps: int, fall: float = FALL) -> float:
    """Return the rate of a step of `steps`: warm-up, constant, then down to zero over the fraction `fall` of them."""
    falling = (steps - step) / max(fall * steps, 1)
    return LEARNING_RATE * min(1.0, (step + 1) / WARM_UP, max(falling, 0.0))


def _named(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
