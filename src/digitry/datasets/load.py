"""Load a dataset by name or path, and hold a part of it out for validation."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.datasets import Progress
from digitry.datasets.source import Source
from digitry.datasets.view import View, inverted
from digitry.errors import DataError, SettingError, unknown_name
from digitry.files import expanded, folder_for, name_for_a_file
from digitry.types import IMAGE_SIDE, Dataset, Images, Split

HOLD_OUT_METHODS = ("last", "stratified")

Arrays = Sequence[Any] | Mapping[str, Any]
"""Images and labels in memory, as `datasets/arrays.py` takes them."""


def load_dataset(
    source: str | os.PathLike[str] | Arrays,
    *,
    transpose: bool = False,
    rotate: int = 0,
    invert: bool | None = None,
    strict: bool = False,
    progress: Progress | None = None,
) -> Dataset:
    """Load the dataset of that name (`mnist`, `kmnist`, …; fetched if necessary), your own at that path, or arrays:
    `(x, y)`, `((x_train, y_train), (x_test, y_test))`, or a mapping with `x_train`, `y_train` and so on.

    docs/data.md lists what own data may be: pictures in class folders or named by a table, pixel tables, arrays, IDX
    files. Pictures are made canonical by the same code that reads pictures, arrays by `to_images`. A picture that
    cannot be used is skipped with a warning; `strict` makes it an error. A known name takes precedence over a folder of
    that name; write ./mnist for the folder.

    Images that are not upright are turned: `transpose` swaps rows and columns, then `rotate` turns clockwise by 90, 180
    or 270 degrees. `invert` says whether arrays are dark on light; by default their edges decide. All three may also
    follow a path or name, as in `emnist#transpose,rotate=90,invert`, which is what `Dataset.reference` then contains.

    Raises SettingError for a name that is neither known nor a path. Raises DataError for data that cannot be used or
    fetched. Raises StorageError when the cache cannot be written.
    """
    if isinstance(source, (str, os.PathLike)):
        place, view = _place_and_view(source, View(transpose, rotate, invert))
        loaded = _load_place(place, view.invert, strict, progress)
        return replace(view.laid(loaded), reference=f"{loaded.reference}{view.suffix}")
    from digitry.datasets.arrays import dataset_from_values

    view = View(transpose, rotate, invert)
    return view.laid(dataset_from_values(source, invert, progress))


def load_again(reference: str, sha256: str, run: str | os.PathLike[str]) -> Dataset:
    """Load the dataset that a run was trained on, by the name or path in its config.

    Raises DataError when it is no longer the same, or was given as arrays, which a run does not store.
    """
    try:
        dataset = load_dataset(reference)
    except SettingError as error:
        raise DataError(
            f"run {run} was trained on a dataset from Python, {reference}, which it did not save; give it again: data=…"
        ) from error
    if dataset.sha256 != sha256:
        raise DataError(
            f"{reference} is not the data that run {run} was trained on (SHA-256 {dataset.sha256[:12]}…, "
            f"expected {sha256[:12]}…); restore that data"
        )
    return dataset


def data_place(reference: str) -> Path:
    """Return the path of a dataset in a run's config, without the turns of its images; for a table, its folder, since
    both hold the same pictures.
    """
    place = Path(_place_and_view(reference, View())[0])
    return place.parent if place.suffix == ".csv" else place


def _place_and_view(source: str | os.PathLike[str], asked: View) -> tuple[str | os.PathLike[str], View]:
    text = os.fspath(source)
    place, mark, words = text.rpartition("#")
    if not mark or not place or _exists(expanded(text)):
        return source, asked
    return place if isinstance(source, str) else Path(place), asked.joined(View.from_words(words))


def _load_place(
    source: str | os.PathLike[str], invert: bool | None, strict: bool, progress: Progress | None
) -> Dataset:
    from digitry.datasets.sources import get_source, is_known, unknown_dataset

    text = os.fspath(source)
    if isinstance(source, str) and is_known(text):
        known = _load_known(get_source(text), progress)
        return replace(inverted(known) if invert else known, reference=known.name)
    path = expanded(text)
    if _exists(path):
        from digitry.datasets.folder import read_own

        own = read_own(path, _to_canonical, strict=strict, invert=invert, progress=progress)
        return replace(own, reference=str(path.resolve()))
    if "/" in text or os.sep in text or path.suffix or isinstance(source, Path):
        raise DataError(f"there is no file or folder {text}")
    raise SettingError(f"{unknown_dataset(text)}; or give the path of your own data")


def numbered_as(dataset: Dataset, class_names: tuple[str, ...], model: str) -> Dataset:
    """Renumber the classes of a dataset as a model numbers them; classes that it lacks have no images.

    A class may also have the name of its folder, or the name that earlier versions gave its folder if only one class
    had it. Raises DataError for one that the model does not know.
    """
    if dataset.class_names == class_names:
        return dataset
    earlier = [name if folder_for(name) == name else name_for_a_file(name) for name in class_names]
    known = {name: number for number, name in enumerate(earlier) if earlier.count(name) == 1}
    known |= {folder_for(name): number for number, name in enumerate(class_names)}
    known |= {name: number for number, name in enumerate(class_names)}
    unknown = [name for name in dataset.class_names if name not in known]
    if unknown:
        raise DataError(
            f"{dataset.name} has the class {unknown[0]!r}, which {model} does not know; it knows "
            f"{', '.join(class_names[:20])}"
        )
    numbers = np.array([known[name] for name in dataset.class_names], np.int64)
    train, test = (part and replace(part, labels=numbers[part.labels]) for part in (dataset.train, dataset.test))
    assert train is not None
    return replace(dataset, train=train, test=test, class_names=class_names)


def hold_out(
    split: Split, fraction: float, method: str = "last", seed: int = 0, class_names: Sequence[str] = ()
) -> tuple[Split, Split]:
    """Split `split` into training and validation, each in its original order.

    `last` holds out the last part, with Keras' own rounding; `stratified` the same share of every class, chosen by
    `seed`. Raises SettingError when a part would be empty, or the training part would lose a whole class, which the
    message calls by its name in `class_names`.
    """
    held = held_out(split, fraction, method, seed)
    if held.all() or not held.any():
        raise SettingError(f"a validation fraction of {fraction:g} of {len(split)} images leaves one part empty")
    training, validation = split.take(np.flatnonzero(~held)), split.take(np.flatnonzero(held))
    lost = np.setdiff1d(validation.labels, training.labels)
    if lost.size:
        name = repr(class_names[lost[0]]) if class_names else lost[0]
        raise SettingError(
            f"the last {fraction:.0%} of the images hold all of class {name}; set validation_method to stratified"
        )
    return training, validation


def held_out(split: Split, fraction: float, method: str = "last", seed: int = 0) -> NDArray[np.bool_]:
    """Return which images of a split `hold_out` holds out, bool (n,). Raises SettingError for an invalid method or
    fraction.
    """
    if method not in HOLD_OUT_METHODS:
        raise unknown_name("hold-out method", method, HOLD_OUT_METHODS)
    if not 0 < fraction < 1:
        raise SettingError(f"the validation fraction must be above 0 and below 1, not {fraction}")
    held = np.zeros(len(split), bool)
    if method == "last":
        held[math.floor(len(split) * (1 - fraction)) :] = True
        return held
    rng = np.random.default_rng(seed)
    for label in np.unique(split.labels):
        members = np.flatnonzero(split.labels == label)
        held[rng.permutation(members)[: min(round(len(members) * fraction), len(members) - 1)]] = True
    return held


def some_images(split: Split, count: int, seed: int) -> Split:
    """Return `count` images of a split, in order: each class in proportion, but at least one while there is room.

    With one `seed`, a smaller selection is always part of a larger one. Raises SettingError when there are too few.
    """
    if count > len(split):
        raise SettingError(f"training_images is {count:,}, but there are {len(split):,} to learn from; ask for fewer")
    drawn = np.random.default_rng(seed).permutation(len(split))
    place = np.empty(len(split))
    for label in np.unique(split.labels):
        members = np.flatnonzero(split.labels[drawn] == label)
        place[members] = np.arange(len(members)) / len(members)
    return split.take(np.sort(drawn[np.argsort(place, kind="stable")[:count]]))


def _load_known(source: Source, progress: Progress | None) -> Dataset:
    from digitry.datasets.fetch import fetch
    from digitry.datasets.folder import dataset_sha256
    from digitry.datasets.idx import read_idx

    folder = fetch(source.name, progress=progress)
    arrays = [read_idx(folder / file.name, len(file.shape)) for file in source.files]
    for array, file in zip(arrays, source.files, strict=True):
        if array.shape != file.shape:
            raise DataError(f"{folder / file.name} holds an array {array.shape}, expected {file.shape}")
    train, test = (Split(_canonical(arrays[i], progress), arrays[i + 1].astype(np.int64)) for i in (0, 2))
    # The files have just been verified, so the identity is known without hashing them again.
    sha256 = source.sha256 or dataset_sha256(train, test)
    dataset = Dataset(source.name, train, test, source.class_names, sha256, source.title)
    return View(transpose=source.lies_transposed).laid(dataset)


def _canonical(images: NDArray[np.uint8], progress: Progress | None) -> Images:
    """Fit images of another size, light on dark, to the canonical one."""
    if images.shape[1:] == (IMAGE_SIDE, IMAGE_SIDE):
        return images
    from digitry.datasets.to_images import fitted

    return fitted(images, progress)


def _to_canonical(picture: Path | bytes) -> Images:
    # Here, above both packages: `datasets` and `images` do not know each other.
    from digitry.images.canonical_input import canonical_from_bytes, canonical_from_file

    return canonical_from_bytes(picture) if isinstance(picture, bytes) else canonical_from_file(picture)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False  # too long, or contains a null character
