"""A grey page → the same page with its contrast evened out: what a network that looks at pages is shown."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

WINDOW = 33
"""Pixels of the neighbourhood that is taken for paper and its grain."""

FLOOR = 0.03
"""Added to the spread, in shares of white: what varies less than this stays faint."""

LIMIT = 4.0
"""Largest value, in spreads."""


def even_contrast(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Subtract the local mean and divide by the local spread: uint8 (h, w) → float32 (h, w), −4 to 4, 0 for paper."""
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
