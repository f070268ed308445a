"""Canonical digits → their labels and how sure these are, as for pictures; doubted if they are not canonical."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.one_thread import on_one_thread
from digitry.images.segment import BLOT_ASPECT, BLOT_FILL, BLOT_SIDE, INK_LEVEL
from digitry.images.stages import BLANK, HOLE_LEVEL, MAX_HOLES, MIN_SMOOTHNESS, NOISE, hole_count
from digitry.reading import one_digit
from digitry.reading.networks import Networks
from digitry.types import IMAGE_PIXELS, IMAGE_SIDE, TEN_DIGITS, Images

INK = 64
"""Lower grey levels are not part of a stroke."""

LONGER_SIDES = range(12, 22)
"""Valid lengths of a digit's longer side in pixels. MNIST's are fitted into 20 pixels and have 14 to 20."""

OFF_CENTRE = 1.5
"""Largest distance in pixels from the middle to the centre of mass. In MNIST it is half a pixel."""

NOT_FITTED = "the ink is not fitted into 20×20 and centred by its centre of mass, as in canonical digits"

TOGETHER = 64
"""Images per batch, so that intermediate results fit into the processor's cache."""

_ONES = np.ones(IMAGE_SIDE, np.float32)

_FROM_MIDDLE = np.arange(IMAGE_SIDE, dtype=np.float32) - IMAGE_SIDE / 2  # where MNIST has it

_MOMENTS = np.stack(
    [np.ones(IMAGE_PIXELS, np.float32), np.tile(_FROM_MIDDLE, IMAGE_SIDE), np.repeat(_FROM_MIDDLE, IMAGE_SIDE)], axis=1
)
"""Multiplied by an image's pixels, gives its mass, and its mass times the offset of its centre in x and in y."""


class Weighed(NamedTuple):
    """What the networks say about one image."""

    probabilities: NDArray[np.float32]
    """Of the network for digits alone, (classes,)."""
    best: int
    """Index of the largest of these."""
    confidence: float
    """That `best` is right, by all networks asked, 0 to 1, to be calibrated by the model's scale."""
    doubt: str | None
    """Why it cannot be sure, however confident; None if the confidence decides."""


def weigh_digits(images: Images, networks: Networks) -> list[Weighed]:
    """Classify canonical digits, uint8 (n, 28, 28), running the networks once for all of them."""
    alone = networks.digits.probabilities(images)  # used as they are: if not canonical, they are doubted
    best, confidences = alone.argmax(axis=1), alone.max(axis=1)
    parts = [images[start : start + TOGETHER] for start in range(0, len(images), TOGETHER)]
    doubts = [doubt for part in parts for doubt in _doubts(part, networks)]
    may_ask = np.array([doubt is None and networks.asks_both for doubt in doubts], np.bool_)
    asked = np.flatnonzero(may_ask & (confidences < one_digit.SECOND_OPINION_BELOW))
    if asked.size:
        with on_one_thread():
            crops = [_crop(images[index]) for index in asked]
            together = one_digit.agree_on_crops(alone[asked], crops, networks)
        confidences[asked] = together[np.arange(len(asked)), best[asked]]
        for index, last in zip(asked.tolist(), together.argmax(axis=1).tolist(), strict=True):
            if last != best[index]:
                doubts[index] = f"the network for numbers reads {networks.class_names[last]}"
    _doubt_shapes(images, doubts, networks)
    return [Weighed(*one) for one in zip(alone, best.tolist(), confidences.tolist(), doubts, strict=True)]


def judge_digits(found: list[Weighed], networks: Networks) -> list[tuple[bool, str | None]]:
    """Return for each whether it is sure, by the scale of the model, and if not, why."""
    least = networks.least_confidence("digit")
    judged: list[tuple[bool, str | None]] = []
    for one in found:
        if one.doubt is not None:
            judged.append((False, one.doubt))
        elif one.confidence >= least:
            judged.append((True, None))
        else:
            _, sure, reason = networks.judge("digit", one.confidence)
            judged.append((sure, reason))
    return judged


