"""Ink of one line of writing → ink strip: the band of fixed height that the network for numbers reads."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

STRIP_HEIGHT = 40
"""In pixels. Digits are `DIGIT_HEIGHT` high, give or take a third; the rest is room for slopes and tails."""

DIGIT_HEIGHT = 23

FRAME_PIXELS = 2
"""Columns of a strip per output frame of the network."""

WIDTH_STEP = 4
"""Widths of strips are multiples of this many pixels."""

MAX_WIDTH = 4096
"""In pixels; longer lines are shrunk."""


class Strip(NamedTuple):
    """A strip, and its mapping back to the ink page."""

    ink: NDArray[np.uint8]
    """Ink intensity, uint8 (STRIP_HEIGHT, w)."""
    left: float
    top: float
    """Position of its top left corner on the ink page."""
    scale: float
    """Pixels of the ink page per pixel of the strip, vertically."""
    squeeze: float = 1.0
    """Horizontal scaling of the strip beyond `scale`: below 1 it is narrower."""

    @property
    def column_scale(self) -> float:
        """Pixels of the ink page per pixel of the strip, horizontally."""
        return self.scale / self.squeeze


def resize_strip(ink: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Resize ink (h, w) to a strip, uint8 (STRIP_HEIGHT, width), by averaging or, if enlarged, linear interpolation."""
    method = cv2.INTER_AREA if ink.shape[0] > STRIP_HEIGHT else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(ink, (width, STRIP_HEIGHT), interpolation=method), np.uint8)


def cut_strip(
    ink: NDArray[np.uint8], left: float, middle: float, right: float, scale: float, squeeze: float = 1.0
) -> Strip:
    """Cut a band from an ink page, from `left` to `right` around the row `middle`, shrunk by `scale`; paper outside
    the page. `squeeze` scales its width.
    """
    scale = max(scale, (right - left) / MAX_WIDTH)
    height = STRIP_HEIGHT * scale
    width = int(np.ceil((right - left) * squeeze / scale / WIDTH_STEP)) * WIDTH_STEP
    top = middle - height / 2
    rows, columns = round(height), round(width * scale / squeeze)
    y, x = round(top), round(left)
    band = np.zeros((max(rows, 1), max(columns, 1)), np.uint8)
    y0, x0 = max(y, 0), max(x, 0)
    y1, x1 = min(y + rows, ink.shape[0]), min(x + columns, ink.shape[1])
    if y1 > y0 and x1 > x0:
        band[y0 - y : y1 - y, x0 - x : x1 - x] = ink[y0:y1, x0:x1]
    return Strip(resize_strip(band, width), x, y, scale, squeeze)
