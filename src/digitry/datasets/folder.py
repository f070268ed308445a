"""A person's own data → Dataset: class folders, a table of labels, arrays in .npz and .npy, or IDX files."""

from __future__ import annotations

from pathlib import Path

from digitry.datasets import Progress
from digitry.datasets.array_files import (
    NUMPY_SUFFIXES,
    idx_dataset,
    is_idx_images,
    numpy_file_dataset,
    numpy_folder_dataset,
)
from digitry.datasets.conversion import refuse_with_conversion
from digitry.datasets.idx import idx_sha256
from digitry.datasets.labelled_pictures import (
    ToCanonical,
    class_folder_pictures,
    csv_pictures,
    innermost,
    read_pictures,
    visible,
)
from digitry.datasets.pixel_files import is_table_name, pixel_file_dataset, pixel_folder_dataset, pixel_tables_among
from digitry.datasets.pixel_table import is_pixel_table
from digitry.datasets.source import identity
from digitry.errors import DataError, SettingError
from digitry.types import Dataset, Split

LABELS_TABLE = "labels.csv"
EXPECTED = "a folder with one sub-folder a class, a labels.csv, a table of pixels, an .npz or IDX files"


def read_own(
    path: Path,
    to_canonical: ToCanonical,
    *,
    strict: bool = False,
    invert: bool | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Read the dataset at `path`, told by its shape: see `EXPECTED`.

    Pictures go through `to_canonical`, arrays through `to_images`, to which `invert` belongs. The classes are those
    that occur, in natural order, unless an .npz brings `class_names`. Raises DataError, which names the path and what
    is wrong with it.
    """
    path = path.absolute()
    try:
        if path.is_dir():
            return _read_folder(path, to_canonical, strict, invert, progress)
        return _read_file(path, to_canonical, strict, invert, progress)
    except DataError as error:
        raise error if str(path) in str(error) else DataError(f"{path}: {error}") from error


def dataset_sha256(train: Split, test: Split | None) -> str:
    """Return the identity of the data; see `digitry.datasets.sources.identity`."""
    splits = [train] if test is None else [train, test]
    return identity(idx_sha256(array) for split in splits for array in (split.images, split.labels))


def _read_folder(
    path: Path, to_canonical: ToCanonical, strict: bool, invert: bool | None, progress: Progress | None
) -> Dataset:
    path = innermost(path)
    if (path / LABELS_TABLE).is_file() and not is_pixel_table(path / LABELS_TABLE):
        return _from_pictures(path / LABELS_TABLE, to_canonical, strict, invert, progress)
    files = sorted(file for file in visible(path) if file.is_file())
    if idx_images := [file for file in files if is_idx_images(file)]:
        return idx_dataset(path, idx_images, invert, progress)
    if arrays := [file for file in files if file.suffix.lower() in NUMPY_SUFFIXES]:
        return numpy_folder_dataset(path, arrays, invert, progress)
    if tables := pixel_tables_among(files):
        return pixel_folder_dataset(path, tables, invert, progress)
    return _from_pictures(path, to_canonical, strict, invert, progress)


def _read_file(
    path: Path, to_canonical: ToCanonical, strict: bool, invert: bool | None, progress: Progress | None
) -> Dataset:
    if not path.is_file():
        raise DataError(f"{path} is neither a file nor a folder; expected {EXPECTED}")
    if is_table_name(path):
        if is_pixel_table(path):
            return pixel_file_dataset(path, invert, progress)
        return _from_pictures(path, to_canonical, strict, invert, progress)
    if path.suffix.lower() in NUMPY_SUFFIXES:
        return numpy_file_dataset(path, invert, progress)
    if is_idx_images(path):
        return idx_dataset(path, [path], invert, progress)
    refuse_with_conversion(path)
    raise DataError(f"{path} is of no known kind; expected {EXPECTED} (images-idx3, labels-idx1)")


def _from_pictures(
    path: Path, to_canonical: ToCanonical, strict: bool, invert: bool | None, progress: Progress | None
) -> Dataset:
    if invert is not None:
        raise SettingError(f"{path}: invert is for arrays; of each picture it is seen what is ink and what is paper")
    pictures = csv_pictures(path) if path.is_file() else class_folder_pictures(path)
    train, test, class_names, summary = read_pictures(path, pictures, to_canonical, strict=strict, progress=progress)
    folder = path.parent if path.is_file() else path
    return Dataset(folder.name, train, test, class_names, dataset_sha256(train, test), f"{path}: {summary}")
