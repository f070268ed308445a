"""Labelled pictures of a person: a folder a class, or a labels.csv → canonical digits with their class names."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

import numpy as np

from digitry.datasets import Progress
from digitry.datasets.class_names import MAX_CLASSES, checked_name, natural_key
from digitry.errors import DataError
from digitry.files import cannot_read
from digitry.types import IMAGE_SIDE, Images, Labels, Split

PICTURE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".dib", ".webp", ".gif"}
    | {".heic", ".heif", ".hif", ".pdf"}
)
"""In a class folder only files with these are pictures, as in a folder that is read; all else is left alone."""

_MAX_LINE = 1 << 16
_NAMED_BAD_FILES = 5
_BLOCK = 1024
_SPLITS = ("train", "test")
_VALIDATION = ("val", "valid", "validation", "dev")

ToCanonical = Callable[[Path], Images]
"""A picture file → its canonical digit, uint8 (28, 28); DataError for one that cannot be used."""


@dataclass(frozen=True)
class LabelledPicture:
    """One labelled file."""

    path: Path
    class_name: str
    split: str
    """`train` or `test`."""


@dataclass
class _Gathered:
    """Canonical digits as they come; blocks, so that growing never copies them all."""

    blocks: list[Images] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)
    """One provisional class number an image, in order of appearance."""
    files: list[Path] = field(default_factory=list)

    def add(self, image: Images, class_number: int, file: Path) -> None:
        place = len(self.classes) % _BLOCK
        if not place:
            self.blocks.append(np.empty((_BLOCK, IMAGE_SIDE, IMAGE_SIDE), np.uint8))
        self.blocks[-1][place] = image
        self.classes.append(class_number)
        self.files.append(file)

    def to_split(self, final: Labels) -> Split:
        images = np.concatenate(self.blocks)[: len(self.classes)]
        return Split(images, final[np.asarray(self.classes, np.int64)], tuple(self.files))


def read_pictures(
    place: Path,
    pictures: Callable[[], Iterable[LabelledPicture]],
    to_canonical: ToCanonical,
    *,
    strict: bool = False,
    progress: Progress | None = None,
) -> tuple[Split, Split | None, tuple[str, ...], str]:
    """Read pictures into a training split, a test split if there is one, class names in natural order, and how many
    pictures there were.

    `pictures` lists the files, the same each time it is called. A picture that cannot be used is passed over with a
    warning that counts them, names the first ones and says why; with `strict` it is an error. A class without any
    usable training picture is an error in any case. `place` is only named in the warning.
    """
    total = sum(1 for _ in pictures())
    gathered = {split: _Gathered() for split in _SPLITS}
    numbers: dict[str, int] = {}
    bad_count = 0
    bad: list[str] = []
    for done, picture in enumerate(pictures()):
        if progress is not None:
            progress("reading pictures", done, total)
        number = numbers.setdefault(picture.class_name, len(numbers))
        if number >= MAX_CLASSES:
            raise DataError(f"more than {MAX_CLASSES} classes; the last was {picture.class_name!r}")
        try:
            if not picture.path.is_file():
                raise DataError("there is no such file")
            image = to_canonical(picture.path)
        except (DataError, OSError) as error:
            reason = f"{picture.path.name!r}: {getattr(error, 'strerror', None) or error}"
            if strict:
                raise DataError(reason) from error
            bad_count += 1
            if len(bad) < _NAMED_BAD_FILES:
                bad.append(reason)
            continue
        gathered[picture.split].add(image, number, picture.path)
    if progress is not None:
        progress("reading pictures", total, total)
    summary = f"{total - bad_count:,} pictures"
    if bad_count:
        more = f"; and {bad_count - len(bad)} more" if bad_count > len(bad) else ""
        skipped = f"{bad_count:,} of {total:,} pictures cannot be used ({'; '.join(bad)}{more})"
        if bad_count == total:
            raise DataError(skipped)
        warnings.warn(f"{place}: {skipped}; going on without them", stacklevel=2)
        summary += f", {bad_count:,} passed over"
    return *_splits(gathered, numbers), summary


def class_folder_pictures(folder: Path) -> Callable[[], Iterable[LabelledPicture]]:
    """Return the pictures of a folder with one sub-folder a class, or with such folders in train/ and test/.

    The order is shuffled, always the same way: sorted by class, the last part would hold one class alone. Raises
    DataError when there are no class folders, or when a validation folder lies beside train/.
    """
    below = {path.name for path in visible(folder) if path.is_dir()}
    splits = below & set(_SPLITS)
    if "train" in splits:
        extra = sorted(below - splits)
        if extra:
            hint = "; validation is held out of train/, so move its pictures there" if extra[0] in _VALIDATION else ""
            raise DataError(f"beside train/ and test/ there is {extra[0]}/{hint}")
        roots = {split: folder / split for split in _SPLITS if split in splits}
    else:
        roots = {"train": folder}
    found: list[LabelledPicture] = []
    for split, root in roots.items():
        classes = sorted((path for path in visible(root) if path.is_dir()), key=lambda path: natural_key(path.name))
        if not classes:
            raise DataError(f"{root} has no class folders; expected one sub-folder a class, such as {root.name}/7/")
        for place in classes:
            name = checked_name(place.name)
            files = [path for path in visible(place) if path.suffix.lower() in PICTURE_SUFFIXES]
            if not files:
                raise DataError(f"the class folder {place} has no pictures; add some or remove it")
            found += [
                LabelledPicture(path, name, split) for path in sorted(files, key=lambda path: natural_key(path.name))
            ]
    order = np.random.default_rng(0).permutation(len(found))
    return lambda: (found[index] for index in order)


def csv_pictures(table: Path) -> Callable[[], Iterable[LabelledPicture]]:
    """Return the pictures that a labels.csv names, in its order: columns file, label and perhaps split; others are
    ignored.

    Files are relative to the table's folder and must lie inside it.
    """

    def rows() -> Iterator[LabelledPicture]:
        for line, row in table_rows(table):
            try:
                yield _picture(row, table.parent)
            except DataError as error:
                raise DataError(f"line {line}: {error}") from error

    return rows


def table_columns(table: Path) -> list[str]:
    """Return the columns that the first line of a table names; none where there is no such line."""
    with suppress(UnicodeDecodeError, csv.Error, OSError), table.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader([file.readline(_MAX_LINE)]), [])
    return []


def table_rows(
    table: Path, columns: Sequence[str] = ("file", "label")
) -> Iterator[tuple[int, dict[str | None, str | None]]]:
    """Yield the rows of a table with these columns, each with the number of its last line; others may follow.

    Raises DataError when it is no such table; what stands in a row is for the caller to judge.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(_bounded_lines(iter(lambda: file.readline(_MAX_LINE), "")), strict=True)
            if not set(columns) <= set(reader.fieldnames or ()):
                raise DataError(f"the first line must name the columns {','.join(columns)} (and perhaps split)")
            for row in reader:
                yield reader.line_num, row
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"this is not a table of comma-separated UTF-8 text ({error})") from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}") from error


