"""Canonical digits → what they are and how sure that is: as for pictures, where these are canonical digits at all."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.one_thread import on_one_thread
from digitry.images.segment import is_blot
from digitry.images.stages import BLANK, MAX_HOLES, MIN_SMOOTHNESS, hole_count
from digitry.reading import one_digit
from digitry.reading.networks import Networks
from digitry.types import IMAGE_SIDE, TEN_DIGITS, Images

INK = 64
"""Grey levels below are no part of a stroke."""

LONGEST = range(12, 22)
"""Pixels of a digit's longer side. Those of MNIST are fitted into 20, and have 14 to 20."""

OFF_CENTRE = 1.5
"""Pixels from the middle to the centre of mass, at most. In MNIST it is half a pixel."""

NOISE = "there is noise, but no clear stroke"
NOT_FITTED = "the ink is not fitted into 20×20 and centred by its mass, as canonical digits are"


class Weighed(NamedTuple):
    """What networks say of one image."""

    probabilities: NDArray[np.float32]
    """Of the network for digits alone, (classes,)."""
    best: int
    """The place of the greatest of these."""
    confidence: float
    """Of all that looked at it that this is right, 0 to 1, as the scale of the model takes it."""
    doubt: str | None
    """Why it cannot be sure, however confident; None where the confidence decides."""


def weigh_digits(images: Images, networks: Networks) -> list[Weighed]:
    """Return what canonical digits, uint8 (n, 28, 28), are: the networks run once for all."""
    with on_one_thread():
        return _weigh(images, networks)


def _weigh(images: Images, networks: Networks) -> list[Weighed]:
    alone = networks.digits.probabilities(images)  # as they are: what they are not is a doubt
    doubts = _doubts(images, networks)
    clear = [index for index, doubt in enumerate(doubts) if doubt is None]
    crops = [_crop(images[index]) for index in clear]
    together = alone.copy()
    together[clear] = one_digit.agree_on_crops(alone[clear], crops, networks)
    best, last = alone.argmax(axis=1), together.argmax(axis=1)
    for index, crop in zip(clear, crops, strict=True):
        if last[index] != best[index]:
            doubts[index] = f"the network for numbers reads {networks.class_names[last[index]]}"
        elif networks.class_names == TEN_DIGITS and hole_count(crop) > MAX_HOLES:
            doubts[index] = NOISE
        elif is_blot(crop):
            doubts[index] = one_digit.BLOT_REASON
    confidences = together[np.arange(len(images)), best].tolist()
    return [Weighed(*one) for one in zip(alone, best.tolist(), confidences, doubts, strict=True)]


def is_sure_of_digit(weighed: Weighed, networks: Networks) -> tuple[bool, str | None]:
    """Tell whether that is sure by the scale of the model, and why not."""
    if weighed.doubt is not None:
        return False, weighed.doubt
    _, sure, reason = networks.judge("digit", weighed.confidence)
    return sure, reason


def _crop(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    x, y, width, height = cv2.boundingRect((image >= INK).view(np.uint8))
    return image[y : y + height, x : x + width]


def _doubts(images: Images, networks: Networks) -> list[str | None]:
    """Tell why these are no images that the model was measured on; how other things than digits look nobody knows."""
    # Sums over an axis this short are products with ones: a sixth of the time.
    ones = np.ones(IMAGE_SIDE, np.float32)
    is_ink = (images >= INK).astype(np.float32)
    columns, rows = ones @ is_ink > 0, is_ink @ ones > 0
    doubts = [None if one else BLANK for one in np.asarray(rows.any(axis=1)).tolist()]
    if networks.class_names != TEN_DIGITS:
        return doubts
    longest = np.maximum(_extent(columns), _extent(rows))
    values = images.astype(np.float32)
    across, down = ones @ values, values @ ones
    mass = np.maximum(down @ ones, 1)
    pixels = np.arange(IMAGE_SIDE, dtype=np.float32) - IMAGE_SIDE / 2  # where MNIST has the middle
    off = np.maximum(np.abs(across @ pixels), np.abs(down @ pixels)) / mass
    is_fitted = (longest >= LONGEST[0]) & (longest <= LONGEST[-1]) & (off <= OFF_CENTRE)
    is_clear = _smoothness(values) >= MIN_SMOOTHNESS
    for index in np.flatnonzero(~is_fitted | ~is_clear).tolist():
        doubts[index] = doubts[index] or (NOT_FITTED if is_clear[index] else NOISE)
    return doubts


def _extent(is_ink: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Measure from the first to the last place with ink, of rows (n, 28)."""
    return np.asarray(IMAGE_SIDE - is_ink.argmax(axis=1) - is_ink[:, ::-1].argmax(axis=1))


def _smoothness(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Measure as `smoothness` does, of many images at once, float32 (n, 28, 28)."""
    values = values - values.mean(axis=(1, 2), keepdims=True)
    energy = np.maximum(np.einsum("nij,nij->n", values, values), 1e-9)
    along = np.einsum("nij,nij->n", values[:, :, 1:], values[:, :, :-1])
    down = np.einsum("nij,nij->n", values[:, 1:], values[:, :-1])
    return np.asarray((along + down) / (2 * energy), np.float32)
