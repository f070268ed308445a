"""A node's part in training a recipe: its share of every batch, on all of its cores. Run as a Ray actor."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from digitry.recipes.backend import choose_backend
from digitry.recipes.find_recipe import find_recipe
from digitry.recipes.settings import Settings
from digitry.training import state
from digitry.training.tasks import Examples
from digitry.workers.equipment import Equipment, check_equipment

if TYPE_CHECKING:
    from digitry.training.cluster.gloo_group import Meeting
    from digitry.training.cluster.shared_torch import SharedTorch


@dataclass(frozen=True)
class SharedJob:
    """What every node needs to know about a training."""

    equipment: Equipment
    recipe: str
    settings: Settings
    answers: tuple[str, ...]
    """What the network distinguishes; when it reads numbers, signs too."""
    seed: int
    steps_per_epoch: int


class TrainingSeat:
    """One worker of a training."""

    def __init__(self, job: SharedJob, cores: int, host: str) -> None:
        """Take the job; `host` is this node's address, at which the other workers reach it."""
        self._job, self._cores, self._host = job, cores, host
        self._model: Any = None
        self._torch: SharedTorch | None = None
        self._meeting: Meeting | None = None

    def open(self, *, is_first: bool) -> int:
        """Build the network; on the first worker, returns the port at which all meet.

        Raises SettingError if this node does not run the driver's versions.
        """
        job = self._job
        check_equipment(job.equipment)
        os.environ.pop("KERAS_BACKEND", None)  # a wish of who started the node, not of this training
        choose_backend("torch")
        import torch

        from digitry.training.cluster.gloo_group import Meeting
        from digitry.training.compiled import build_and_compile

        torch.set_num_threads(self._cores)
        recipe = replace(find_recipe(job.recipe), settings=job.settings)
        self._plan = recipe
        self._model = build_and_compile(recipe, len(job.answers), job.steps_per_epoch)
        self._contract = recipe.contract(self._model, job.answers)
        if is_first:
            self._meeting = Meeting(self._host)
        return self._meeting.port if self._meeting else 0

    def join(self, host: str, port: int, rank: int, size: int, arrays: state.StateArrays) -> None:
        """Connect to the other workers, at the first one's address, and begin from a checkpoint's arrays.

        Raises LostPeerError.
        """
        from digitry.training.cluster.gloo_group import GlooGroup
        from digitry.training.cluster.share import Share
        from digitry.training.cluster.shared_torch import SharedTorch

        job = self._job
        state.restore(self._model, arrays)
        add_up = GlooGroup(self._meeting or (host, port), self._host, rank, size).add_up
        share = Share(rank, size, add_up)
        self._torch = SharedTorch(self._model, self._contract, self._plan, job.seed, job.steps_per_epoch, share)
        self._torch.borrow()

    def take(self, examples: Examples, count: int) -> None:
        """Receive this worker's part of an epoch of `count` examples."""
        assert self._torch is not None
        self._examples, self._torch.count = examples, count

    def train(self, epoch: int, first: int, end: int) -> NDArray[np.float32]:
        """Train on some batches → the running figures of all workers. Raises LostPeerError."""
        assert self._torch is not None
        if first == 0:
            self._torch.figures[:] = 0
        self._torch.train_batches(self._examples, epoch, range(first, end))
        return self._torch.figures

    def answers(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the logits of images, (n, …)."""
        assert self._torch is not None
        return self._torch.answers(images).numpy()  # type: ignore[no-any-return]

    def state(self, *, is_wanted: bool) -> tuple[float, state.StateArrays]:
        """Return how far the weights are from those of the others, and a checkpoint's arrays if wanted."""
        assert self._torch is not None
        apart = self._torch.apart()
        if not is_wanted:
            return apart, {}
        self._torch.give_back()
        return apart, state.capture(self._model)
