"""How much of a page's content the digit found on it explains: little if it is a part of something else."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.types import Box

_SIDE = 24
_NEAR = np.ones((5, 5), np.uint8)


def explained_share(grey: NDArray[np.uint8], crop: NDArray[np.uint8], box: Box) -> float:
    """Return the share of the page's edges, by squared contrast, on or beside the digit's ink, 0 to 1.

    `grey` is the page (h, w), `crop` the ink of the digit, `box` its place on the page. About 1 for a digit on plain
    paper, less with rules and print around it, little for the sleeve of a coat.
    """
    x, y, width, height = box
    scale = min(1.0, _SIDE / max(width, height, 1))
    energy = _edges(grey, scale)
    size = energy.shape[::-1]
    left, top = min(int(x * scale), size[0] - 1), min(int(y * scale), size[1] - 1)
    wide, tall = min(max(1, round(width * scale)), size[0] - left), min(max(1, round(height * scale)), size[1] - top)
    ink = np.zeros(energy.shape, np.uint8)
    ink[top : top + tall, left : left + wide] = cv2.resize(crop, (wide, tall), interpolation=cv2.INTER_AREA) > 40
    total = float(energy.sum())
    return float(energy[cv2.dilate(ink, _NEAR) > 0].sum()) / total if total > 0 else 1.0


def explained_by_box(grey: NDArray[np.uint8], box: Box) -> float:
    """Return the share of a page's edges, by squared contrast, in or close to a box, 0 to 1; the page is (h, w)."""
    x, y, width, height = box
    scale = min(1.0, _SIDE / max(height, 1))
    energy = _edges(grey, scale)
    edge = 2 / scale
    rows = slice(max(int((y - edge) * scale), 0), int(np.ceil((y + height + edge) * scale)))
    columns = slice(max(int((x - edge) * scale), 0), int(np.ceil((x + width + edge) * scale)))
    total = float(energy.sum())
    return float(energy[rows, columns].sum()) / total if total > 0 else 1.0


def _edges(grey: NDArray[np.uint8], scale: float) -> NDArray[np.float32]:
    """Return the squared gradient at every pixel of a page (h, w) scaled by `scale`."""
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    page = (cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if scale < 1 else grey).astype(np.float32)
    across = cv2.Sobel(page, cv2.CV_32F, 1, 0, borderType=cv2.BORDER_REPLICATE)
    down = cv2.Sobel(page, cv2.CV_32F, 0, 1, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(across * across + down * down, np.float32)
