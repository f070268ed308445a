"""Canonical digits → strips of synthetic numbers with their characters: training data of the network for numbers."""

from __future__ import annotations

import re
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.ink import PAPER_WINDOWS, find_ink
from digitry.images.strip import STRIP_HEIGHT, resize_strip
from digitry.synthesis.augment import augment
from digitry.synthesis.glyphs import other_hands
from digitry.synthesis.paper import photograph
from digitry.synthesis.steps import steps
from digitry.synthesis.texts import signed
from digitry.synthesis.write_number import DIGIT, InkedCharacter, NumberHand, write_number
from digitry.types import SIGNS, Split

STRIP_WIDTH = 192
"""Width of a training strip in pixels. The network reads strips of any width."""

MAX_DIGITS, MAX_CHARACTERS = 10, 16
"""Most digits of a number, and most digits and signs together."""

SIGNED_SHARE = 0.3
"""Share of the strips with a number that has signs: a decimal, a date, an amount, a sum …"""

ZOOM_RANGE = (0.6, 2.2)
"""Pixels of a photograph per pixel of its strip: photographs are shrunk or, like small pictures, enlarged."""

LENGTH_SHARES = np.array([9, 11, 14, 15, 15, 13, 9, 6, 4, 4]) / 100
"""Shares of numbers with 1, 2, … 10 digits; on narrow strips the last ones are left out."""

FOUND_SHARE = 0.35
"""A photograph whose ink retains a smaller share of any of its digits is rejected."""

EMPTY_SHARE = 0.08
"""Share of strips without any digit; half of them have letters."""


class NumberStrips(NamedTuple):
    """Strips and the numbers on them."""

    strips: NDArray[np.uint8]
    """Ink intensity, uint8 (n, STRIP_HEIGHT, STRIP_WIDTH)."""
    targets: NDArray[np.int32]
    """int32 (n, MAX_CHARACTERS), padded with 0: 1 to 10 for the digits 0 to 9, from 11 on for the signs."""


def made_strips(split: Split, count: int, rng: np.random.Generator, classes: int = 10) -> NumberStrips:
    """Return `count` strips with digits drawn from `split`, which has `classes`.

    The same generator state gives the same strips.
    """
    strips = np.empty((count, STRIP_HEIGHT, STRIP_WIDTH), np.uint8)
    targets = np.zeros((count, MAX_CHARACTERS), np.int32)
    lengths = np.where(rng.random(count) < EMPTY_SHARE, 0, rng.choice(MAX_DIGITS, count, p=LENGTH_SHARES) + 1)
    with_signs = rng.random(count) < SIGNED_SHARE
    for index in steps(range(count)):
        pattern = _signed_pattern(rng) if with_signs[index] and lengths[index] else DIGIT * int(lengths[index])
        chosen = split.take(rng.integers(0, len(split), pattern.count(DIGIT)))
        page, written = made_number(chosen, rng, pattern)
        strips[index] = page
        target = [classes + SIGNS.index(one) if isinstance(one, str) else one for one in written][:MAX_CHARACTERS]
        targets[index, : len(target)] = np.array(target, np.int32) + 1
    return NumberStrips(strips, targets)


def _signed_pattern(rng: np.random.Generator) -> str:
    """Return a random pattern of a number with signs, with `DIGIT` for each digit."""
    while True:
        pattern = re.sub(r"\d", DIGIT, signed(rng))
        if pattern.count(DIGIT) <= MAX_DIGITS and len(pattern) <= MAX_CHARACTERS:
            return pattern


def made_number(
    digits: Split, rng: np.random.Generator, pattern: str | None = None
) -> tuple[NDArray[np.uint8], list[int | str]]:
    """Return a strip with these digits in this order, and its characters: labels of digits, and signs.

    Digits at the end for which there is no room are left out.
    """
    window = float(rng.choice(PAPER_WINDOWS[:3], p=[0.7, 0.2, 0.1]))
    _, ink, written = _legible(digits, rng, STRIP_WIDTH, ZOOM_RANGE, window, pattern)
    return resize_strip(ink, STRIP_WIDTH), written


def made_photograph(
    digits: Split,
    rng: np.random.Generator,
    *,
    width: int = STRIP_WIDTH,
    zoom_range: tuple[float, float] = ZOOM_RANGE,
    as_given: bool = False,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return a grey picture with these digits on one line, and the labels of those that fit.

    Its height is that of a strip, and its width is `width`, times a zoom drawn from the range. With `as_given` all
    digits are there, as in their images rather than from pen paths, with few signs beside them.
    """
    grey, _, written = _legible(digits, rng, width, zoom_range, PAPER_WINDOWS[0], as_given=as_given)
    return grey, np.array([one for one in written if not isinstance(one, str)], np.int64)


def _legible(
    digits: Split,
    rng: np.random.Generator,
    width: int,
    zoom_range: tuple[float, float],
    window: float,
    pattern: str | None = None,
    *,
    as_given: bool = False,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], list[int | str]]:
    """Photograph the digits in random hands until they are legible; return grey picture, ink and characters."""
    while True:
        images = digits.images
        if len(digits):
            images = augment(other_hands(images, digits.labels, rng), rng)
        hand = NumberHand.drawn(rng, zoom_range)
        if as_given:
            hand = hand.plain()
        written_ink = np.zeros((round(STRIP_HEIGHT * hand.zoom), round(width * hand.zoom)), np.uint8)
        written = write_number(written_ink, images, digits.labels, pattern or DIGIT * len(digits), hand, rng)
        if as_given and sum(not isinstance(one.character, str) for one in written) < len(digits):
            continue
        grey = photograph(written_ink, hand.pen, rng)
        found = find_ink(grey, dark_on_light=True, window=window).ink
        if found.shape != written_ink.shape:
            found_there = np.asarray(cv2.resize(found, written_ink.shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)
        else:
            found_there = found
        if all(is_found(digit, found_there) for digit in written):
            return grey, found, [one.character for one in written]


def is_found(digit: InkedCharacter, found: NDArray[np.uint8]) -> bool:
    """Tell whether enough of a digit is left: a number with an illegible digit would only teach guessing."""
    high, wide = digit.inked.shape
    there = found[digit.top : digit.top + high, digit.left : digit.left + wide] > 64
    return int((there & digit.inked).sum()) >= FOUND_SHARE * int(digit.inked.sum())
