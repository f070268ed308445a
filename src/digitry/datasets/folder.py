"""A person's own data → Dataset: class folders, a labels.csv, an .npz, or IDX files."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitry.datasets import Progress
from digitry.datasets.idx import idx_sha256, read_idx
from digitry.datasets.labelled_pictures import (
    MAX_CLASSES,
    ToCanonical,
    checked_name,
    class_folder_pictures,
    csv_pictures,
    read_pictures,
    visible,
)
from digitry.datasets.npz import open_npz
from digitry.datasets.sources import identity
from digitry.errors import DataError
from digitry.types import IMAGE_SIDE, IMAGE_SIZE, Dataset, Images, Labels, Split

LABELS_TABLE = "labels.csv"
EXPECTED = "a folder with one sub-folder a class, a labels.csv, an .npz or IDX files"

_IDX_IMAGES = re.compile(r"images([.-])idx3")
_TEST = re.compile(r"t10k|test", re.IGNORECASE)


def read_own(
    path: Path, to_canonical: ToCanonical, *, strict: bool = False, progress: Progress | None = None
) -> Dataset:
    """Read the dataset at `path`, told by its shape: see `EXPECTED`.

    Pictures go through `to_canonical`; arrays are taken as they are and must be 28×28, light on dark. Whole-number
    labels are class indices, so classes are named "0", "1", … up to the highest one, unless an .npz brings
    `class_names`. Raises DataError, which names the path and what is wrong with it.
    """
    path = path.absolute()
    if path.is_dir():
        if (path / LABELS_TABLE).is_file():
            return _from_pictures(path / LABELS_TABLE, to_canonical, strict, progress)
        idx_images = sorted(file for file in visible(path) if _IDX_IMAGES.search(file.name) and file.is_file())
        if idx_images:
            return _from_idx(path, idx_images)
        return _from_pictures(path, to_canonical, strict, progress)
    if not path.is_file():
        raise DataError(f"{path} is neither a file nor a folder; expected {EXPECTED}")
    if path.suffix.lower() == ".csv":
        return _from_pictures(path, to_canonical, strict, progress)
    if path.suffix.lower() == ".npz":
        return _from_npz(path)
    if _IDX_IMAGES.search(path.name):
        return _from_idx(path, [path])
    raise DataError(f"{path} is of no known kind; expected {EXPECTED} (images-idx3, labels-idx1)")


def dataset_sha256(train: Split, test: Split | None) -> str:
    """Return the identity of the data; see `digitry.datasets.sources.identity`."""
    splits = [train] if test is None else [train, test]
    return identity(idx_sha256(array) for split in splits for array in (split.images, split.labels))


def _from_pictures(path: Path, to_canonical: ToCanonical, strict: bool, progress: Progress | None) -> Dataset:
    try:
        pictures = csv_pictures(path) if path.is_file() else class_folder_pictures(path)
        train, test, class_names, summary = read_pictures(
            path, pictures, to_canonical, strict=strict, progress=progress
        )
    except DataError as error:
        raise _placed(path, error) from error
    folder = path.parent if path.is_file() else path
    return Dataset(folder.name, train, test, class_names, dataset_sha256(train, test), f"{path}: {summary}")


def _from_npz(path: Path) -> Dataset:
    names = ("x_train", "y_train", "x_test", "y_test", "class_names")
    with open_npz(path, names) as npz:
        lacking = {"x_train", "y_train"} - npz.members.keys()
        if lacking or ("x_test" in npz.members) != ("y_test" in npz.members):
            held = ", ".join(sorted(npz.archive.namelist())[:8])
            raise DataError(f"expected the arrays x_train, y_train and perhaps x_test, y_test; it holds {held}")
        arrays = []
        for part in ("train", "test") if "x_test" in npz.members else ("train",):
            images = npz.pixels(f"x_{part}")
            arrays.append((images, npz.whole_numbers(f"y_{part}", len(images))))
        class_names = tuple(map(checked_name, npz.texts("class_names"))) if "class_names" in npz.members else None
    return _from_arrays(path, path.stem, arrays, class_names)


def _from_idx(path: Path, idx_images: list[Path]) -> Dataset:
    alone = path.is_file()
    splits: dict[str, Path] = {}
    for images in idx_images:
        name = "test" if _TEST.search(images.name) and not alone else "train"
        if name in splits:
            raise DataError(
                f"{path} holds two {name} sets, {splits[name].name} and {images.name}; name one of the files"
            )
        splits[name] = images
    if "train" not in splits:
        raise DataError(f"{path} holds no training images, only {splits['test'].name}; name that file to use it")
    arrays = []
    for images in (splits[name] for name in ("train", "test") if name in splits):
        labels = images.with_name(_IDX_IMAGES.sub(r"labels\1idx1", images.name))
        arrays.append((_square(images, read_idx(images, 3)), read_idx(labels, 1).astype(np.int64)))
    return _from_arrays(path, re.sub(r"\W*images[.-]idx3.*", "", path.name) or path.name, arrays, None)


def _square(path: Path, images: Images) -> Images:
    if images.shape[1:] != (IMAGE_SIDE, IMAGE_SIDE):
        height, width = images.shape[1:]
        raise DataError(
            f"{path} holds images of {height}×{width}, expected {IMAGE_SIZE}; to have them fitted, save them as "
            "pictures in class folders"
        )
    return images


def _from_arrays(
    path: Path, name: str, arrays: list[tuple[Images, Labels]], class_names: tuple[str, ...] | None
) -> Dataset:
    splits = []
    for images, labels in arrays:
        if len(images) != len(labels):
            raise DataError(f"{path} holds {len(images):,} images and {len(labels):,} labels")
        if _is_dark_on_light(images):
            raise DataError(f"{path} looks dark on light; expected light digits on black, so store 255 - x")
        splits.append(Split(images, labels))
    highest = max(int(split.labels.max()) for split in splits)
    if class_names is None:
        class_names = tuple(str(index) for index in range(highest + 1))
    if not max(highest + 1, 2) <= len(class_names) <= MAX_CLASSES or len(set(class_names)) != len(class_names):
        raise DataError(
            f"{path} has labels up to {highest} and {len(class_names)} class names; expected 2 to {MAX_CLASSES} "
            "classes, each with a name of its own"
        )
    train, test = splits[0], splits[1] if len(splits) > 1 else None
    return Dataset(name, train, test, class_names, dataset_sha256(train, test), f"{path}: {len(train):,} images")


def _is_dark_on_light(images: NDArray[np.uint8]) -> bool:
    """Tell whether most pixels along the edges of the images are light: in MNIST 0.02% are, in Fashion-MNIST 4%."""
    edges = (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])
    light = sum(int(np.count_nonzero(edge >= 128)) for edge in edges)
    return light > len(images) * 2 * IMAGE_SIDE


def _placed(path: Path, error: DataError) -> DataError:
    return error if str(path) in str(error) else DataError(f"{path}: {error}")
