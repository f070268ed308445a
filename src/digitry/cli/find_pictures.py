"""The pictures named on a command line by files, folders and patterns; each once, in order."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from digitry.cli import STANDARD_INPUT
from digitry.errors import DataError, SettingError
from digitry.files import cannot_read
from digitry.reading.object_store import is_in_store, pictures_in_store

_SYSTEMS = ("gcs", "abfs", "az", "hdfs", "http", "https", "ftp")
"""Schemes of addresses that people use for pictures but that are not supported."""


def find_pictures(given: Sequence[str]) -> dict[str, str]:
    """Return the pictures as named, each once, mapped to the folder in which it was found; empty for a single file.

    A folder stands for all pictures in and below it, by name; a pattern (`scans/**/*.png`) that is not a file itself,
    for the matching files and folders, by name; an address in an object store (`s3://bucket/scans/`), for the pictures
    there. Raises DataError for a folder without pictures, SettingError for the address of another system.
    """
    found: dict[str, str] = {}
    for place in given:
        if is_in_store(place):
            inside = pictures_in_store(place)
            found.update(dict.fromkeys(inside, "" if inside == [place] else place))
            continue
        for match in _matches(place):
            if match != STANDARD_INPUT and Path(match).is_dir():
                found.update(dict.fromkeys(_pictures_below_or_error(match), match))
            else:
                found.setdefault(match, "")
    return found


def paths_inside(found: Mapping[str, str]) -> dict[str, str]:
    """Return each picture's path relative to the folder in which it was found, beginning with that folder if there are
    several.
    """
    several = len({folder for folder in found.values() if folder}) > 1
    return {name: _inside(name, folder, several) for name, folder in found.items()}


def _inside(name: str, folder: str, several: bool) -> str:
    if name == STANDARD_INPUT:
        return "standard input"
    if not folder:
        return Path(name).name
    below = name[len(folder) :].lstrip(os.sep)
    return str(Path(Path(folder).resolve().name, below)) if several else below


def _matches(place: str) -> list[str]:
    """Return what a pattern matches, by name; anything else unchanged."""
    if os.path.lexists(place) or place == STANDARD_INPUT:
        return [place]
    system, colon, _ = place.partition("://")
    if colon and system.lower() in _SYSTEMS:
        raise SettingError(f"{place} is on another system, which is not read from; copy it here, or mount it")
    if not glob.has_magic(place):
        return [place]
    return sorted(glob.glob(place, recursive=True)) or [place]  # noqa: PTH207 - a pattern may begin anywhere


def _pictures_below_or_error(folder: str) -> list[str]:
    try:
        inside = list(_pictures_below(folder))
    except OSError as error:
        raise DataError(cannot_read(error.filename or folder, error)) from error
    if not inside:
        from digitry.images.sniff import SUFFIXES

        raise DataError(f"{folder} holds no pictures; expected files ending in {', '.join(sorted(SUFFIXES))}")
    return inside


def _pictures_below(folder: str) -> Iterator[str]:
    """Yield all files with a picture's suffix in and below the folder, by name, without hidden files and folders."""
    from digitry.images.sniff import SUFFIXES

    suffixes = tuple(SUFFIXES)
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _pictures_below(entry.path)
            elif entry.name.lower().endswith(suffixes) and entry.is_file():
                yield entry.path
