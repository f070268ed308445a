"""A user's own data → Dataset: class folders, tables of labels or pixels, arrays in .npz, .npy and .mat, IDX files,
parquet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from digitry.datasets import Progress
from digitry.datasets.array_files import (
    NUMPY_SUFFIXES,
    idx_dataset,
    is_idx_images,
    numpy_file_dataset,
    numpy_folder_dataset,
)
from digitry.datasets.arrow_dataset import Shards, arrow_arrays, arrow_layout, arrow_pictures, shards_among
from digitry.datasets.arrow_files import ArrowTable, is_arrow
from digitry.datasets.conversion import refuse_with_conversion
from digitry.datasets.idx import idx_sha256
from digitry.datasets.label_studio import is_label_studio, label_studio_pictures
from digitry.datasets.labelled_pictures import (
    LabelledPicture,
    ToCanonical,
    class_folder_pictures,
    csv_pictures,
    innermost,
    read_pictures,
    visible,
)
from digitry.datasets.mat_file import mat_dataset
from digitry.datasets.one_hot_table import TABLE as ONE_HOT_TABLE
from digitry.datasets.one_hot_table import one_hot_pictures, one_hot_tables
from digitry.datasets.pixel_files import is_table_name, pixel_file_dataset, pixel_folder_dataset, pixel_tables_among
from digitry.datasets.pixel_table import is_pixel_table
from digitry.datasets.source import identity
from digitry.errors import DataError, SettingError
from digitry.types import Dataset, Split

LABELS_TABLE, MAT_SUFFIX = "labels.csv", ".mat"
EXPECTED = "a folder with one sub-folder a class, a labels.csv, a table of pixels, an .npz or IDX files"


def read_own(
    path: Path,
    to_canonical: ToCanonical,
    *,
    strict: bool = False,
    invert: bool | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Read the dataset at `path`, whose kind is recognised by its content: see `EXPECTED`.

    Pictures go through `to_canonical`, arrays through `to_images`, which takes `invert`. The classes are those that
    occur, in natural order, unless an .npz has `class_names`. Raises DataError, which names the path and what is wrong
    with it.
    """
    path = path.absolute()
    try:
        if path.is_dir():
            return _read_folder(path, to_canonical, strict, invert, progress)
        return _read_file(path, to_canonical, strict, invert, progress)
    except DataError as error:
        raise error if str(path) in str(error) else DataError(f"{path}: {error}") from error


def is_of_arrays(path: Path) -> bool:
    """Return whether `read_own` would read arrays or tables of images there, rather than separate picture files.

    Raises DataError when a table cannot be read.
    """
    if path.is_file():
        is_array = path.suffix.lower() in (*NUMPY_SUFFIXES, MAT_SUFFIX) or is_idx_images(path) or is_arrow(path)
        return is_array or (is_table_name(path) and is_pixel_table(path))
    if not path.is_dir():
        return False
    if shards_among(path):
        return True
    inner = innermost(path)
    if (inner / LABELS_TABLE).is_file() and not is_pixel_table(inner / LABELS_TABLE):
        return False
    files = [file for file in visible(inner) if file.is_file()]
    kinds = (*NUMPY_SUFFIXES, MAT_SUFFIX)
    return any(file.suffix.lower() in kinds or is_idx_images(file) for file in files) or bool(pixel_tables_among(files))


def dataset_sha256(train: Split, test: Split | None) -> str:
    """Return the identity of the data; see `digitry.datasets.sources.identity`."""
    splits = [train] if test is None else [train, test]
    return identity(idx_sha256(array) for split in splits for array in (split.images, split.labels))