def file_within(folder: Path, file: str) -> Path:
    """Return the path of a file that a table names. Raises DataError for one outside the table's own folder."""
    windows = PureWindowsPath(file)
    if windows.anchor or ".." in windows.parts:
        raise DataError(f"{file!r} must be a path inside the table's own folder")
    return folder / file


def _picture(row: dict[str | None, str | None], folder: Path) -> LabelledPicture:
    file, label, split = row["file"], row["label"], row.get("split")
    if not file or label is None:
        raise DataError("the file or its label is missing")
    path = file_within(folder, file)
    split = (split or "train").strip().lower()
    if split not in _SPLITS:
        hint = "; validation is held out of train" if split in _VALIDATION else ""
        raise DataError(f"the split must be train or test, not {split!r}{hint}")
    return LabelledPicture(path, checked_name(label), split)


def _bounded_lines(lines: Iterator[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if len(line) == _MAX_LINE:
            raise DataError(f"line {number} is longer than {_MAX_LINE:,} characters")
        yield line


def visible(folder: Path) -> list[Path]:
    """Return what lies in a folder but for what systems and people hide there. Raises DataError when it cannot be
    read.
    """
    try:
        return [path for path in folder.iterdir() if not path.name.startswith((".", "__"))]
    except OSError as error:
        raise DataError(cannot_read(folder, error)) from error


def _splits(gathered: dict[str, _Gathered], numbers: dict[str, int]) -> tuple[Split, Split | None, tuple[str, ...]]:
    names = sorted(numbers, key=natural_key)
    if not names:
        raise DataError("no pictures")
    final = np.empty(len(names), np.int64)
    final[[numbers[name] for name in names]] = np.arange(len(names))
    present = set(gathered["train"].classes)
    for name in names:
        if numbers[name] not in present:
            raise DataError(f"class {name!r} has no usable training picture")
    test = gathered["test"].to_split(final) if gathered["test"].classes else None
    return gathered["train"].to_split(final), test, tuple(names)
