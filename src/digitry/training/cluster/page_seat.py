"""A node's part in training the page network: it draws its share of every batch and learns from it, on all cores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from numpy.typing import NDArray

from digitry.synthesis.hands import Glyphs
from digitry.workers.equipment import Equipment, check_equipment

if TYPE_CHECKING:
    from digitry.training.cluster.gloo_group import Meeting
    from digitry.training.cluster.shared_pages import SharedPages
    from digitry.training.page_batches import Batch

CORES_A_DRAWER = 4
"""One drawing process for this many learning cores."""


@dataclass(frozen=True)
class PageJob:
    """What every node needs to know about a training."""

    equipment: Equipment
    glyphs: Glyphs
    seed: int
    steps: int
    precision: str
    fall: float


class PageState(NamedTuple):
    """How far a training has come."""

    step: int
    arrays: dict[str, NDArray[Any]]


class PageSeat:
    """One worker of a training, run as a Ray actor."""

    def __init__(self, job: PageJob, cores: int, host: str) -> None:
        """Take the job; `host` is this node's address, at which the other workers reach it."""
        self._job, self._cores, self._host = job, cores, host
        self._learner: SharedPages | None = None
        self._batches: Iterator[Batch] = iter(())
        self._meeting: Meeting | None = None

    def open(self, *, is_first: bool) -> int:
        """Check that everything needed is here; on the first worker, returns the port at which all meet.

        Raises SettingError if this node does not run the driver's versions.
        """
        check_equipment(self._job.equipment)
        import torch

        from digitry.training.cluster.gloo_group import Meeting

        torch.set_num_threads(self._cores)
        if is_first:
            self._meeting = Meeting(self._host)
        return self._meeting.port if self._meeting else 0

    def join(self, host: str, port: int, rank: int, size: int, start: PageState) -> None:
        """Connect to the others, at the first one's address, and begin from a checkpoint. Raises LostPeerError."""
        from digitry.training.cluster.gloo_group import GlooGroup
        from digitry.training.cluster.share import Share
        from digitry.training.cluster.shared_pages import SharedPages
        from digitry.training.page_batches import page_batches

        job = self._job
        add_up = GlooGroup(self._meeting or (host, port), self._host, rank, size).add_up
        self._learner = SharedPages(job.seed, Share(rank, size, add_up), job.precision)
        self._learner.fall = job.fall
        self._learner.restore(*start)
        drawers = max(1, self._cores // CORES_A_DRAWER)
        self._batches = page_batches(job.glyphs, job.seed, start.step, workers=drawers, rank=rank, size=size)

    def learn_until(self, end: int) -> dict[str, float]:
        """Train up to step `end` → the mean of each part of the loss over all workers.

        Raises LostPeerError, and TrainingError when the loss is no longer a number.
        """
        assert self._learner is not None
        return self._learner.learn_until(end, self._job.steps, self._batches)

    def state(self, *, is_wanted: bool) -> tuple[float, PageState | None]:
        """Return how far the weights are from those of the others, and the state of the training if wanted."""
        assert self._learner is not None
        apart = self._learner.apart()
        return apart, PageState(self._learner.step, self._learner.arrays()) if is_wanted else None
