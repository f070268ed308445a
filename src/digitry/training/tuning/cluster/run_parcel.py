"""A run's folder on its way to another machine: names and bytes, in the order in which they were written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from digitry.errors import StorageError
from digitry.files import write_atomically
from digitry.runs import DONE
from digitry.training.checkpoint import LATEST

Stamps = Mapping[str, tuple[int, int]]
"""File name, relative to the folder → time of writing and size."""


@dataclass(frozen=True)
class Parcel:
    """The changes in a run's folder."""

    files: dict[str, bytes]
    gone: tuple[str, ...] = ()


def stamps_of(folder: Path) -> Stamps:
    """Return what is in the folder, except hidden files; nothing if it does not exist."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return {path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


def parcel_of(folder: Path, known: Stamps, now: Stamps) -> Parcel:
    """Return what differs `now` from what is `known` to the other side.

    Files are in the order in which they were written here, so that a kill over there leaves what a kill here could have
    left: files that name others, and the mark of a finished run, come last.
    """
    changed = [name for name, stamp in now.items() if known.get(name) != stamp]
    changed.sort(key=lambda name: (name == DONE, Path(name).name == LATEST, now[name]))
    return Parcel({name: (folder / name).read_bytes() for name in changed}, tuple(known.keys() - now.keys()))


def unpack_parcel(parcel: Parcel, folder: Path) -> None:
    """Write the changes into a run's folder, and nowhere else. Raises StorageError."""
    inside = folder.resolve()
    for name in (*parcel.files, *parcel.gone):
        place = (folder / name).resolve()
        if place == inside or not place.is_relative_to(inside):
            raise StorageError(f"a node sent {name!r}, which is outside {folder}; nothing of it was written")
    for name, data in parcel.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / name, data)
    for name in parcel.gone:
        (folder / name).unlink(missing_ok=True)
