"""Grey pages with one digit each → readings; if the first network is not confident, a second one is asked."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.explained import explained_share
from digitry.images.margin import paper_around
from digitry.images.segment import is_blot
from digitry.images.stages import Stages, canonical_stages
from digitry.images.strip import DIGIT_HEIGHT, STRIP_HEIGHT, cut_strip
from digitry.networks.decoding import single_digits
from digitry.reading.certainty import doubted, share_doubt
from digitry.reading.networks import Networks
from digitry.types import TEN_DIGITS, Number, Reading, ReadingStages

DIGIT_EXPLAINS = 0.8
"""A digit that explains a smaller share of the picture is doubted in proportion: a coat's sleeve is not a 1."""

RIVALS, BLOT = 0.5, 0.5
"""Factors on the confidence if several marks could be the digit, and if the digit is a solid spot."""

BLOT_REASON = "it is a solid spot: a dot, or a digit whose holes have closed"

SECOND_OPINION_BELOW = 0.95
"""The network for numbers is asked if the one for digits is less confident than this. Chosen on synthetic photographs
of validation digits: as many are right as when it is always asked, and more are sure (docs/log.md)."""

OWN_SHARE = 0.6
"""Weight of the network for digits then; the other one has the rest (docs/log.md)."""

SHAPES = (0.7, 0.5, 0.35)
"""A digit cropped and resized to 28×28 is stretched, a 1 beyond recognition. At one of these shares of its width, a
square picture shows it about as it was (docs/log.md)."""

STRETCHED = (
    "the picture seems to be stretched; crop digits without changing their shape, or with some paper around them"
)

DIGIT_STRIP_WIDTH = 64
"""In pixels: a digit with paper on both sides. The same for all, so that they can be read in one batch."""


def read_pages(pages: list[NDArray[np.uint8]], networks: Networks, *, name: str, page: int) -> list[Reading]:
    """Read grey pages, uint8 (h, w), running the networks once for all of them."""
    found = [canonical_stages(grey) for grey in pages]
    at = [index for index, stages in enumerate(found) if stages.canonical is not None]
    probabilities = judge_crops([found[index] for index in at], networks)
    rows = dict(zip(at, probabilities, strict=True))
    readings = []
    for index, (grey, stages) in enumerate(zip(pages, found, strict=True)):
        explained = 1.0 if stages.crop is None else explained_share(grey, stages.crop, stages.box)
        reading = digit_reading(stages, rows.get(index), networks, explained)
        reading = _unstretched(grey, reading, networks) or reading
        readings.append(replace(reading, picture=name, page=page, stages={"grey": grey, **reading.stages}))
    return readings


def _unstretched(grey: NDArray[np.uint8], reading: Reading, networks: Networks) -> Reading | None:
    """Return another digit, never sure, that a doubtful, tightly cropped square picture shows more clearly when it is
    made narrower; None for any other picture.
    """
    height, width = grey.shape
    confidence = max((number.confidence for number in reading.numbers), default=0.0)
    if height != width or confidence >= SECOND_OPINION_BELOW or networks.class_names != TEN_DIGITS:
        return None
    slimmer = [stages for share in SHAPES if (stages := _slimmer(grey, share))]
    rows = judge_crops(slimmer, networks)
    readings = [digit_reading(stages, row, networks) for stages, row in zip(slimmer, rows, strict=True)]
    found = [one.numbers[0].confidence for one in readings]
    best = int(np.argmax(found)) if found else -1
    if best < 0 or found[best] <= confidence or readings[best].text == reading.text:
        return None
    # The original shape is a guess, and other things look like a 1 when they are narrow.
    return doubted(digit_reading(slimmer[best], rows[best] * np.float32(RIVALS), networks), STRETCHED)


