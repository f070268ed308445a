"""What a node does for one trial: train it, in a process and a folder of its own, and hand back what changed there.

Ray makes an actor of it, which holds its share of the node for as long as the trial takes.
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
"""The folder of a trial that was killed is cleared away by one that begins there so much later."""


@dataclass(frozen=True)
class NodeStudy:
    """What every node has to know of a study; each is sent it once."""

    equipment: Equipment
    what: bytes
    """Recipe and dataset, as `pack_trial` makes it: nodes need not have the data."""
    track: str | None
    backend: str | None = None
    """KERAS_BACKEND, where the driver has one."""
    share: NodeShare = ONE_CORE
    """What a trial has of its node."""
    module: str = MODULE
    """What trains, in a process of its own."""
    recipe_files: dict[str, bytes] = field(default_factory=dict)
    """A recipe that is a file, first, and what has its name; each with the name of its folder."""


class TrialSeat:
    """Where one trial trains."""

    def __init__(self, study: NodeStudy) -> None:
        """Do nothing yet: what is raised here Ray takes for the death of the actor."""
        self._study = study
        self._home: Path | None = None
        self._run = Path()
        self._there: Stamps = {}
        """What the driver has."""
        self._worker: Worker | None = None

    def open(self) -> None:
        """Make the trial's folder. Raises SettingError where this node does not run what the driver runs, StorageError
        where it cannot.
        """
        check_equipment(self._study.equipment)
        with _named_node():
            place = Path(tempfile.gettempdir())
            with contextlib.suppress(OSError):  # what kills left is not worth a trial
                remove_stale_temporaries(place, STALE_SECONDS)
            home = temporary_beside(place / "digitry-trial")
            home.mkdir(mode=0o700)
        self._home = home

    def ask(self, head: dict[str, Any], parcel: Parcel) -> tuple[dict[str, Any] | None, Parcel]:
        """Begin with the trial, whose run so far is in the parcel, or say whether it goes on → what is said of it, None
        where its process died, and what has changed in its folder. The seat is open.

        Raises TrainingError where this node has no process to train in, StorageError where it has no room.
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
        """End, from another thread too, and leave nothing behind."""
        if self._worker is not None:
            self._worker.stop()
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)

    def _started(self, home: Path) -> Worker:
        study = self._study
        os.environ.pop("KERAS_BACKEND", None)
        if study.backend is not None:
            os.environ["KERAS_BACKEND"] = study.backend
        if not study.share.gpus:  # Ray says which ones a trial has, but leaves all of them to one that has none
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
    """Raise StorageError, with this node's name, for a folder that cannot be written."""
    try:
        yield
    except (OSError, StorageError) as error:
        raise StorageError(
            f"the node {platform.node()} has no place for a trial ({error}); make room there, or start it with another "
            "TMPDIR"
        ) from error
