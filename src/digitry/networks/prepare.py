"""Canonical digits and strips → network input: the only place that resizes and scales, to train and to read.

What a network wants stands in its contract; C programs (`exports/c_source.py`) and the page (`reader.js`) do the same.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from digitry.networks.contract import DARK, Contract
from digitry.types import IMAGE_SIDE

WHITE = 255
"""The lightest pixel."""


def prepare(images: NDArray[np.uint8], contract: Contract) -> NDArray[np.float32]:
    """Make what a network takes of images or strips, uint8 (n, height, width), 0 is paper: float32 (n, …, 1).

    Canonical digits get the side that the contract says, strips keep theirs. Raises ValueError for other arrays.
    """
    if images.dtype != np.uint8 or images.ndim != 3:
        raise ValueError(f"images must be uint8 (n, height, width), not {images.dtype} {images.shape}")
    prepared = images.astype(np.float32)
    side = contract.input_shape[0]
    if contract.reads == "digit" and images.shape[1:] == (IMAGE_SIDE, IMAGE_SIDE) and side != IMAGE_SIDE:
        shares = resizing(side)
        prepared = np.asarray(shares @ prepared @ shares.T, np.float32)
    if contract.polarity == DARK:
        np.subtract(WHITE, prepared, out=prepared)
    prepared *= np.float32(contract.scale)  # in place: a product of uint8 and float32 takes ten times as long
    return prepared[..., np.newaxis]


@functools.cache
def resizing(side: int) -> NDArray[np.float32]:
    """Return what share each row of a canonical digit has in each of `side` rows, float32 (side, 28): linear between
    rows, and over as many as fall together.
    """
    step = IMAGE_SIDE / side
    middles = (np.arange(side)[:, np.newaxis] + 0.5) * step - 0.5
    shares = np.maximum(1 - np.abs(middles - np.arange(IMAGE_SIDE)) / max(step, 1), 0)
    found = np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)
    found.setflags(write=False)
    return found
