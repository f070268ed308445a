"""The network for pages while it learns: weights, their running mean, optimizer, and the steps taken.

The learning rate rises, stays, and falls to zero over the last fifth of the steps, so that a training can be prolonged
while it stays; over all of them where it goes on from a network that had learnt to its end. What is kept is a running
mean of the weights, which any moment's checkpoint holds.
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
"""Steps of the rise; share of the steps over which the rate falls to zero."""
MEAN_OVER = 400
"""Steps over which the kept weights are averaged, roughly."""


class PageLearner:
    """All that a checkpoint of the training holds, and the step that changes it."""

    def __init__(self, seed: int, device: torch.device, precision: str = "bfloat16") -> None:
        """Begin with random weights, in float32; `precision`: in which the network computes where it can."""
        torch.manual_seed(seed)
        self.device, self.precision, self.step = device, computed_in(precision, device.type), 0
        self.fall = FALL
        """The share of the steps over which the learning rate falls."""
        self.network = PageNetwork(len(CHARACTERS) + 1).to(device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), LEARNING_RATE, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY
        )
        self.weights: dict[str, torch.Tensor] = dict(self.network.state_dict())
        """The tensors themselves: they change with every step."""
        self.mean = {name: value.clone() for name, value in self.weights.items()}

    def learn_until(self, end: int, steps: int, batches: Iterator[Batch]) -> dict[str, float]:
        """Take the steps up to number `end` of `steps` → the mean of each part of the loss.

        Raises TrainingError where the loss is no longer a number.
        """
        self.network.train()
        taken = end - self.step
        sums = np.zeros(len(PARTS))
        for _ in range(taken):
            sums += list(self.learn(next(batches), steps).values())
        return dict(zip(PARTS, (sums / max(taken, 1)).tolist(), strict=True))

    def learn(self, batch: Batch, steps: int) -> dict[str, float]:
        """Take one step of `steps` → the parts of the loss. Raises TrainingError where it is no longer a number."""
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
                "same steps would lead there again: begin anew with another seed"
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
        """Give over how many the parts of the loss are means: `count_characters` of the whole batch."""
        return count_characters(heat, characters)

    def before_descent(self, told: torch.Tensor) -> None:
        """Do nothing: for those who have a part of each batch, gradients and parts of the loss are added up here."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return weights, mean and optimizer as named arrays."""
        arrays = {f"network.{name}": value.numpy(force=True) for name, value in self.weights.items()}
        arrays |= {f"mean.{name}": value.numpy(force=True) for name, value in self.mean.items()}
        for place, state in self.optimizer.state_dict()["state"].items():
            arrays |= {f"optimizer.{place}.{name}": value.numpy(force=True) for name, value in state.items()}
        return arrays

    def restore(self, step: int, arrays: dict[str, NDArray[Any]]) -> None:
        """Be where `arrays` were taken, after so many steps."""
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
        """Give the network with the running mean of its weights, ready to answer."""
        network = PageNetwork(len(CHARACTERS) + 1)
        network.load_state_dict(self.mean)
        network.eval()
        return network


def learning_rate(step: int, steps: int, fall: float = FALL) -> float:
    """Give the rate of a step of `steps`: up, level, over the share `fall` of them down to zero."""
    falling = (steps - step) / max(fall * steps, 1)
    return LEARNING_RATE * min(1.0, (step + 1) / WARM_UP, max(falling, 0.0))


def _named(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