def _slimmer(grey: NDArray[np.uint8], share: float) -> Stages | None:
    """Find the digit of a tightly cropped picture at a share of its width; None if there is none."""
    width = grey.shape[1]
    slim = np.asarray(
        cv2.resize(grey, (max(1, round(share * width)), len(grey)), interpolation=cv2.INTER_AREA), np.uint8
    )
    if paper_around(slim) is None:
        return None
    stages = canonical_stages(slim)
    x, y, wide, tall = stages.box
    wider = width / slim.shape[1]
    box = (round(x * wider), y, round((x + wide) * wider) - round(x * wider), tall)
    return None if stages.canonical is None else stages._replace(box=box)


def judge_crops(found: list[Stages], networks: Networks) -> NDArray[np.float32]:
    """Return the probabilities of crops, float32 (n, classes): rows sum to 1, or less if the networks see no digit.

    The shipped network for numbers is asked too if the scale of the other was fitted with it.
    """
    canonical = np.stack([stages.canonical for stages in found if stages.canonical is not None]) if found else None
    if canonical is None:
        return np.zeros((0, len(networks.class_names)), np.float32)
    crops = [stages.crop for stages in found if stages.crop is not None]
    return agree_on_crops(networks.read_digits(canonical), crops, networks)


def agree_on_crops(
    first: NDArray[np.float32], crops: list[NDArray[np.uint8]], networks: Networks
) -> NDArray[np.float32]:
    """Average both networks' probabilities for crops of which the first, float32 (n, classes), is not confident."""
    asked = np.flatnonzero(first.max(axis=1, initial=0) < SECOND_OPINION_BELOW)
    if not asked.size or not networks.asks_both:
        return first
    strips = np.stack([_strip(crops[index]) for index in asked])
    result = first.copy()
    result[asked] = OWN_SHARE * first[asked] + (1 - OWN_SHARE) * single_digits(networks.second_opinion(strips))
    return result


def _strip(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a strip with the crop of one digit in its middle, uint8 (STRIP_HEIGHT, DIGIT_STRIP_WIDTH)."""
    height, width = crop.shape
    scale = max(height / DIGIT_HEIGHT, width / (DIGIT_STRIP_WIDTH - 8))
    half = DIGIT_STRIP_WIDTH * scale / 2
    strip = cut_strip(crop, width / 2 - half, height / 2, width / 2 + half, scale).ink
    return strip[:STRIP_HEIGHT, :DIGIT_STRIP_WIDTH]


def digit_reading(
    found: Stages, probabilities: NDArray[np.float32] | None, networks: Networks, explained: float = 1.0
) -> Reading:
    """Return a reading of the stages found and, if there is a digit, its probabilities from `judge_crops`.

    `explained`: the share of the picture that the digit explains.
    """
    kept: ReadingStages = {}
    if found.ink is not None:
        kept["ink"] = found.ink
    if found.crop is not None:
        kept["crop"] = found.crop
    if found.canonical is not None:
        kept["canonical"] = found.canonical
    if probabilities is None:
        return Reading("", reason=found.reason, stages=kept)
    blot = found.crop is not None and is_blot(found.crop)
    doubt = min(1.0, explained / DIGIT_EXPLAINS) * (RIVALS if found.rivals else 1.0) * (BLOT if blot else 1.0)
    digit = networks.digit(probabilities * np.float32(doubt), found.box)
    confidence, sure, reason = networks.judge("digit", digit.confidence)
    if found.rivals:
        sure = False
        reason = f"there are {found.rivals + 1} marks that could be digits; only the most prominent one was read"
    elif blot and not sure:
        reason = BLOT_REASON
    elif not sure and explained < DIGIT_EXPLAINS / 2:
        reason = "most of what the picture shows is not part of this digit"
    alternatives = share_doubt(digit.alternatives, digit.confidence, confidence)
    number = Number(digit.label, confidence, digit.box, (digit,), sure=sure, reason=reason, alternatives=alternatives)
    return Reading("", (number,), sure=sure, reason=reason, stages=kept)
