"""The workers that share the training of a recipe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.training import state
from digitry.training.cluster.crew import Crew
from digitry.training.cluster.share import Share
from digitry.training.cluster.training_seat import SharedJob, TrainingSeat
from digitry.training.tasks import Examples


class RecipeCrew(Crew):
    """Workers that begin from a checkpoint's arrays and learn from the examples sent to them."""

    def __init__(self, ray: Any, job: SharedJob, arrays: state.StateArrays, meanwhile: Callable[[], None]) -> None:
        """Set up as `Crew` does; each worker gets a part of every batch."""
        self._batch_size = job.settings.batch_size
        super().__init__(ray, TrainingSeat, job, self._batch_size, arrays, meanwhile)

    def take(self, examples: Examples) -> None:
        """Send each worker its part of an epoch."""
        shares = [Share(rank, self.size, _nothing).of(examples, self._batch_size) for rank in range(self.size)]
        self.ask_each("take", [(share, len(examples.targets)) for share in shares])

    def train(self, epoch: int, first: int, end: int) -> NDArray[np.float32]:
        """Train on some batches → the running figures."""
        figures: NDArray[np.float32] = self.ask("train", epoch, first, end)[0]
        return figures

    def answers(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the logits of images, (n, …); each worker computes a part."""
        return np.concatenate(self.ask_each("answers", [(part,) for part in np.array_split(images, self.size)]))


def _nothing(_: Any) -> None:
    """Sum nothing."""
