"""The arrays of a MATLAB file → a Dataset: MATLAB counts images along the last axis, and its vectors have two axes."""

from __future__ import annotations

import math
from pathlib import Path

from digitry.datasets import Progress
from digitry.datasets.arrays import RawSplit, dataset_of_splits, splits_by_name
from digitry.datasets.mat import MatArray, read_mat
from digitry.datasets.raw import RawArray
from digitry.errors import DataError
from digitry.types import Dataset


def mat_dataset(path: Path, invert: bool | None = None, progress: Progress | None = None) -> Dataset:
    """Read the images and labels of a .mat file, under any usual names: `X` (h, w, 3, n) with `y` (n, 1), as in SVHN,
    or (n, h·w), or (h·w, n).

    Raises DataError when it holds no such arrays.
    """
    arrays = {array.name: array for array in read_mat(path)}
    if not arrays:
        raise DataError(
            "it holds no plain arrays of numbers (structures and cells are not searched); in MATLAB: "
            "X = s.images; y = s.labels; save('plain.mat', 'X', 'y', '-v7')"
        )
    found = splits_by_name({name: array.raw() for name, array in arrays.items()}, list(arrays))
    splits = {
        name: _images_first(arrays[split.images.name], arrays[split.labels.name]) for name, split in found.items()
    }
    return dataset_of_splits(path.stem, str(path), splits, None, invert, progress)


def _images_first(images: MatArray, labels: MatArray) -> RawSplit:
    count = math.prod(labels.shape)
    is_vector = sorted(labels.shape)[:-1] == [1] * (len(labels.shape) - 1)
    named: RawArray = labels.flat() if is_vector else labels.raw()
    if is_vector and images.shape[-1] == count != images.shape[0]:
        return RawSplit(images.last_axis_first(), named)
    return RawSplit(images.raw(), named)
