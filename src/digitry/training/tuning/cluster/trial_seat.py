"""A node's part in one trial: train it in a separate process and folder, and return what changed there.

Ray runs it as an actor, which holds its share of the node for as long as the trial takes.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from digitry.errors import StorageError, TrainingError
from digitry.files import remove_stale_temporaries, temporary_beside
from digitry.training.tuning.cluster.run_parcel import Parcel, Stamps, parcel_of, stamps_of, unpack_parcel
from digitry.training.tuning.trial_job import ONE_CORE, NodeShare
from digitry.training.tuning.trial_process import MODULE
from digitry.workers.equipment import Equipment, check_equipment
from digitry.workers.pool import NoWorkerError, Worker

STALE_SECONDS = 24 * 60 * 60.0
"""A killed trial's folder is removed by the next trial that starts there after this time."""


@dataclass(frozen=True)
class NodeStudy:
    """What every node needs to know about a study; sent to each once."""

    equipment: Equipment
    what: bytes
    """Recipe and dataset, as packed by `pack_trial`: nodes need not have the data."""
    track: str | None
    backend: str | None = None
    """The driver's KERAS_BACKEND, if set."""
    share: NodeShare = ONE_CORE
    """A trial's share of its node."""
    module: str = MODULE
    """The module that trains, in a separate process."""
    recipe_files: dict[str, bytes] = field(default_factory=dict)
    """For a recipe that is a file: that file first, then the one that names it; each with the name of its folder."""


class TrialSeat:
    """Where one trial trains."""

    def __init__(self, study: NodeStudy) -> None:
        """Do nothing yet: Ray takes an exception raised here for the death of the actor."""
        self._study = study
        self._home: Path | None = None
        self._run = Path()
        self._there: Stamps = {}
        """The files that the driver has."""
        self._worker: Worker | None = None

    def open(self) -> None:
        """Make the trial's folder. Raises SettingError if this node does not run the driver's versions, StorageError if
        the folder cannot be made.
        """
        check_equipment(self._study.equipment)
        with _named_node():
            place = Path(tempfile.gettempdir())
            with contextlib.suppress(OSError):  # leftovers of killed trials are not worth failing this one
                remove_stale_temporaries(place, STALE_SECONDS)
            home = temporary_beside(place / "digitry-trial")
            home.mkdir(mode=0o700)
        self._home = home

    def ask(self, head: dict[str, Any], parcel: Parcel) -> tuple[dict[str, Any] | None, Parcel]:
        """Start the trial from the run in the parcel, or tell it whether to go on → its answer, None if its process
        died, and what has changed in its folder. The seat must be open.

        Raises TrainingError if this node cannot start a process, StorageError if it has no room.
        """
        assert self._home is not None
        if "run" in head:
            self._run = self._home / head["run"]
            with _named_node():
                unpack_parcel(parcel, self._run)
            self._there = stamps_of(self._run)
            self._worker = self._started(self._home)
            head = {**head, "run": str(self._run)}
        assert self._worker is not None
        said = self._worker.ask(head)
        now = stamps_of(self._run)
        changes, self._there = parcel_of(self._run, self._there, now), now
        if said is None:
            return None, changes
        if "fatal" in said.head:  # whose disk is full?
            said.head["reason"] = f"on the node {platform.node()}: {said.head['reason']}"
        return said.head, changes

    def end(self) -> None:
        """End, also from another thread, and leave nothing behind."""
        if self._worker is not None:
            self._worker.stop()
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)

    def _started(self, home: Path) -> Worker:
        study = self._study
        os.environ.pop("KERAS_BACKEND", None)
        if study.backend is not None:
            os.environ["KERAS_BACKEND"] = study.backend
        if not study.share.gpus:  # Ray names a trial's GPUs, but hides none from a trial that has none
            os.environ["CUDA_VISIBLE_DEVICES"] = ""
        elif study.share.gpus < 1:  # JAX and TensorFlow would take nearly all of its memory at once
            os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
            os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
        head: dict[str, Any] = {"track": study.track, "threads": study.share.cores}
        if study.recipe_files:
            unpack_parcel(Parcel(study.recipe_files), home / "recipe")
            head["recipe_file"] = str(home / "recipe" / next(iter(study.recipe_files)))
        try:
            return Worker(study.module, head, study.what)
        except NoWorkerError as error:
            raise TrainingError(
                "no process can be started on a node to train in; close other programs there"
            ) from error


@contextlib.contextmanager
def _named_node() -> Iterator[None]:
    """Raise StorageError, naming this node, for a folder that cannot be written."""
    try:
        yield
    except (OSError, StorageError) as error:
        raise StorageError(
            f"the node {platform.node()} has no place for a trial ({error}); make room there, or start it with another "
            "TMPDIR"
        ) from error
