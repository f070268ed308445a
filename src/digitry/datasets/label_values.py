"""Labels of any usual kind → class names, and one class index per image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.datasets.class_names import MAX_CLASSES, checked_name, natural_key
from digitry.datasets.raw import RawArray
from digitry.errors import DataError
from digitry.types import Labels

_MOST = 255
"""The highest whole number allowed as a label."""


@dataclass(frozen=True)
class ReadLabels:
    """The labels of every split."""

    splits: tuple[Labels, ...]
    """Class indices."""
    class_names: tuple[str, ...]
    raw: tuple[Labels, ...]
    """The labels as given if they were whole numbers, which a dataset's identity is made of; else class indices."""


def to_labels(
    arrays: Sequence[RawArray], counts: Sequence[int], class_names: tuple[str, ...] | None = None
) -> ReadLabels:
    """Read the labels of each split, one per image: whole numbers 0 to 255, texts, or one-hot rows.

    The classes are those that occur, in natural order; with `class_names`, whole numbers are indices into these. Raises
    DataError for anything else, or when labels and images (`counts`) differ in number.
    """
    values = [_values(array, count) for array, count in zip(arrays, counts, strict=True)]
    numbers = [one for one in values if one.dtype.kind == "i"]
    if class_names is not None and len(numbers) == len(values):
        highest = max(int(one.max()) for one in numbers)
        if not max(highest + 1, 2) <= len(class_names) <= MAX_CLASSES or len(set(class_names)) != len(class_names):
            raise DataError(
                f"there are labels up to {highest} and {len(class_names)} class names; expected 2 to {MAX_CLASSES} "
                "classes, each with its own name"
            )
        return ReadLabels(tuple(values), class_names, tuple(values))
    kinds = [np.unique(one, return_inverse=True) for one in values]
    named = [[checked_name(str(kind)) for kind in found] for found, _ in kinds]
    names = sorted({name for found in named for name in found}, key=natural_key)
    if class_names is not None:
        if unknown := set(names) - set(class_names):
            raise DataError(f"the label {min(unknown)!r} is not one of the class names {', '.join(class_names[:20])}")
        names = list(class_names)
    if len(names) > MAX_CLASSES:
        raise DataError(f"{arrays[0].name} has {len(names)} different labels, at most {MAX_CLASSES} classes are learnt")
    place = {name: number for number, name in enumerate(names)}
    splits = tuple(
        np.array([place[name] for name in found], np.int64)[inverse.reshape(-1)]
        for found, (_, inverse) in zip(named, kinds, strict=True)
    )
    return ReadLabels(splits, tuple(names), tuple(values) if len(numbers) == len(values) else splits)


def _values(array: RawArray, count: int) -> NDArray[Any]:
    """Read labels as int64 (count,) or texts (count,)."""
    shape = tuple(size for place, size in enumerate(array.shape) if place == 0 or size != 1)
    if array.shape[0] != count or len(shape) > 2:
        transposed = count in array.shape[1:]
        hint = "; the images must come first: x = numpy.moveaxis(x, -1, 0)" if transposed else ""
        raise DataError(f"{array.described()}, expected one label per image ({count},){hint}")
    if len(shape) == 2:
        return _from_one_hot(array)
    if array.dtype.kind in "US":
        return np.array(texts(array))
    return _whole(array, np.concatenate(list(array.pieces())))


def _whole(array: RawArray, values: NDArray[Any]) -> Labels:
    # Written so that NaN fails too.
    if not ((values >= 0) & (values <= _MOST) & (values == np.rint(values))).all():
        raise DataError(f"{array.name} must hold whole class numbers from 0 to {_MOST}, or texts")
    return values.astype(np.int64)


def _from_one_hot(array: RawArray) -> Labels:
    if array.dtype.kind not in "buif" or array.shape[1] > MAX_CLASSES:
        raise DataError(f"{array.described()}, expected one label per image ({array.shape[0]},), or one-hot rows")
    rows = array.whole().reshape(array.shape[0], -1)
    if not (((rows == 0) | (rows == 1)).all() and (rows.sum(axis=1) == 1).all()):
        raise DataError(
            f"{array.described()}, but its rows are not one-hot, with a single 1 and otherwise 0; if they are "
            "probabilities: y = y.argmax(axis=1)"
        )
    found: Labels = rows.argmax(axis=1).astype(np.int64)
    return found


def texts(array: RawArray) -> list[str]:
    """Read an array of texts, without the null characters that pad them. Raises DataError for anything else."""
    if array.dtype.kind not in "US":
        raise DataError(f"{array.described()}, expected texts")
    codec = "utf-8" if array.dtype.kind == "S" else "utf-32-be" if array.dtype.str[0] == ">" else "utf-32-le"
    size = array.dtype.itemsize
    known: dict[bytes, str] = {}
    found = []
    for piece in array.pieces():
        data = np.ascontiguousarray(piece).tobytes()
        for start in range(0, len(data), size):
            row = data[start : start + size]
            if row not in known:
                try:
                    known[row] = row.decode(codec).rstrip("\0")
                except UnicodeDecodeError as error:
                    raise DataError(f"{array.name} holds something that is not text ({error.reason})") from error
                if len(known) > MAX_CLASSES:
                    raise DataError(f"{array.name} has more than {MAX_CLASSES} different texts")
            found.append(known[row])
    return found
