"""A grey page → the page with even contrast: the input of a network for pages."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

WINDOW = 33
"""Side, in pixels, of the neighbourhood from which paper and its texture are estimated."""

FLOOR = 0.03
"""Added to the standard deviation, where white is 1, so that smaller variations stay faint."""

LIMIT = 4.0
"""Largest absolute value, in standard deviations."""


def even_contrast(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Standardise a page locally: uint8 (h, w) → float32 (h, w), clipped to −4 to 4, about 0 for paper."""
    page = grey.astype(np.float32) * np.float32(1 / 255)
    size = (WINDOW, WINDOW)
    mean = np.asarray(cv2.blur(page, size, borderType=cv2.BORDER_REFLECT_101), np.float32)
    square = np.asarray(cv2.sqrBoxFilter(page, cv2.CV_32F, size, borderType=cv2.BORDER_REFLECT_101), np.float32)
    page -= mean
    square -= mean * mean
    np.maximum(square, 0, out=square)
    np.sqrt(square, out=square)
    square += np.float32(FLOOR)
    page /= square
    return np.clip(page, -LIMIT, LIMIT, out=page)
