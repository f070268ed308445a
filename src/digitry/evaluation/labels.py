"""A user's labelled pictures → what to read and the expected results; nothing is decoded here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from digitry.datasets.class_names import natural_key
from digitry.datasets.folder import LABELS_TABLE, is_of_arrays
from digitry.datasets.label_studio import is_label_studio, label_studio_pictures
from digitry.datasets.label_table import PictureFinder, table_rows
from digitry.datasets.labelled_pictures import LabelledPicture, class_folder_pictures, innermost
from digitry.datasets.load import load_dataset
from digitry.datasets.one_hot_table import TABLE, one_hot_pictures, one_hot_tables
from digitry.datasets.pixel_files import is_table_name
from digitry.errors import DataError
from digitry.files import cannot_read
from digitry.types import TEN_DIGITS, Images

EXPECTED = (
    "a folder with a labels.csv (columns file,label) or with class folders 0/ to 9/, a .csv file itself, or arrays or "
    "a table of pixels with labels"
)


@dataclass(frozen=True)
class Labelled:
    """One picture with its label; `problem` says why it cannot be evaluated."""

    path: Path
    name: str
    """As in the table, or class/file."""
    label: str
    author: str = ""
    split: str = ""
    problem: str | None = None
    is_name: bool = False
    """Whether the label is a class name rather than a number."""
    image: Images | None = None
    """The picture itself, uint8 (28, 28), if it comes from an array, whose path is then `path`."""

    @property
    def picture(self) -> Path | Images:
        """What to read."""
        return self.path if self.image is None else self.image

    @property
    def wanted(self) -> str:
        """The right answer: the label's digits, "1250" for "1,250", or the class; empty if unknown."""
        return "" if self.problem else self.label if self.is_name else digits_of(self.label)


def read_labels(place: Path, expect: str, class_names: tuple[str, ...] = TEN_DIGITS) -> list[Labelled]:
    """Read the labelled pictures of a folder, table or array, in order; class folders are sorted. Of arrays, the test
    split counts if there is one.

    Labels are whole numbers, or class names if the classes are not the ten digits. If some are marked as `test`, in a
    split column or by a folder of that name, only those count: the others are for training. Raises DataError when there
    is no list of pictures, or it is empty.
    """
    table = place / LABELS_TABLE if place.is_dir() else place
    try:
        if is_of_arrays(place):
            found = _of_arrays(place)
        elif one_hot := one_hot_tables(place if place.is_dir() else place.parent if place.name == TABLE else place):
            found = _of_pictures(one_hot_pictures(one_hot)(), place if place.is_dir() else place.parent)
        elif place.suffix.lower() == ".json" and is_label_studio(place):
            found = _of_pictures(label_studio_pictures(place)(), place.parent)
        elif table.is_file() and (place.is_dir() or is_table_name(place)):
            finder = PictureFinder(table.parent)
            found = [_of_row(line, row, table.parent, finder) for line, row in table_rows(table)]
        elif place.is_dir() and any(path.is_dir() for path in place.iterdir()):
            found = _of_class_folders(innermost(place))
        else:
            raise DataError(f"expected {EXPECTED}" if place.exists() else "there is no such file or folder")
        if not found:
            raise DataError("no picture is listed")
    except OSError as error:
        raise DataError(cannot_read(place, error)) from error
    except DataError as error:
        raise error if str(place) in str(error) else DataError(f"{place}: {error}") from error
    tests = [one for one in found if one.split == "test"]
    if class_names != TEN_DIGITS:
        return [_checked_name(one, class_names) for one in tests or found]
    return [_checked(one, expect) for one in tests or found]


def digits_of(text: str) -> str:
    """Return the digits 0 to 9 of a text, in order."""
    return re.sub("[^0-9]", "", text)


def _of_row(line: int, row: dict[str | None, str | None], folder: Path, finder: PictureFinder) -> Labelled:
    file, label = (row["file"] or "").strip(), (row["label"] or "").strip()
    author, split = ((row.get(name) or "").strip() for name in ("author", "split"))
    split = split.lower()
    if not file:
        return Labelled(folder, f"line {line}", label, author, split, "the row names no file")
    try:
        path = finder.find(file)
    except DataError as error:
        return Labelled(folder, file, label, author, split, str(error))
    return Labelled(path, file, label, author, split)


def _of_class_folders(folder: Path) -> list[Labelled]:
    pictures = _of_pictures(class_folder_pictures(folder)(), folder)
    return sorted(pictures, key=lambda one: (natural_key(one.label), natural_key(one.path.name)))


def _of_pictures(pictures: Iterable[LabelledPicture], folder: Path) -> list[Labelled]:
    return [
        Labelled(one.path, one.path.relative_to(folder).as_posix(), one.class_name, split=one.split) for one in pictures
    ]


def _of_arrays(place: Path) -> list[Labelled]:
    dataset = load_dataset(place)
    part, split = (dataset.train, "train") if dataset.test is None else (dataset.test, "test")
    return [
        Labelled(place, f"image {number}", dataset.class_names[label], split=split, image=image)
        for number, (image, label) in enumerate(zip(part.images, part.labels, strict=True), 1)
    ]


def _checked(one: Labelled, expect: str) -> Labelled:
    if one.problem:
        return one
    digits, problem = digits_of(one.label), None
    if not one.label:
        problem = "the label is empty"
    elif not digits or any(c.isalpha() for c in one.label):
        problem = f"the label {one.label[:40]!r} is not a whole number"
    elif expect == "digit" and len(digits) != 1:
        problem = f"the label {one.label[:40]!r} is not one digit; measure numbers with --expect number"
    elif not one.path.exists():
        problem = "there is no such file"
    return replace(one, problem=problem)


def _checked_name(one: Labelled, class_names: tuple[str, ...]) -> Labelled:
    problem = one.problem
    if not problem and one.label not in class_names:
        problem = f"the label {one.label[:40]!r} is none of {', '.join(class_names[:20])}"
    elif not problem and not one.path.exists():
        problem = "there is no such file"
    return replace(one, problem=problem, is_name=True)
