"""A published file, as packed by its publisher → the raw IDX files that are made from it."""

from __future__ import annotations

import bz2
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitry.datasets.gunzip import PIECE_BYTES, chunks_of, gunzip
from digitry.datasets.idx import read_idx, to_idx
from digitry.datasets.source import PublishedFile, SourceFile
from digitry.errors import DataError

_MAX_TEXT_BYTES = 1 << 26
_EMNIST = {"train": "train", "t10k": "test"}
"""Our file name prefix → EMNIST's name of the split."""


def unpack(
    published: PublishedFile, path: Path, files: Sequence[SourceFile]
) -> Iterator[tuple[SourceFile, Iterable[bytes]]]:
    """Yield each raw file that is made from `published`, a verified file at `path`, and its bytes in pieces.

    Raises DataError if the content is not what its publisher describes.
    """
    wanted = [file for file in files if file.name in published.makes]
    if published.kind == "idx":
        yield wanted[0], gunzip(chunks_of(path), wanted[0].size_bytes)
    elif published.kind == "qmnist labels":
        # The first of its eight columns is the digit, the others say who wrote it.
        yield wanted[0], [to_idx(read_idx(path, 2)[:, 0])]
    elif published.kind == "emnist":
        for file in wanted:
            yield file, _emnist_member(path, file)
    else:
        images, labels = _usps(path, wanted[0].shape[1:])
        yield from zip(wanted, ([to_idx(images)], [to_idx(labels)]), strict=True)


def _emnist_member(path: Path, file: SourceFile) -> Iterator[bytes]:
    split, _, rest = file.name.partition("-")
    name = f"gzip/emnist-digits-{_EMNIST[split]}-{rest}.gz"
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as member:
            yield from gunzip(iter(lambda: member.read(PIECE_BYTES), b""), file.size_bytes)
    except (KeyError, zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{path.name} does not hold {name} ({error})") from error


def _usps(path: Path, shape: tuple[int, ...]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read lines of `label 1:value 2:value …`: labels 1 to 10 for the digits 0 to 9, values -1 to 1."""
    count = int(np.prod(shape))
    try:
        with bz2.open(path) as packed:
            text = packed.read(_MAX_TEXT_BYTES + 1)
        if len(text) > _MAX_TEXT_BYTES:
            raise DataError(f"{path.name} holds more than {_MAX_TEXT_BYTES:,} bytes of text")
        rows = [line.split() for line in text.splitlines()]
        labels = np.array([int(row[0]) for row in rows]) - 1
        values = np.full((len(rows), count), -1.0, np.float32)
        for row, fields in zip(values, rows, strict=True):
            for field in fields[1:]:
                place, _, value = field.partition(b":")
                row[int(place) - 1] = value
    except (OSError, EOFError, ValueError, IndexError) as error:
        raise DataError(f"{path.name} does not match its publisher's description ({error})") from error
    if not rows or not ((labels >= 0) & (labels <= 9)).all() or not (np.abs(values) <= 1).all():
        raise DataError(f"{path.name} has labels or values that are not those of digits")
    images = np.rint((values + 1) * 127.5).astype(np.uint8)
    return images.reshape(-1, *shape), labels.astype(np.uint8)
