"""Ink of one digit → canonical digit: fitted into 20×20 and centred by mass in 28×28, as in MNIST."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.ink import median
from digitry.images.strokes import ridge, stroke_mask
from digitry.types import IMAGE_SIDE

BOX_SIDE = 20
"""The longer side of the ink box in a canonical digit, in pixels."""

BOX_LEVEL = 32
"""Ink fainter than this does not count towards the ink box (0 to 255)."""

STROKE_RANGE = (1.5, 4.0)
"""Stroke widths left unchanged, in canonical pixels; MNIST has 1.6 to 4.0 (5th to 95th percentile)."""

_WORK_SIDE = 100
"""Least longer side at which strokes are thickened or thinned: five times the box."""

Ink = NDArray[np.uint8]
"""Ink intensity, uint8 (h, w): 0 is paper, 255 is full ink."""


def canonical(ink: Ink) -> NDArray[np.uint8]:
    """Return the canonical digit, uint8 (28, 28), of all ink in `ink`. Raises ValueError if there is none.

    An MNIST image is unchanged, or nearly so.
    """
    ink = tight(ink)
    longest = max(ink.shape)
    if longest > BOX_SIDE:
        ink = sharpen(ink, gain=min(longest / BOX_SIDE, 4.0))
    return centre(fit(normalise_strokes(ink)))


def tight(ink: Ink) -> Ink:
    """Crop `ink` to its ink box. Raises ValueError if there is none."""
    x, y, width, height = ink_box(ink)
    return ink[y : y + height, x : x + width]


def ink_box(ink: Ink) -> tuple[int, int, int, int]:
    """Return x, y, width, height of the smallest box around all ink. Raises ValueError if there is none."""
    x, y, width, height = cv2.boundingRect(stroke_mask(ink, BOX_LEVEL))
    if not width:
        raise ValueError("there is no ink")
    return x, y, width, height


def sharpen(ink: Ink, gain: float) -> Ink:
    """Raise the contrast around half ink, so that large blurred crops get crisp strokes before they are shrunk."""
    if gain <= 1:
        return ink
    # addWeighted saturates at 0 and 255; convertScaleAbs takes absolute values.
    return np.asarray(cv2.addWeighted(ink, gain, ink, 0, 127.5 * (1 - gain)), np.uint8)


def stroke_width(ink: Ink) -> float:
    """Return the median width of the strokes in pixels: twice the distance from their middle to their edge."""
    scale = max(1.0, _WORK_SIDE / max(ink.shape))
    mask = cv2.copyMakeBorder(stroke_mask(_enlarged(ink, scale), 128), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    distances = ridge(np.asarray(mask, np.uint8))
    return max(2 * median(distances) - 1, 1.0) / scale if distances.size else 0.0


def _enlarged(ink: Ink, scale: float) -> Ink:
    if scale <= 1:
        return ink
    return np.asarray(cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)


def normalise_strokes(ink: Ink) -> Ink:
    """Thicken or thin the strokes of tight ink so that, once fitted, their width is within `STROKE_RANGE`."""
    longest = max(ink.shape)
    width = stroke_width(ink) * BOX_SIDE / longest
    low, high = STROKE_RANGE
    if width == 0 or low <= width <= high:
        return ink
    scale = max(1.0, _WORK_SIDE / longest)
    wanted = low if width < low else high
    # Half the change on each side. Fitting shrinks thickened strokes again, hence the last factor.
    pixel = longest * scale / BOX_SIDE
    margin = (wanted - width) / 2 * pixel * BOX_SIDE / (BOX_SIDE - (wanted - width))
    return tight(offset_edges(_enlarged(ink, scale), margin))


def offset_edges(ink: Ink, margin: float) -> Ink:
    """Move every edge outwards by `margin` pixels (inwards if negative), with antialiasing."""
    pad = int(np.ceil(max(margin, 0))) + 1
    mask = np.pad(stroke_mask(ink, 128), pad)
    if margin >= 0:
        reach = margin + 1 - cv2.distanceTransform(cv2.bitwise_not(mask), cv2.DIST_L2, 5)
    else:
        reach = margin + cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    return np.asarray(np.clip(reach, 0, 1) * 255, np.uint8)


def fit(ink: Ink) -> Ink:
    """Resize tight ink so that its longer side is 20, keeping the aspect ratio; smoothly when it shrinks."""
    height, width = ink.shape
    longest = max(height, width)
    if longest == BOX_SIDE:
        return ink
    size = (max(1, round(width * BOX_SIDE / longest)), max(1, round(height * BOX_SIDE / longest)))
    method = cv2.INTER_AREA if longest > BOX_SIDE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(ink, size, interpolation=method), np.uint8)


def centre(ink: Ink) -> NDArray[np.uint8]:
    """Place fitted ink (at most 20×20) on black 28×28 with its centre of mass within half a pixel of (14, 14)."""
    height, width = ink.shape
    moments = cv2.moments(ink)
    mass = moments["m00"] or 1.0
    half = IMAGE_SIDE // 2
    top = min(max(round(half - moments["m01"] / mass), 0), IMAGE_SIDE - height)
    left = min(max(round(half - moments["m10"] / mass), 0), IMAGE_SIDE - width)
    page = np.zeros((IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    page[top : top + height, left : left + width] = ink
    return page
