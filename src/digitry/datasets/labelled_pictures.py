"""A user's labelled pictures: class folders, or a labels.csv → canonical digits with their class names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from digitry.console import warn_caller
from digitry.datasets import Progress
from digitry.datasets.class_names import MAX_CLASSES, checked_name, natural_key
from digitry.datasets.label_table import PICTURE_SUFFIXES, PictureFinder, table_rows
from digitry.datasets.roles import role_of
from digitry.errors import DataError
from digitry.files import cannot_read, label_of_folder
from digitry.types import IMAGE_SIDE, Images, Labels, Split

_NAMED_BAD_FILES = 5
_BLOCK = 1024
_SPLITS = ("train", "test")
_DEEPEST = 4
_DATA_SUFFIXES = (".csv", ".tsv", ".npy", ".npz", ".gz")

ToCanonical = Callable[[Path | bytes], Images]
"""A picture file, or its bytes → its canonical digit, uint8 (28, 28); raises DataError for one that cannot be used."""


@dataclass(frozen=True)
class LabelledPicture:
    """One labelled file."""

    path: Path
    class_name: str
    split: str
    """`train` or `test`."""
    data: bytes | None = None
    """The picture's bytes, if it lies inside another file; `path` then only names it."""


@dataclass
class _GatheredDigits:
    """Collects canonical digits, in blocks, so that growing never copies them all."""

    blocks: list[Images] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)
    """One provisional class number per image, in order of appearance."""
    files: list[Path] = field(default_factory=list)

    def add(self, image: Images, class_number: int, file: Path | None) -> None:
        place = len(self.classes) % _BLOCK
        if not place:
            self.blocks.append(np.empty((_BLOCK, IMAGE_SIDE, IMAGE_SIDE), np.uint8))
        self.blocks[-1][place] = image
        self.classes.append(class_number)
        if file is not None:
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
    """Read pictures; return a training split, a test split if there is one, class names in natural order, and a summary
    of how many pictures there were.

    `pictures` lists the files, the same on every call. Pictures that cannot be used are skipped with a warning that
    counts them, names the first ones and says why; with `strict` they are an error. A class without any usable training
    picture is always an error. `place` is only named in the warning.
    """
    total = sum(1 for _ in pictures())
    gathered = {split: _GatheredDigits() for split in _SPLITS}
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
            if picture.data is None and not picture.path.is_file():
                raise DataError("there is no such file")
            image = to_canonical(picture.path if picture.data is None else picture.data)
        except (DataError, OSError) as error:
            reason = f"{picture.path.name!r}: {getattr(error, 'strerror', None) or error}"
            if strict:
                raise DataError(reason) from error
            bad_count += 1
            if len(bad) < _NAMED_BAD_FILES:
                bad.append(reason)
            continue
        gathered[picture.split].add(image, number, None if picture.data is not None else picture.path)
    if progress is not None:
        progress("reading pictures", total, total)
    summary = f"{total - bad_count:,} pictures"
    if bad_count:
        more = f"; and {bad_count - len(bad)} more" if bad_count > len(bad) else ""
        skipped = f"{bad_count:,} of {total:,} pictures cannot be used ({'; '.join(bad)}{more})"
        if bad_count == total:
            raise DataError(skipped)
        warn_caller(f"{place}: {skipped}; going on without them")
        summary += f", {bad_count:,} passed over"
    return *_splits(gathered, numbers), summary


def class_folder_pictures(folder: Path) -> Callable[[], Iterable[LabelledPicture]]:
    """Return the pictures of a folder with one sub-folder per class, or with such folders in train/, test/ and perhaps
    valid/, in any spelling. Validation pictures are training pictures: a part is held back anyway.

    The order is shuffled, always in the same way: sorted by class, the last part would be a single class. Raises
    DataError when there are no class folders. A test folder without class folders is skipped with a warning.
    """
    found: list[LabelledPicture] = []
    for split, root in split_roots(folder):
        classes = sorted((path for path in visible(root) if path.is_dir()), key=lambda path: natural_key(path.name))
        if not classes and split != "train":
            warn_caller(f"{root} has no class folders, so no labels, and there is no {split} split")
            continue
        if not classes:
            raise DataError(f"{root} has no class folders; expected one subfolder per class, such as {root.name}/7/")
        for place in classes:
            name = checked_name(label_of_folder(place.name))
            files = [path for path in visible(place) if path.suffix.lower() in PICTURE_SUFFIXES]
            if not files:
                raise DataError(f"the class folder {place} has no pictures; add some or remove it")
            found += [
                LabelledPicture(path, name, split) for path in sorted(files, key=lambda path: natural_key(path.name))
            ]
    order = np.random.default_rng(0).permutation(len(found))
    return lambda: (found[index] for index in order)


