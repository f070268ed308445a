"""Train trials on a Ray cluster: each on whatever node has room, and again on another if that one is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from digitry.runs import Epoch
from digitry.training.tuning.cluster.run_parcel import Parcel, parcel_of, stamps_of, unpack_parcel
from digitry.training.tuning.trial_job import OnEpoch, TrialJob, TrialOutcome
from digitry.training.tuning.trial_process import DIED, outcome_of

LOSSES = 3
"""A trial lost this often without another epoch has failed: it may itself bring its node down."""

LOST = (
    f"the process that trained it was lost {LOSSES} times without another epoch: nodes that died, or ran out of memory"
)


class LostSeatError(Exception):
    """The node, or the process training there, is gone; or nobody wants its answer any more."""


class Seat(Protocol):
    """A place on a node where one trial trains."""

    def ask(self, head: dict[str, Any], parcel: Parcel) -> tuple[dict[str, Any] | None, Parcel]:
        """See `TrialSeat`. Raises LostSeatError."""

    def give_up(self) -> None:
        """Make `ask` raise LostSeatError, from another thread."""

    def end(self) -> None:
        """Leave the node."""


class TrialOnRay:
    """A Trainer: takes a seat for each job, and another if it is lost. The run's folder here is authoritative."""

    def __init__(self, take_seat: Callable[[], Seat]) -> None:
        self._take_seat = take_seat
        self._seat: Seat | None = None
        self._is_killed = False

    def train(self, job: TrialJob, on_epoch: OnEpoch) -> TrialOutcome:
        """Train the job there; its run here is complete up to its last epoch.

        Raises DigitryError, of the same kind as there, for what would fail every training.
        """
        losses, epochs, goes_on = 0, 0, True

        def hear(history: Sequence[Epoch]) -> bool:
            nonlocal losses, epochs, goes_on
            if len(history) > epochs:
                losses, epochs = 0, len(history)
            goes_on = on_epoch(history)
            return goes_on

        while losses < LOSSES and not self._is_killed:
            self._seat = self._take_seat()
            try:
                return self._train_there(self._seat, job, hear)
            except LostSeatError:
                losses += 1
                if not goes_on:  # it was about to end
                    return TrialOutcome(None)
            finally:
                self._seat.end()
                self._seat = None
        return TrialOutcome(None, LOST)

    def _train_there(self, seat: Seat, job: TrialJob, hear: OnEpoch) -> TrialOutcome:
        parcel = parcel_of(job.run, {}, stamps_of(job.run))
        head: dict[str, Any] = {"run": job.run.name, "settings": job.settings, "seed": job.seed}
        while True:
            said, changes = seat.ask(head, parcel)
            unpack_parcel(changes, job.run)
            if said is None:
                return TrialOutcome(None, DIED)
            if "epochs" not in said:
                return outcome_of(said)
            head, parcel = {"go_on": hear(said["epochs"])}, Parcel({})

    def kill(self) -> None:
        """End the current job; the run here stays as it is."""
        self._is_killed = True
        if (seat := self._seat) is not None:
            seat.give_up()

    def close(self) -> None:
        """Do nothing: a seat ends with its job."""
