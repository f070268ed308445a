"""Pixel tables, a single one or those of a folder, whose names give their splits → a Dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from digitry.console import warn_caller
from digitry.datasets import Progress
from digitry.datasets.arrays import RawSplit, dataset_of_splits
from digitry.datasets.pixel_table import is_pixel_table, read_pixel_table
from digitry.datasets.roles import Split as SplitName
from digitry.datasets.roles import role_of
from digitry.errors import DataError
from digitry.types import Dataset

TABLE_SUFFIXES = frozenset([".csv", ".tsv", ".txt", ".tab", ".dat", ".data", ".tra", ".tes"])
"""Suffixes of table files; .gz may follow."""


def is_table_name(path: Path) -> bool:
    """Return whether a file may be a table, by its name."""
    return Path(path.name.lower().removesuffix(".gz")).suffix in TABLE_SUFFIXES


def pixel_tables_among(files: Sequence[Path]) -> list[Path]:
    """Return the files of a folder that are pixel tables, by name and first line."""
    found = []
    for file in files:
        try:
            if is_table_name(file) and is_pixel_table(file):
                found.append(file)
        except DataError:
            continue  # damage in other files does not concern this dataset
    return found


def pixel_file_dataset(path: Path, invert: bool | None = None, progress: Progress | None = None) -> Dataset:
    """Read a single pixel table. Raises DataError for one without labels, or a file that is not a pixel table."""
    images, labels = read_pixel_table(path)
    if labels is None:
        raise DataError(
            "it has the pixels of images and no labels, so there is nothing to learn from; name the file with a column "
            "called label"
        )
    name = path.name.partition(".")[0]
    return dataset_of_splits(name, str(path), {"train": RawSplit(images, labels)}, None, invert, progress)


def pixel_folder_dataset(
    folder: Path, files: Sequence[Path], invert: bool | None = None, progress: Progress | None = None
) -> Dataset:
    """Read the pixel tables of a folder: train.csv, test.csv and perhaps valid.csv, or a single one of any name.

    A test table without labels is skipped with a warning; tables whose names give no split are ignored if those of
    others do. Raises DataError for two tables of one split, or no training table.
    """
    found: dict[SplitName | None, Path] = {}
    for file in sorted(files, reverse=True):
        split = role_of(file.name).split if len(files) > 1 else "train"
        other = found.get(split)
        if split and other and file.name != other.name.removesuffix(".gz"):
            raise DataError(f"{other.name} and {file.name} could both be the {split} split; name one of the files")
        found[split] = file
    if "train" not in found:
        raise DataError(f"none of the tables {', '.join(file.name for file in files[:5])} is called train; name one")
    splits: dict[SplitName, RawSplit] = {}
    for split, file in found.items():
        if split is None:
            continue
        images, labels = read_pixel_table(file)
        if labels is not None:
            splits[split] = RawSplit(images, labels)
        elif split == "train":
            raise DataError(f"{file.name} has no labels, so there is nothing to learn from")
        else:
            warn_caller(f"{folder}: {file.name} has no labels, so there is no {split} split")
    return dataset_of_splits(folder.name, str(folder), splits, None, invert, progress)
