"""A Keras network trained in plain Torch: the same layers, loss and optimizer, without Keras in between.

On a CPU small networks train several times as fast (docs/decisions/0007-plain-torch.md). The Keras model owns all
state: weights, optimizer and running figures are borrowed when an epoch begins and given back when a checkpoint is
due, so checkpoints, resuming and results are those of any other training.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from digitry.errors import TrainingError
from digitry.networks.contract import Contract
from digitry.networks.prepare import prepare
from digitry.recipes.backend import PLAIN_TORCH_OPTIMIZERS
from digitry.recipes.base import Recipe
from digitry.recipes.settings import Settings
from digitry.training.adamw import AdamW
from digitry.training.precision import computed_in
from digitry.training.schedule import learning_rates
from digitry.training.state import to_numpy
from digitry.training.supervisor import Supervisor
from digitry.training.tasks import TASKS, DigitTask, Examples, NumberTask
from digitry.training.torch_layers import TorchWeights, torch_layers

STEPS_A_REPORT = 32
"""Steps between two checks of signals, clock and figures, as for Keras on TensorFlow."""

VALIDATION_BATCH = 1000


class PlainTorch:
    """A compiled Keras model's twin in Torch."""

    def __init__(
        self, model: Any, contract: Contract, plan: Recipe, seed: int, steps_per_epoch: int, device: str = "cpu"
    ) -> None:
        """Set up; `model` is compiled and its optimizer built, images are prepared by `contract` and moved to `device`.

        Raises TrainingError for a layer or optimizer that has no twin here.
        """
        settings = plan.settings
        if settings.outlier_share:
            raise TrainingError("plain Torch does not train on images without a digit; set KERAS_BACKEND")
        self.model, self.contract, self.settings, self.seed = model, contract, settings, seed
        self.task = TASKS[plan.reads](plan, seed)
        self.weights: TorchWeights = []
        self.device, self.precision = torch.device(device), computed_in(settings.precision, device)
        with self.device:
            modules = [module for layer in model.layers for module in torch_layers(layer, self.weights)]
        self.network = nn.Sequential(*modules).to(memory_format=torch.channels_last)
        self.rates = learning_rates(settings, steps_per_epoch)
        self.optimizer = _optimizer(settings, model.optimizer, self.network)
        self.figures = np.zeros(4, np.float32)
        """Sum of losses, images, correct images, images: what Keras' running metrics hold, bit for bit."""
        self.step = 0

    def fit_epoch(self, examples: Examples, first: int, validation: Examples | None, supervisor: Supervisor) -> None:
        """Train one epoch, or the rest of one from example `first` on; the supervisor is called as by Keras."""
        settings, epoch = self.settings, supervisor.epoch
        supervisor.set_model(self.model)
        supervisor.before_capture = self.give_back
        supervisor.on_epoch_begin(epoch)
        self.borrow()
        batches = -(-len(examples.targets) // settings.batch_size)
        start = first // settings.batch_size
        for at in range(start, batches, STEPS_A_REPORT):
            end = min(at + STEPS_A_REPORT, batches)
            self.train_batches(examples, epoch, range(at, end))
            supervisor.on_train_batch_end(end - 1 - start, training_logs(self.figures))
        logs = training_logs(self.figures) | {"learning_rate": float(self.rates[self.step - 1])}
        if validation is not None:
            logs |= validation_logs(self.answers(validation.inputs), validation.targets, self.task)
        supervisor.on_epoch_end(epoch, logs)

    def train_batches(self, examples: Examples, epoch: int, batches: range) -> None:
        """Train on some batches of an epoch, at most those between two reports."""
        self.network.train()
        # Depends on the position alone, so a resumed epoch draws the same dropout.
        torch.manual_seed(int(np.random.SeedSequence([self.seed, epoch, batches.start]).generate_state(1)[0]))
        for batch in batches:
            self._step(examples, batch)

    def _step(self, examples: Examples, batch: int) -> None:
        size = self.settings.batch_size
        images, targets = self._taken(examples, slice(batch * size, (batch + 1) * size))
        logits = self._logits(images)
        loss = self.task.torch_loss(logits, targets, "mean")
        self._descend(loss)
        self._count(loss.item() * len(targets), int(self.task.torch_right(logits, targets).sum()), len(targets))

    def _taken(self, examples: Examples, part: slice) -> tuple[torch.Tensor, torch.Tensor]:
        """Return some of the examples, float32 (n, 1, h, w), and their targets, int64 (n,) or (n, digits)."""
        targets = torch.from_numpy(examples.targets[part].astype(np.int64))
        return self._prepared(examples.inputs[part]), targets.to(self.device)

    def _prepared(self, images: NDArray[np.uint8]) -> torch.Tensor:
        """Turn images, uint8 (n, h, w), into float32 (n, 1, h, w)."""
        return torch.from_numpy(prepare(images, self.contract)).permute(0, 3, 1, 2).to(self.device)

    def _descend(self, loss: torch.Tensor) -> None:
        self.optimizer.zero_grad()
        loss.backward()
        self.before_descent()
        self.optimizer.step(self.rates[self.step])
        self.step += 1

    def before_descent(self) -> None:
        """Do nothing; a subclass that trains with other workers sums the gradients here."""

    def _count(self, losses: float, right: int, images: int) -> None:
        self.figures += np.array([losses, images, right, images], np.float32)

    def _logits(self, images: torch.Tensor) -> torch.Tensor:
        with torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32):
            logits: torch.Tensor = self.network(images)
        return logits.float()

    def answers(self, images: NDArray[np.uint8]) -> torch.Tensor:
        """Return the current network's logits of images, uint8 (n, h, w): float32 (n, …)."""
        self.network.eval()
        parts = (images[at : at + VALIDATION_BATCH] for at in range(0, max(len(images), 1), VALIDATION_BATCH))
        with torch.inference_mode():
            return torch.cat([self._logits(self._prepared(part)) for part in parts])

    def borrow(self) -> None:
        """Copy weights, optimizer and running figures from the Keras model."""
        with torch.no_grad():
            for variable, tensor, axes in self.weights:
                tensor.permute(axes).copy_(torch.from_numpy(to_numpy(variable)))
            self.step = int(to_numpy(self.model.optimizer.iterations))
            for tensor, slots in self._slots():
                state = self.optimizer.state[tensor]
                state["step"] = torch.tensor(float(self.step), device=self.device)
                for name, slot, axes in slots:
                    state[name] = torch.zeros_like(tensor)
                    state[name].permute(axes).copy_(torch.from_numpy(to_numpy(slot)))
        self.figures = np.array([to_numpy(variable) for variable in self.model.metrics_variables], np.float32)

    def give_back(self) -> None:
        """Copy weights, optimizer and running figures back into the Keras model."""
        for variable, tensor, axes in self.weights:
            variable.assign(tensor.detach().permute(axes).contiguous().numpy(force=True))
        self.model.optimizer.iterations.assign(self.step)
        for tensor, slots in self._slots():
            for name, slot, axes in slots:
                slot.assign(self.optimizer.state[tensor][name].permute(axes).contiguous().numpy(force=True))
        for variable, value in zip(self.model.metrics_variables, self.figures, strict=True):
            variable.assign(value)

    def _slots(self) -> list[tuple[torch.Tensor, list[tuple[str, Any, tuple[int, ...]]]]]:
        """Return every trained tensor with its optimizer slots: name in Torch, Keras variable, axes."""
        kept = self.model.optimizer
        place = {id(variable): index for index, variable in enumerate(kept._trainable_variables)}
        return [
            (
                tensor,
                [
                    ("exp_avg", kept._momentums[place[id(variable)]], axes),
                    ("exp_avg_sq", kept._velocities[place[id(variable)]], axes),
                ],
            )
            for variable, tensor, axes in self.weights
            if tensor.requires_grad
        ]


def best_device() -> str:
    """Return the device that Torch trains on here: a GPU if it finds one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def training_logs(figures: NDArray[np.float32]) -> dict[str, float]:
    """Return the logs that Keras would give for these running training figures."""
    losses, count, right, _ = figures
    return {"loss": float(losses / count), "accuracy": float(right / count)}


def validation_logs(logits: torch.Tensor, targets: NDArray[np.int32], task: DigitTask | NumberTask) -> dict[str, float]:
    """Return the logs that Keras would give for a validation with these logits, (n, …)."""
    wanted = torch.from_numpy(targets.astype(np.int64)).to(logits.device)
    loss, accuracy = task.torch_loss(logits, wanted, "mean"), task.torch_right(logits, wanted).mean()
    return {"val_loss": float(loss), "val_accuracy": float(accuracy)}


def _optimizer(settings: Settings, kept: Any, network: nn.Module) -> AdamW:
    if settings.optimizer not in PLAIN_TORCH_OPTIMIZERS:
        raise TrainingError(f"optimizer {settings.optimizer} has no counterpart in plain Torch; use adam or adamw")
    return AdamW(network.parameters(), (kept.beta_1, kept.beta_2), kept.epsilon, kept.weight_decay or 0.0)
