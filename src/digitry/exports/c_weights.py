"""Weights in 8 bits: so many neighbours share a scale, by which the largest of them is 127."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
"""Weights that share a scale: it costs each of them an eighth of a byte."""


class WeightsIn8Bits(NamedTuple):
    """Arrays of weights, one behind the other."""

    values: NDArray[np.int8]
    """(n,), n a multiple of `block`; zeros fill up an array that is none."""
    scales: NDArray[np.float32]
    """(n / block,): what the values of each block are multiplied by."""
    places: list[int]
    """Where each array begins among the values."""
    block: int = BLOCK

    @property
    def bytes(self) -> int:
        """How many bytes it takes."""
        return self.values.nbytes + self.scales.nbytes


def in_8_bits(arrays: Sequence[NDArray[np.float32]]) -> WeightsIn8Bits:
    """Pack arrays of any shapes, each in its own order of memory, rounded to the nearest step of its blocks."""
    values: list[NDArray[np.int8]] = [np.empty(0, np.int8)]
    scales: list[NDArray[np.float32]] = [np.empty(0, np.float32)]
    places = []
    for array in arrays:
        flat = array.ravel()
        blocks = np.pad(flat, (0, -flat.size % BLOCK)).reshape(-1, BLOCK)
        largest = np.abs(blocks).max(axis=1)
        steps = np.where(largest > 0, largest / 127, 1).astype(np.float32)
        places.append(sum(one.size for one in values))
        values.append(np.rint(blocks / steps[:, None]).astype(np.int8).ravel())
        scales.append(steps)
    return WeightsIn8Bits(np.concatenate(values), np.concatenate(scales), places)