def _crop(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    x, y, width, height = cv2.boundingRect((image >= INK).view(np.uint8))
    return image[y : y + height, x : x + width]


def _doubts(images: Images, networks: Networks) -> list[str | None]:
    """Return why images differ from those the model was measured on; with classes other than digits, only blanks do."""
    wide, tall, area = _ink_boxes(images, INK)
    is_blank = area == 0
    if networks.class_names != TEN_DIGITS:
        return [BLANK if blank else None for blank in is_blank.tolist()]
    longest = np.maximum(wide, tall)
    values = images.reshape(-1, IMAGE_PIXELS).astype(np.float32)
    moments = values @ _MOMENTS
    is_fitted = (longest >= LONGER_SIDES[0]) & (longest <= LONGER_SIDES[-1])
    is_fitted &= np.abs(moments[:, 1:]).max(axis=1) <= OFF_CENTRE * np.maximum(moments[:, 0], 1)
    is_clear = _smoothness(values, moments[:, 0] / IMAGE_PIXELS) >= MIN_SMOOTHNESS
    return [
        BLANK if blank else NOISE if not clear else None if fitted else NOT_FITTED
        for blank, clear, fitted in zip(is_blank.tolist(), is_clear.tolist(), is_fitted.tolist(), strict=True)
    ]


def _doubt_shapes(images: Images, doubts: list[str | None], networks: Networks) -> None:
    """Add doubts, where there are none yet, about images with too many holes, and those that are blots by `is_blot`."""
    clear = [index for index, doubt in enumerate(doubts) if doubt is None]
    if not clear:
        return
    images = images[clear]
    wide, tall, area = _ink_boxes(images, INK_LEVEL)
    short, long = np.minimum(wide, tall), np.maximum(wide, tall)
    is_blot = (short >= BLOT_SIDE) & (long <= BLOT_ASPECT * short) & (area >= BLOT_FILL * short * long)
    for at in np.flatnonzero(is_blot).tolist():
        doubts[clear[at]] = one_digit.BLOT_REASON
    if networks.class_names != TEN_DIGITS:
        return
    ink = images.reshape(-1, IMAGE_PIXELS) >= HOLE_LEVEL
    # The last pixel in the first row of a hole has ink above and to the right; few images have many such pixels.
    corners = (ink[:, : -IMAGE_SIDE - 1] & ~ink[:, IMAGE_SIDE:-1] & ink[:, IMAGE_SIDE + 1 :]).astype(np.float32)
    many = np.flatnonzero(corners.sum(axis=1) > MAX_HOLES)
    if many.size:
        with on_one_thread():
            for at in many.tolist():
                if hole_count(images[at]) > MAX_HOLES:
                    doubts[clear[at]] = NOISE


def _ink_boxes(images: Images, level: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return the width and height of the box around pixels of at least `level`, and their number, each (n,).

    Without any such pixels the area is 0 and the box is meaningless.
    """
    # Over so short an axis, a product with ones takes a sixth of the time of a sum.
    is_ink = (images >= level).astype(np.float32)
    sums = np.empty((len(images), 2, IMAGE_SIDE), np.float32)
    np.matmul(_ONES, is_ink, out=sums[:, 0])
    np.matmul(is_ink, _ONES, out=sums[:, 1])
    inked = sums > 0
    sides = IMAGE_SIDE - inked.argmax(axis=2) - inked[:, :, ::-1].argmax(axis=2)
    return sides[:, 0], sides[:, 1], sums[:, 0] @ _ONES


def _smoothness(values: NDArray[np.float32], means: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the `smoothness` of many images at once, float32 (n, 784), with known means, (n,)."""
    values = values - means[:, np.newaxis]
    energy = np.maximum(np.vecdot(values, values), 1e-9)
    rows = values.reshape(-1, IMAGE_SIDE, IMAGE_SIDE)
    # The last pixel of a row is not a neighbour of the first pixel of the next row.
    along = np.vecdot(values[:, 1:], values[:, :-1]) - np.vecdot(rows[:, 1:, 0], rows[:, :-1, -1])
    down = np.vecdot(values[:, IMAGE_SIDE:], values[:, :-IMAGE_SIDE])
    return np.asarray((along + down) / (2 * energy), np.float32)
