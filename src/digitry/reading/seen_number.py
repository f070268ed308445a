"""A grey picture of one number → what the network for pages sees in it, at several sizes."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.reading.spots import LARGEST, PageNetworkAnswer, Spots, spots_at
from digitry.types import Digit

HEIGHTS = (24, 30, 36, 44, 54)
"""Pixels of the picture's height at which it is looked at: its digits are half to all of that. What one size and what
all of them bring stands in docs/log.md."""

PADDED = 64
"""So high is the largest of them when it is padded for the network."""

LIKELY = 0.5
"""A character that is one of the ten digits with at least this probability is a digit of the number."""


class SeenNumber(NamedTuple):
    """What is seen."""

    votes: dict[str, float]
    """Digits → the mean probability over all sizes, 0 to 1; empty where none are seen."""
    digits: dict[str, tuple[Digit, ...]]
    """The same → each digit, in boxes of the picture, where it is seen best."""


def seen_number(grey: NDArray[np.uint8], answer: PageNetworkAnswer) -> SeenNumber:
    """Look at a picture, uint8 (h, w), all digits on which are one number, written from left to right."""
    votes: dict[str, float] = defaultdict(float)
    best: dict[str, tuple[float, tuple[Digit, ...]]] = {}
    for height in HEIGHTS:
        # A picture may be wider than any number: as many pixels as of a page, and no more.
        scale = min(height / grey.shape[0], LARGEST / (PADDED * grey.shape[1]))
        digits, probability = _digits(spots_at(grey, scale, answer))
        text = "".join(digit.label for digit in digits)
        if not text:
            continue
        votes[text] += probability / len(HEIGHTS)
        if probability > best.get(text, (-1.0,))[0]:
            best[text] = probability, digits
    return SeenNumber(dict(votes), {text: digits for text, (_, digits) in best.items()})


def _digits(spots: Spots) -> tuple[tuple[Digit, ...], float]:
    """Return the digits among characters, from left to right, and the probability that all are right."""
    spots = spots.take(spots.classes[:, :10].sum(axis=1) > LIKELY)
    spots = spots.take(np.argsort(spots.x, kind="stable"))
    digits = []
    for box, classes in zip(spots.box.tolist(), spots.classes[:, :10], strict=True):
        order = np.argsort(-classes, kind="stable")[:4].tolist()
        left, top, width, height = box
        whole = (round(left), round(top), max(1, round(width)), max(1, round(height)))
        ranked = tuple((str(digit), float(classes[digit])) for digit in order)
        digits.append(Digit(*ranked[0], whole, ranked[1:]))
    return tuple(digits), float(np.prod(spots.found * spots.classes.max(axis=1, initial=0)))
