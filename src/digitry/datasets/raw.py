"""One array, in a file or in memory: what it declares, and its values in pieces."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.errors import DataError

PIECE_BYTES = 1 << 20

MAX_PIXELS = 1 << 32
"""Maximum for all images of one array: five million of 28×28. More would not fit in one computer's memory."""

DTYPE_KINDS = "buifUS"
"""Kinds of NumPy types that are read: booleans, integers, floats, texts."""


@dataclass(frozen=True)
class RawArray:
    """An array that has not been read yet."""

    name: str
    """For people: `x_train`, or the name of a file."""
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    pieces: Callable[[], Iterator[NDArray[Any]]]
    """Starts reading: yields flat values in file order, about 1 MiB at a time, as many as `shape` says, so that nothing
    is allocated just because a header declares it. May be called again."""
    fortran_order: bool = False
    """Whether the first axis varies fastest."""
    drain: Callable[[], Iterator[NDArray[Any]]] | None = None
    """If the values are in memory only for the reader: as `pieces`, but for the last time, freeing each piece."""

    def described(self) -> str:
        """Describe it as NumPy does: `x_train is float32 (60000, 28, 28)`."""
        return f"{self.name} is {self.dtype} {self.shape}"

    def whole(self) -> NDArray[Any]:
        """Read all of it. For labels and other small arrays; images go through `to_images`."""
        flat = np.concatenate(list(self.pieces()))
        return flat.reshape(self.shape[::-1]).T if self.fortran_order else flat.reshape(self.shape)


def raw_array(name: str, values: Any) -> RawArray:
    """Wrap an array in memory: NumPy's, nested lists, or anything with `__array__`, such as tensors and tables.

    Nothing is copied if avoidable. Raises DataError for what NumPy cannot read as numbers or texts.
    """
    array = as_array(name, values)

    def pieces() -> Iterator[NDArray[Any]]:
        rows = max(1, PIECE_BYTES * len(array) // max(1, array.nbytes))
        for start in range(0, len(array), rows):
            yield array[start : start + rows].ravel()

    return RawArray(name, array.dtype, array.shape, pieces)


def as_array(name: str, values: Any) -> NDArray[Any]:
    """Return numbers or texts in memory as a non-empty array of at least one dimension. Raises DataError for anything
    else.
    """
    try:
        array = np.asarray(values)
        if array.dtype == object:
            # To NumPy, texts in tables are objects.
            array = np.asarray(array.tolist())
    except Exception as error:  # of all kinds: a tensor on a GPU, ragged lists, whatever `__array__` raises
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(
            f"{name}, a {type(values).__name__}, cannot become one array ({reason}); give x = numpy.asarray(x), or "
            "x.detach().cpu().numpy() of a tensor"
        ) from error
    if array.dtype.kind not in DTYPE_KINDS:
        raise DataError(f"{name} is {array.dtype} {array.shape}, expected numbers or texts")
    if not array.ndim or not array.size:
        raise DataError(f"{name} is empty: its shape is {array.shape}")
    return array


def check_pixels(name: str, shape: tuple[int, ...]) -> None:
    """Raise DataError if images have more than `MAX_PIXELS` in total."""
    if math.prod(shape) > MAX_PIXELS:
        raise DataError(
            f"{name} declares {math.prod(shape):,} pixels, at most {MAX_PIXELS:,} are read; give a part of it"
        )
