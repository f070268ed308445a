"""A picture and the number read on it → the part with that number, enlarged and levelled."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.reading.ink_sheet import InkSheet
from digitry.reading.page import box_around
from digitry.types import Box

ABOVE = 0.5
"""Margin above and below the line of a number, in digit heights. Its effect is in docs/log.md."""

LARGE = 0.5
"""Digits higher than this share of the picture are large enough."""


@dataclass(frozen=True)
class CloserLook:
    """A part of a picture, or all of it."""

    grey: NDArray[np.uint8]
    """uint8 (h, w)."""
    there: NDArray[np.float64] | None = None
    """Affine map from the part to the picture, float (2, 3); None for the whole picture."""

    def corners(self, box: Box) -> NDArray[np.float64]:
        """Map the corners of a box on the part to the picture, float (4, 2)."""
        corners = corners_of(box)
        return corners if self.there is None else np.asarray(corners @ self.there[:, :2].T + self.there[:, 2])

    def place(self, box: Box) -> Box:
        """Return the upright box on the picture around a box on the part."""
        if self.there is None:
            return box
        corners = self.corners(box)
        left, top = np.rint(corners.min(axis=0)).astype(int).tolist()
        right, bottom = np.rint(corners.max(axis=0)).astype(int).tolist()
        return left, top, max(1, right - left), max(1, bottom - top)


def corners_of(box: Box) -> NDArray[np.float64]:
    """Return the four corners of a box in order, float (4, 2)."""
    x, y, width, height = box
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float64)


def closer_look(grey: NDArray[np.uint8], sheet: InkSheet, boxes: list[Box]) -> CloserLook:
    """Cut the line of a number out of its picture, uint8 (h, w), if its digits are small, else keep the whole picture.

    `boxes` are those of its digits, on the sheet.
    """
    tall, scale = max(box[3] for box in boxes), sheet.page.scale
    if tall * scale > LARGE * grey.shape[0]:
        return CloserLook(grey)
    _, y, _, height = box_around(boxes)
    top = y - ABOVE * tall
    size = (round(sheet.turn.size[0] * scale), round((height + 2 * ABOVE * tall) * scale))
    back = cv2.invertAffineTransform(sheet.turn.matrix)
    there = np.column_stack([back[:, :2], scale * (back @ (0, top, 1)) + (sheet.left, sheet.top)])
    inverse = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    part = cv2.warpAffine(grey, there, size, flags=inverse, borderMode=cv2.BORDER_REPLICATE)
    return CloserLook(np.asarray(part, np.uint8), there)
