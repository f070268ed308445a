"""Weights in 8 bits, in blocks that share a scale, with which the largest of them is 127."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
"""Weights that share a scale, which costs each of them an eighth of a byte."""


class WeightsIn8Bits(NamedTuple):
    """Arrays of weights, concatenated."""

    values: NDArray[np.int8]
    """(n,): each array is padded with zeros to a multiple of `block`."""
    scales: NDArray[np.float32]
    """(n / block,): the factor for the values of each block."""
    places: list[int]
    """Index of the first value of each array."""
    block: int = BLOCK

    @property
    def bytes(self) -> int:
        """Total size in bytes."""
        return self.values.nbytes + self.scales.nbytes


def in_8_bits(arrays: Sequence[NDArray[np.float32]]) -> WeightsIn8Bits:
    """Pack arrays of any shapes in memory order, rounding values to the nearest step of their blocks."""
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