def split_roots(folder: Path) -> list[tuple[str, Path]]:
    """Return the folders that contain class folders, each with its split, `train` or `test`. Raises DataError when two
    could be one split, or something else lies beside them.
    """
    roles = {path: role_of(path.name) for path in visible(folder) if path.is_dir()}
    splits = {path: role.split for path, role in roles.items() if role.split and not role.of}
    if "train" not in splits.values():
        return [("train", folder)]
    # trainingSample/ beside trainingSet/ is a subset of it.
    extra = sorted(path.name for path, role in roles.items() if path not in splits and not role.split)
    if extra:
        raise DataError(
            f"beside {' and '.join(sorted(path.name for path in splits))} there is {extra[0]}/; move it away"
        )
    roots = [("test" if split == "test" else "train", innermost(path)) for path, split in sorted(splits.items())]
    for split in ("train", "test"):
        names = [path.name for path, found in splits.items() if found == split]
        if len(names) > 1:
            raise DataError(f"{names[0]}/ and {names[1]}/ could both be the {split} split; move one away")
    return roots


def innermost(folder: Path) -> Path:
    """Return the folder that actually holds something, if outer ones hold only one folder that holds more folders or
    data: trainingSet/trainingSet/, MNIST/raw/.
    """
    for _ in range(_DEEPEST):
        inside = visible(folder)
        folders = [path for path in inside if path.is_dir()]
        if len(folders) == 2 and {path.name for path in folders} == {"raw", "processed"}:
            folders = [path for path in folders if path.name == "raw"]  # as torchvision used to leave them
        if len(folders) != 1 or any(_is_data(path) for path in inside):
            return folder
        below = visible(folders[0])
        if folders[0].name != folder.name and not any(path.is_dir() or _is_data(path) for path in below):
            return folder
        folder = folders[0]
    return folder


def _is_data(path: Path) -> bool:
    """Return whether a file may hold data other than a single picture, by its name."""
    return path.is_file() and (path.suffix.lower() in _DATA_SUFFIXES or "idx" in path.name.lower())


def csv_pictures(table: Path) -> Callable[[], Iterable[LabelledPicture]]:
    """Return the pictures that a table names, in order: columns file, label and perhaps split, under any usual names;
    others are ignored.

    Files are relative to the table's folder and must lie inside it; a bare name is searched for anywhere below it.
    """
    finder = PictureFinder(table.parent)

    def rows() -> Iterator[LabelledPicture]:
        for line, row in table_rows(table):
            try:
                yield _picture(row, finder)
            except DataError as error:
                raise DataError(f"line {line}: {error}") from error

    return rows


def _picture(row: dict[str | None, str | None], finder: PictureFinder) -> LabelledPicture:
    file, label, split = row["file"], row["label"], row.get("split")
    if not file or label is None:
        raise DataError("the file or its label is missing")
    path = finder.find(file)
    role = role_of(split or "train")
    if role.split is None or role.of:
        raise DataError(f"the split must be train, validation or test, not {split!r}")
    return LabelledPicture(path, checked_name(label), "test" if role.split == "test" else "train")


def visible(folder: Path) -> list[Path]:
    """Return a folder's content without files hidden by systems or people. Raises DataError when it cannot be read."""
    try:
        return [path for path in folder.iterdir() if not path.name.startswith((".", "__"))]
    except OSError as error:
        raise DataError(cannot_read(folder, error)) from error


def _splits(
    gathered: dict[str, _GatheredDigits], numbers: dict[str, int]
) -> tuple[Split, Split | None, tuple[str, ...]]:
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