def _read_folder(
    path: Path, to_canonical: ToCanonical, strict: bool, invert: bool | None, progress: Progress | None
) -> Dataset:
    if shards := shards_among(path):
        return _from_tables(path, shards, to_canonical, strict, invert, progress)
    path = innermost(path)
    if (path / LABELS_TABLE).is_file() and not is_pixel_table(path / LABELS_TABLE):
        return _from_pictures(path, csv_pictures(path / LABELS_TABLE), to_canonical, strict, invert, progress)
    if one_hot := one_hot_tables(path):
        return _from_pictures(path, one_hot_pictures(one_hot), to_canonical, strict, invert, progress)
    files = sorted(file for file in visible(path) if file.is_file())
    exports = [file for file in files if file.suffix.lower() == ".json" and is_label_studio(file)]
    if len(exports) == 1:
        return _from_pictures(path, label_studio_pictures(exports[0]), to_canonical, strict, invert, progress)
    if idx_images := [file for file in files if is_idx_images(file)]:
        return idx_dataset(path, idx_images, invert, progress)
    if arrays := [file for file in files if file.suffix.lower() in NUMPY_SUFFIXES]:
        return numpy_folder_dataset(path, arrays, invert, progress)
    if len(matlab := [file for file in files if file.suffix.lower() == MAT_SUFFIX]) == 1:
        return mat_dataset(matlab[0], invert, progress)
    if tables := pixel_tables_among(files):
        return pixel_folder_dataset(path, tables, invert, progress)
    return _from_pictures(path, class_folder_pictures(path), to_canonical, strict, invert, progress)


def _read_file(
    path: Path, to_canonical: ToCanonical, strict: bool, invert: bool | None, progress: Progress | None
) -> Dataset:
    if not path.is_file():
        raise DataError(f"{path} is neither a file nor a folder; expected {EXPECTED}")
    if is_table_name(path):
        if is_pixel_table(path):
            return pixel_file_dataset(path, invert, progress)
        is_one_hot = path.name == ONE_HOT_TABLE
        pictures = one_hot_pictures({path: "train"}) if is_one_hot else csv_pictures(path)
        return _from_pictures(path, pictures, to_canonical, strict, invert, progress)
    if path.suffix.lower() == ".json" and is_label_studio(path):
        return _from_pictures(path, label_studio_pictures(path), to_canonical, strict, invert, progress)
    if path.suffix.lower() in NUMPY_SUFFIXES:
        return numpy_file_dataset(path, invert, progress)
    if is_idx_images(path):
        return idx_dataset(path, [path], invert, progress)
    if path.suffix.lower() == MAT_SUFFIX:
        return mat_dataset(path, invert, progress)
    if is_arrow(path):
        return _from_tables(path, {"train": [path]}, to_canonical, strict, invert, progress)
    refuse_with_conversion(path)
    raise DataError(f"{path} is of an unknown kind; expected {EXPECTED} (images-idx3, labels-idx1)")


def _from_tables(
    path: Path,
    shards: Shards,
    to_canonical: ToCanonical,
    strict: bool,
    invert: bool | None,
    progress: Progress | None,
) -> Dataset:
    """Read parquet or Arrow tables."""
    layouts = [(table, arrow_layout(table)) for paths in shards.values() for table in map(ArrowTable, paths)]
    if any(layout.pictures is None for _, layout in layouts):
        return arrow_arrays(path, shards, layouts, invert, progress)
    return _from_pictures(path, arrow_pictures(shards, layouts), to_canonical, strict, invert, progress)


def _from_pictures(
    path: Path,
    pictures: Callable[[], Iterable[LabelledPicture]],
    to_canonical: ToCanonical,
    strict: bool,
    invert: bool | None,
    progress: Progress | None,
) -> Dataset:
    if invert is not None:
        raise SettingError(f"{path}: invert is for arrays; in pictures, ink and paper are told apart automatically")
    train, test, class_names, summary = read_pictures(path, pictures, to_canonical, strict=strict, progress=progress)
    folder = path.parent if path.is_file() and not is_arrow(path) else path
    name = folder.stem if is_arrow(folder) else folder.name
    return Dataset(name, train, test, class_names, dataset_sha256(train, test), f"{path}: {summary}")
