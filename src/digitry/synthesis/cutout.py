"""Cutout: hide a square of every image, so that no single stroke decides (DeVries and Taylor, 2017)."""

from __future__ import annotations

import numpy as np

from digitry.types import Images


def cutout(images: Images, side: int, rng: np.random.Generator) -> Images:
    """Return every image, uint8 (n, 28, 28), with a black square of `side` pixels; its centre may be any pixel."""
    height, width = images.shape[1:]
    hidden = []
    for length in (height, width):
        begin = rng.integers(0, length, (len(images), 1)) - side // 2
        places = np.arange(length)
        hidden.append((places >= begin) & (places < begin + side))
    rows, columns = hidden
    return np.where(rows[:, :, np.newaxis] & columns[:, np.newaxis, :], np.uint8(0), images)
