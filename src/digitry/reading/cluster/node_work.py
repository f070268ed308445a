"""The work of a process on a node: open the reader once per job, then read chunk after chunk."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

from digitry.networks.model import Model
from digitry.reading.batch.records import Finish, PictureSource, ReadingSettings, T
from digitry.workers.equipment import Equipment, check_equipment

if TYPE_CHECKING:
    from digitry.reading import Reader


@dataclass(frozen=True)
class NodeJob(Generic[T]):
    """The job that every node works on."""

    name: str
    """Unique to this job."""
    equipment: Equipment
    models: tuple[bytes, ...]
    """The bytes of the model files, which nodes need not have."""
    settings: ReadingSettings
    finish: Finish[T]


_readers: dict[str, Reader] = {}
"""The reader of this process's current job."""


def new_job(
    equipment: Equipment, models: tuple[bytes, ...], settings: ReadingSettings, finish: Finish[T]
) -> NodeJob[T]:
    """Return a job with a unique name."""
    return NodeJob(secrets.token_hex(8), equipment, models, settings, finish)


def read_there(job: NodeJob[T], pictures: Sequence[PictureSource]) -> list[T]:
    """Return the result for each picture. Raises SettingError if this node runs other versions than the driver."""
    from digitry.reading.batch.here import read_many

    reader = _readers.get(job.name) or _open(job)
    return [job.finish(outcome) for outcome in read_many(reader, pictures, job.settings)]


def _open(job: NodeJob[T]) -> Reader:
    import cv2

    from digitry.reading.batch.here import open_reader

    check_equipment(job.equipment)
    cv2.setNumThreads(1)  # there is a process per core; Ray limits NumPy's threads
    _readers.clear()
    places = job.settings.model
    models = [_opened(data, place) for data, place in zip(job.models, places, strict=True)]
    return _readers.setdefault(job.name, open_reader(job.settings, models))


def _opened(data: bytes, place: str) -> Model:
    """Open a model and give it its original path, which reasons mention."""
    model = Model(data, threads=1)
    model.place = place
    return model
