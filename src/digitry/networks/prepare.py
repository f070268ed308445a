"""Canonical digits and strips → network input: the only place that resizes and scales, for training and reading.

The contract says what a network expects; C programs (`exports/c_source.py`) and the page (`reader.js`) do the same.
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
    """Convert images or strips, uint8 (n, height, width), 0 is paper, to network input, float32 (n, height, width, 1).

    Canonical digits are resized as the contract says, strips keep their size. Raises ValueError for other arrays.
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
    prepared *= np.float32(contract.scale)  # in place: multiplying uint8 by float32 takes ten times as long
    return prepared[..., np.newaxis]


@functools.cache
def resizing(side: int) -> NDArray[np.float32]:
    """Return the matrix, float32 (side, 28), that resizes the rows of a canonical digit to `side` rows: by linear
    interpolation, widened when shrinking.
    """
    step = IMAGE_SIDE / side
    middles = (np.arange(side)[:, np.newaxis] + 0.5) * step - 0.5
    shares = np.maximum(1 - np.abs(middles - np.arange(IMAGE_SIDE)) / max(step, 1), 0)
    found = np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)
    found.setflags(write=False)
    return found
