"""Measure the slope of the writing on a page, and turn the page to level it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.types import Box

MAX_DEGREES = 45

MIN_GAIN = 1.12
"""A slope is accepted only if the contrast between rows is higher by this factor than without it."""

MIN_LENGTH = 1.8
"""Writing shows its slope only if its length is at least this multiple of its height."""

_SIDE = 240


def writing_slope(strokes: NDArray[np.uint8]) -> float:
    """Return the degrees by which the writing in a mask (h, w) falls to the right, -45 to 45; 0 if unclear.

    At the right angle, rows full of ink lie beside empty ones, so the ink changes most from row to row.
    """
    scale = min(1.0, _SIDE / max(strokes.shape))
    if not round(scale * min(strokes.shape)):  # nothing would be left of so long and thin a page
        return 0.0
    small = cv2.resize(strokes, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else strokes
    y, x = np.nonzero(small > 60)
    if len(y) < 20:
        return 0.0
    degrees = np.arange(-MAX_DEGREES, MAX_DEGREES + 1, 3.0)
    scores = [_contrast(x, y, angle) for angle in degrees]
    rough = float(degrees[int(np.argmax(scores))])
    fine = np.clip(np.arange(rough - 2, rough + 2.5, 1.0), -MAX_DEGREES, MAX_DEGREES)
    best = float(fine[int(np.argmax([_contrast(x, y, angle) for angle in fine]))])
    if _contrast(x, y, best) < MIN_GAIN * _contrast(x, y, 0.0):
        return 0.0
    radians = np.deg2rad(best)
    along = x * np.cos(radians) + y * np.sin(radians)
    across = -x * np.sin(radians) + y * np.cos(radians)
    return best if np.ptp(along) >= MIN_LENGTH * np.ptp(across) or _has_lines(across) else 0.0


def _contrast(x: NDArray[np.intp], y: NDArray[np.intp], degrees: float) -> float:
    radians = np.deg2rad(degrees)
    across = -x * np.sin(radians) + y * np.cos(radians)
    rows = np.bincount((across - across.min()).astype(int)).astype(float)
    changes = np.convolve(np.convolve(rows, np.ones(3) / 3), (1, 0, 0, -1))
    return float((changes**2).sum())


def _has_lines(across: NDArray[np.float64]) -> bool:
    """Tell whether empty rows separate the writing into lines."""
    rows = np.bincount((across - across.min()).astype(int))
    return bool((rows == 0).sum() > 0.1 * len(rows))


class Levelling:
    """A rotation of a page about its centre that levels sloping writing, with nothing cut off."""

    def __init__(self, shape: tuple[int, ...], degrees: float) -> None:
        """Prepare for a page of `shape`, height and width; `degrees` are those of `writing_slope`."""
        height, width = shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
        self.size = (int(np.ceil(width * cos + height * sin)), int(np.ceil(width * sin + height * cos)))
        matrix[0, 2] += (self.size[0] - width) / 2
        matrix[1, 2] += (self.size[1] - height) / 2
        self.matrix = matrix
        self.identity = degrees == 0

    def apply(self, page: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn the page, with black outside it."""
        if self.identity:
            return page
        return np.asarray(cv2.warpAffine(page, self.matrix, self.size, flags=cv2.INTER_LINEAR), np.uint8)

    def back(self, box: Box) -> Box:
        """Return the upright box on the page around a box on the turned page."""
        if self.identity:
            return box
        x, y, width, height = box
        corners = np.array([[x, y], [x + width, y], [x, y + height], [x + width, y + height]], np.float64)
        there = cv2.invertAffineTransform(self.matrix)
        moved = corners @ there[:, :2].T + there[:, 2]
        left, top = np.floor(moved.min(axis=0)).astype(int).tolist()
        right, bottom = np.ceil(moved.max(axis=0)).astype(int).tolist()
        return left, top, right - left, bottom - top
