"""Files of arrays, .npy, .npz and IDX, alone or together in a folder → a Dataset."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from digitry.datasets import Progress
from digitry.datasets.arrays import PLAIN_NAMES, RawSplit, dataset_of_splits, splits_by_name
from digitry.datasets.class_names import checked_name
from digitry.datasets.idx import read_idx
from digitry.datasets.label_values import texts
from digitry.datasets.npy import read_npy
from digitry.datasets.npz import open_npz
from digitry.datasets.raw import RawArray, raw_array
from digitry.datasets.roles import Role, role_of
from digitry.datasets.roles import Split as SplitName
from digitry.errors import DataError
from digitry.types import Dataset

CLASS_NAMES = "class_names"
NUMPY_SUFFIXES = (".npy", ".npz")

_IDX_IMAGES = re.compile(r"images([.-])idx3", re.IGNORECASE)
_IDX_LABELS = (("idx1", 1), ("idx2", 2))
"""What replaces `idx3` in the name of the labels, and their dimensions: QMNIST's have eight columns, with the class
first."""


def is_idx_images(path: Path) -> bool:
    """Return whether a file holds IDX images, by its name."""
    return bool(_IDX_IMAGES.search(path.name))


def numpy_file_dataset(path: Path, invert: bool | None = None, progress: Progress | None = None) -> Dataset:
    """Read a .npz with images and labels, or a file of images with their labels in a similarly named file beside it.

    Raises DataError when it holds something else.
    """
    arrays, class_names = _arrays_of(path)
    if len(arrays) == 1 or (path.suffix.lower() == ".npz" and _are_images_alone(arrays)):
        name, images = next(iter(arrays.items()))
        splits: dict[SplitName, RawSplit] = {"train": RawSplit(images, _labels_beside(path, name))}
    else:
        splits = splits_by_name(arrays, list(arrays))
    return dataset_of_splits(path.stem, str(path), splits, class_names, invert, progress)


def numpy_folder_dataset(
    folder: Path, files: Sequence[Path], invert: bool | None = None, progress: Progress | None = None
) -> Dataset:
    """Read the .npy and .npz files of a folder, whose names say what they hold: `x_train.npy`,
    `kmnist-test-labels.npz`.

    Raises DataError when the names are ambiguous.
    """
    if len(files) == 1:
        return numpy_file_dataset(files[0], invert, progress)
    arrays: dict[str, RawArray] = {}
    class_names = None
    for file in files:
        found, names = _arrays_of(file)
        class_names = class_names or names
        for name, array in found.items():
            # For train.npz with x and y, the file name gives the split.
            arrays[file.stem if len(found) == 1 else f"{role_of(file.stem).split or ''} {name}".strip()] = array
    return dataset_of_splits(
        folder.name, str(folder), splits_by_name(arrays, list(arrays)), class_names, invert, progress
    )


def idx_dataset(
    path: Path, images: Sequence[Path], invert: bool | None = None, progress: Progress | None = None
) -> Dataset:
    """Read IDX images with the labels beside them: a single file, or those of a folder, told apart by their names.

    A file and its .gz count as one. Raises DataError for two training or test sets, or no training set.
    """
    alone = path.is_file()
    found: dict[SplitName, Path] = {}
    for file in {_without_gz(file): file for file in sorted(images, reverse=True)}.values():
        split: SplitName = "train" if alone else role_of(file.name).split or "train"
        if split in found:
            raise DataError(
                f"{path} holds two {split} sets, {file.name} and {found[split].name}; name one of the files"
            )
        found[split] = file
    if "train" not in found:
        only = next(iter(found.values()))
        raise DataError(f"{path} holds no training images, only {only.name}; name that file to use it")
    splits: dict[SplitName, RawSplit] = {
        split: RawSplit(raw_array(file.name, read_idx(file, 3)), _idx_labels(file)) for split, file in found.items()
    }
    name = re.sub(r"\W*images[.-]idx3.*", "", path.name, flags=re.IGNORECASE) or path.name
    return dataset_of_splits(name, str(path), splits, None, invert, progress)


def _idx_labels(images: Path) -> RawArray:
    for name, dimensions in _IDX_LABELS:
        pattern = _without_gz(images.with_name(_IDX_IMAGES.sub(rf"labels\1{name}", images.name)))
        if dimensions == 2:
            pattern = pattern.removesuffix("-ubyte") + "-int"
        for place in (Path(pattern), Path(f"{pattern}.gz")):
            if place.is_file():
                labels = read_idx(place, dimensions)
                return raw_array(place.name, labels if dimensions == 1 else labels[:, 0])
    # The uncompressed name, which the error names if the file is missing.
    return raw_array("labels", read_idx(images.with_name(_IDX_IMAGES.sub(r"labels\1idx1", images.name)), 1))


def _without_gz(path: Path) -> str:
    return str(path)[:-3] if path.suffix.lower() == ".gz" else str(path)


def _arrays_of(path: Path) -> tuple[dict[str, RawArray], tuple[str, ...] | None]:
    """Open the arrays of a file whose names tell what they are, or else all; and the class names, if given."""
    if path.suffix.lower() == ".npy":
        return {path.stem: read_npy(path)}, None
    npz = open_npz(path)
    names = [name for name in dict.fromkeys(npz.names) if name != CLASS_NAMES]
    known = [name for name in names if _says_something(role_of(name))]
    class_names = None
    if CLASS_NAMES in npz.names:
        class_names = tuple(map(checked_name, texts(npz.array(CLASS_NAMES))))
    if not names:
        raise DataError(f"it is empty; expected the arrays {PLAIN_NAMES}")
    if not known and not (len(names) == 1 or all(name.startswith("arr_") for name in names)):
        splits_by_name({}, names)  # raises an error that says what was expected
    return {name: npz.array(name) for name in known or names}, class_names


def _says_something(role: Role) -> bool:
    return role.what is not None or (role.split is not None and not role.of)


def _are_images_alone(arrays: dict[str, RawArray]) -> bool:
    return len(arrays) == 1 and role_of(next(iter(arrays))).what != "labels"


def _labels_beside(path: Path, name: str) -> RawArray:
    """Open the labels in a similarly named file: kmnist-train-labels.npz beside kmnist-train-imgs.npz."""
    mine = role_of(path.stem)
    if mine.what == "labels":
        raise DataError("it holds labels; name the file with the images")
    for other in sorted(path.parent.iterdir()):
        role = role_of(other.stem)
        if (
            other.suffix.lower() in NUMPY_SUFFIXES
            and (role.what, role.split, role.of) == ("labels", mine.split, mine.of)
            and other.is_file()
        ):
            arrays, _ = _arrays_of(other)
            if len(arrays) == 1:
                return next(iter(arrays.values()))
    raise DataError(
        f"it holds only {name}, and there is no file with the labels beside it, such as "
        f"{_labels_name(path)}; add it, or save both in one: numpy.savez('plain.npz', x_train=x, y_train=y)"
    )


def _labels_name(path: Path) -> str:
    for images in ("images", "imgs", "img", "image", "x", "X"):
        if re.search(rf"(?<![A-Za-z]){images}(?![A-Za-z])", path.name):
            to = {"x": "y", "X": "y"}.get(images, "labels")
            return re.sub(rf"(?<![A-Za-z]){images}(?![A-Za-z])", to, path.name, count=1)
    return f"{path.stem}-labels{path.suffix}"
