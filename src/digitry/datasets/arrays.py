"""Arrays in memory, or opened from files → a Dataset."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.datasets import Progress
from digitry.datasets.idx import idx_sha256
from digitry.datasets.label_values import to_labels
from digitry.datasets.raw import RawArray, as_array, raw_array
from digitry.datasets.roles import Split as SplitName
from digitry.datasets.roles import pair_up
from digitry.datasets.source import identity
from digitry.datasets.to_images import to_images
from digitry.errors import DataError
from digitry.types import Dataset, Split

ORDER: tuple[SplitName, ...] = ("train", "validation", "test")

PLAIN_NAMES = "x_train, y_train, and perhaps x_test, y_test"

EXPECTED = "(x, y), ((x_train, y_train), (x_test, y_test)), or arrays by name: x_train, y_train, x_test, y_test"


class RawSplit(NamedTuple):
    """Images with their labels, not read yet."""

    images: RawArray
    labels: RawArray


def dataset_from_arrays(
    x: Any,
    y: Any,
    *,
    test: tuple[Any, Any] | None = None,
    class_names: Sequence[str] | None = None,
    name: str = "arrays",
    invert: bool | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Make a dataset from arrays in memory: NumPy arrays, tensors, tables, nested lists.

    `x` and `y`, and those of `test`, may be anything that `to_images` and `to_labels` accept. Raises DataError for
    anything else.
    """
    splits: dict[SplitName, RawSplit] = {"train": RawSplit(raw_array("x", x), raw_array("y", y))}
    if test is not None:
        if not isinstance(test, (tuple, list)) or len(test) != 2:
            raise DataError(f"test must be a pair (x_test, y_test), not a {type(test).__name__}")
        splits["test"] = RawSplit(raw_array("x_test", test[0]), raw_array("y_test", test[1]))
    names = None if class_names is None else tuple(map(str, class_names))
    return dataset_of_splits(name, "arrays", splits, names, invert, progress)


def dataset_from_values(values: Any, invert: bool | None = None, progress: Progress | None = None) -> Dataset:
    """Make a dataset from what people hold in one variable: `EXPECTED`. Raises DataError for anything else."""
    if isinstance(values, Mapping):
        arrays = {
            str(name): raw_array(str(name), value) for name, value in values.items() if str(name) != "class_names"
        }
        names = values.get("class_names")
        class_names = None if names is None else tuple(map(str, names))
        splits = splits_by_name(arrays, list(arrays))
        return dataset_of_splits("arrays", "arrays", splits, class_names, invert, progress)
    if isinstance(values, (tuple, list)) and len(values) == 2:
        first, second = values
        if _is_pair(first) and _is_pair(second):
            return dataset_from_arrays(*first, test=tuple(second), invert=invert, progress=progress)
        return dataset_from_arrays(first, second, invert=invert, progress=progress)
    if isinstance(values, (tuple, list)) and len(values) == 4:
        splits = splits_by_shape([raw_array(f"array {number}", value) for number, value in enumerate(values, 1)])
        return dataset_of_splits("arrays", "arrays", splits, None, invert, progress)
    count = f" of {len(values)}" if isinstance(values, (tuple, list)) else ""
    raise DataError(f"a {type(values).__name__}{count} is not a dataset; expected a name, a path, {EXPECTED}")


