"""Strokes and their widths: masks of ink pages and distances inside them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]
"""uint8 (h, w) of 0 and 255."""

_NEIGHBOURS = np.ones((3, 3), np.uint8)


def stroke_mask(ink: NDArray[np.uint8], level: int) -> Mask:
    """Return a mask that is 255 where ink (h, w) has at least this intensity, else 0."""
    return np.multiply(ink >= level, 255, dtype=np.uint8)


def ridge(mask: Mask) -> NDArray[np.float32]:
    """Return the distance to the edge of each pixel along the middle of strokes, float32 (n,); empty without strokes.

    It is measured between pixel centres: a line one pixel wide has distance 1.
    """
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    middle = (distance > 0) & (distance >= cv2.dilate(distance, _NEIGHBOURS))
    return np.asarray(distance[middle], np.float32)
