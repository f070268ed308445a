"""What a process of a node does: open the reader once a job, then read chunk after chunk."""

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
    """What is asked of every node."""

    name: str
    """No two jobs share one."""
    equipment: Equipment
    models: tuple[bytes, ...]
    """The files of the settings' models: nodes need not have them."""
    settings: ReadingSettings
    finish: Finish[T]


_readers: dict[str, Reader] = {}
"""Of the job that this process is at."""


def new_job(
    equipment: Equipment, models: tuple[bytes, ...], settings: ReadingSettings, finish: Finish[T]
) -> NodeJob[T]:
    """Describe a job under a name of its own."""
    return NodeJob(secrets.token_hex(8), equipment, models, settings, finish)


def read_there(job: NodeJob[T], pictures: Sequence[PictureSource]) -> list[T]:
    """Return what was made of each picture. Raises SettingError where this node does not run what the driver runs."""
    from digitry.reading.batch.here import read_many

    reader = _readers.get(job.name) or _open(job)
    return [job.finish(outcome) for outcome in read_many(reader, pictures, job.settings)]


def _open(job: NodeJob[T]) -> Reader:
    import cv2

    from digitry.reading.batch.here import open_reader

    check_equipment(job.equipment)
    cv2.setNumThreads(1)  # every core has a process of its own; Ray sees to NumPy
    _readers.clear()
    places = job.settings.model
    models = [_opened(data, place) for data, place in zip(job.models, places, strict=True)]
    return _readers.setdefault(job.name, open_reader(job.settings, models))


def _opened(data: bytes, place: str) -> Model:
    """Open a model that is called as it is called where it comes from: reasons name it."""
    model = Model(data, threads=1)
    model.place = place
    return model