def dataset_of_splits(
    name: str,
    source: str,
    splits: Mapping[SplitName, RawSplit],
    class_names: tuple[str, ...] | None = None,
    invert: bool | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Read the images and labels of all splits. A validation split is appended to training, from which a part is held
    back anyway. `source` says where they came from, for people.

    Raises DataError for arrays that are not images and labels, or do not belong together.
    """
    present = [split for split in ORDER if split in splits]
    if "train" not in present:
        raise DataError(f"there are no training images, only those of the {present[0]} split")
    for split in present:
        _check_counts(splits[split])
    images, done = to_images([splits[split].images for split in present], invert, progress)
    labels = to_labels([splits[split].labels for split in present], list(map(len, images)), class_names)
    read: dict[SplitName, tuple[NDArray[Any], ...]] = dict(
        zip(present, zip(images, labels.splits, labels.raw, strict=True), strict=True)
    )
    train = read["train"]
    if last := read.get("validation"):
        train = tuple(np.concatenate(pair) for pair in zip(train, last, strict=True))
        done = ", ".join(filter(None, (done, f"{len(last[0]):,} of them of the validation split")))
    test = read.get("test")
    parts = [train] if test is None else [train, test]
    return Dataset(
        name,
        Split(train[0], train[1]),
        None if test is None else Split(test[0], test[1]),
        labels.class_names,
        identity(idx_sha256(array) for pixels, _, raw in parts for array in (pixels, raw)),
        f"{source}: {len(train[0]):,} images{f', {done}' if done else ''}",
    )


def splits_by_name(arrays: Mapping[str, RawArray], order: Sequence[str]) -> dict[SplitName, RawSplit]:
    """Find images and labels of each split by the names of the arrays or, if NumPy named them (`arr_0`), by their
    shapes. Raises DataError when the names are ambiguous.
    """
    found = pair_up(arrays)
    splits: dict[SplitName, RawSplit] = {}
    for split in ORDER:
        images, labels = found.get((split, "images")), found.get((split, "labels"))
        if (images is None) != (labels is None):
            raise DataError(
                f"the {split} split has {images or labels} and no {'labels' if images else 'images'}; "
                f"expected the arrays {PLAIN_NAMES}; it holds {', '.join(order[:8])}"
            )
        if images is not None and labels is not None:
            splits[split] = RawSplit(arrays[images], arrays[labels])
    if splits:
        return splits
    if all(name.startswith("arr_") for name in order) and len(order) in (2, 4):
        return splits_by_shape([arrays[name] for name in sorted(order, key=lambda name: (len(name), name))])
    raise DataError(
        f"expected the arrays {PLAIN_NAMES}; it holds {', '.join(order[:8])}. Save them again under these names: "
        "d = numpy.load(FILE); numpy.savez('plain.npz', x_train=d[...], y_train=d[...])"
    )


def splits_by_shape(arrays: Sequence[RawArray]) -> dict[SplitName, RawSplit]:
    """Find images and labels, train first, among two or four arrays: images are those with pixels. Raises DataError
    when that is ambiguous.
    """
    images = [array for array in arrays if _looks_like_images(array)]
    labels = [array for array in arrays if not _looks_like_images(array)]
    if len(images) != len(labels) or not images:
        shapes = ", ".join(array.described() for array in arrays)
        raise DataError(f"cannot tell images from labels: {shapes}; expected {EXPECTED}")
    names: tuple[SplitName, SplitName] = ("train", "test")
    return {name: RawSplit(*pair) for name, pair in zip(names, zip(images, labels, strict=True), strict=False)}


def _looks_like_images(array: RawArray) -> bool:
    axes = [size for size in array.shape[1:] if size != 1]
    return len(axes) >= 2 or (len(axes) == 1 and axes[0] >= 64 and math.isqrt(axes[0]) ** 2 == axes[0])


def _is_pair(values: Any) -> bool:
    """Return whether this is (images, labels): equally many, but not of one shape, as two pictures would be."""
    if not isinstance(values, (tuple, list)) or len(values) != 2:
        return False
    try:
        first, second = (as_array("x", value) for value in values)
    except DataError:
        return False
    return len(first) == len(second) and first.shape != second.shape


def _check_counts(split: RawSplit) -> None:
    if split.images.shape[:1] != split.labels.shape[:1]:
        raise DataError(
            f"{split.images.described()} and {split.labels.described()}: expected as many labels as images"
            + (
                f"; the images must come first: {split.images.name} = numpy.moveaxis({split.images.name}, -1, 0)"
                if split.images.shape[-1:] == split.labels.shape[:1]
                else ""
            )
        )
