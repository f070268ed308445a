"""A line of writing → the number on it: it is read as strips of several sizes, whose spellings are averaged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.images.lines import Line
from digitry.images.segment import INK_LEVEL
from digitry.images.strip import DIGIT_HEIGHT, FRAME_PIXELS, STRIP_HEIGHT, Strip, cut_strip
from digitry.networks.decoding import Frames, alignment, digits_alone, spellings
from digitry.types import TEN_DIGITS, Box

VIEWS = ((0.78, 1.0), (1.0, 0.85), (1.28, 1.0))
"""Scales and horizontal squeezes at which a line is read, because its digits may be higher or lower than estimated, and
people write wider than the training data."""

MARGIN = 0.7
"""Paper left and right of a line, in digit heights."""

NEAR, THIN = 3, 5
"""In pixels of a strip: ink further than the first from a digit, and no thicker than the second, is not part of it."""

ALTERNATIVES = 3

ReadStrips = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Ink strips, uint8 (n, 40, width) → frame probabilities, float32 (n, frames, 1 + digits)."""


class Spot(NamedTuple):
    """One digit of a number."""

    digit: int
    probabilities: NDArray[np.float32]
    """Of the ten digits in its place, float32 (10,)."""
    box: Box
    """In pixels of the ink page."""


class Sign(NamedTuple):
    """A sign among the digits of a number, or beside it."""

    name: str
    after: int
    """Number of digits before it."""
    confidence: float
    """0 to 1, not calibrated."""
    box: Box
    """In pixels of the ink page."""


class Found(NamedTuple):
    """What was read in a line."""

    digits: tuple[int, ...]
    probability: float
    """The network's own, 0 to 1, not calibrated."""
    alternatives: tuple[tuple[tuple[int, ...], float], ...]
    spots: tuple[Spot, ...]
    """Where the digits are; empty unless requested."""
    strip: Strip
    """The strip on which these digits are most probable."""
    frames: Frames
    signs: tuple[Sign, ...] = ()
    """Left to right, if the network knows any."""


def line_strips(ink: NDArray[np.uint8], line: Line) -> list[Strip]:
    """Return strips of a line on an ink page, at several scales."""
    x, y, width, height = line.box
    margin = MARGIN * line.digit_height
    # A line that rises or falls is higher than its digits, and must fit into the strip as a whole.
    base = max(line.digit_height / DIGIT_HEIGHT, height / STRIP_HEIGHT)
    middle, right = y + height / 2, x + width + margin
    return [cut_strip(ink, x - margin, middle, right, base * zoom, squeeze) for zoom, squeeze in VIEWS]


def page_strips(ink: NDArray[np.uint8]) -> list[Strip]:
    """Return strips of a whole ink page, little higher than its only line, which rules or print hide."""
    height, width = ink.shape
    return [
        cut_strip(ink, -0.1 * height, height / 2, width + 0.1 * height, zoom * height / STRIP_HEIGHT)
        for zoom in (1.0, 1.4)
    ]


def read_strips(
    strips: list[Strip], read: ReadStrips, class_names: tuple[str, ...] = TEN_DIGITS, *, placed: bool = True
) -> Found | None:
    """Read the number on one line from its strips, with equal weights; None if there is no digit.

    `class_names` are those of the network behind `read`; `placed`: whether to find where the digits are.
    """
    seen = [read(strip.ink[np.newaxis])[0] for strip in strips]
    answers = [digits_alone(frames[np.newaxis], class_names)[0] for frames in seen]
    votes: dict[tuple[int, ...], float] = defaultdict(float)
    supporters: dict[tuple[int, ...], tuple[float, int]] = {}
    for index, frames in enumerate(answers):
        for digits, probability in spellings(frames):
            votes[digits] += probability / len(strips)
            if probability > supporters.get(digits, (-1.0, 0))[0]:
                supporters[digits] = (probability, index)
    ranked = sorted(votes.items(), key=lambda vote: -vote[1])
    best, probability = ranked[0]
    if not best:
        return None
    main = supporters[best][1]
    spots = _spots(strips[main], answers[main], best) if placed else ()
    others = tuple((digits, min(p, 1.0)) for digits, p in ranked[1 : 1 + ALTERNATIVES] if p > 1e-4)
    signs = _signs(strips[main], seen, main, best, probability, class_names)
    return Found(best, min(probability, 1.0), others, spots, strips[main], answers[main], signs)


def _signs(
    strip: Strip,
    seen: list[Frames],
    main: int,
    digits: tuple[int, ...],
    probability: float,
    class_names: tuple[str, ...],
) -> tuple[Sign, ...]:
    """Return the signs that the strips together find most probable among these digits, placed on the main strip."""
    named = [1 + place for place, name in enumerate(class_names) if name not in TEN_DIGITS]
    # The probability of a text with signs is at most the sum over its frames' signs: if that is less than half of the
    # digits' probability, there are no signs.
    if 2 * sum(float(frames[:, named].sum()) for frames in seen) <= probability * len(seen):
        return ()
    votes: dict[tuple[int, ...], float] = defaultdict(float)
    for frames in seen:
        for characters, probability in spellings(frames):
            if tuple(TEN_DIGITS.index(class_names[c]) for c in characters if class_names[c] in TEN_DIGITS) == digits:
                votes[characters] += probability
    best = max(votes, key=lambda one: votes[one], default=())
    if len(best) <= len(digits):
        return ()
    spans = alignment(seen[main], best)
    share = votes[best] / sum(votes.values())
    centres = [((first + last + 1) / 2) * FRAME_PIXELS for first, last in spans]
    borders = [-1e9, *(_border(strip, a, b) for a, b in pairwise(centres)), 1e9]
    signs, before = [], 0
    for place, kind in enumerate(best):
        if class_names[kind] in TEN_DIGITS:
            before += 1
        else:
            box = _box(strip, centres[place], borders[place], borders[place + 1])
            signs.append(Sign(class_names[kind], before, share, box))
    return tuple(signs)


def _spots(strip: Strip, frames: Frames, digits: tuple[int, ...]) -> tuple[Spot, ...]:
    """Find the place of each digit of the number, and what else it may be."""
    spans = alignment(frames, digits)
    centres = [((first + last + 1) / 2) * FRAME_PIXELS for first, last in spans]
    borders = [-1e9, *(_border(strip, a, b) for a, b in pairwise(centres)), 1e9]
    found = []
    for digit, (first, last), centre, left, right in zip(
        digits, spans, centres, borders[:-1], borders[1:], strict=True
    ):
        here = frames[first : last + 1, 1:].sum(axis=0)
        probabilities = here / max(float(here.sum()), 1e-12)
        found.append(Spot(digit, probabilities.astype(np.float32), _box(strip, centre, left, right)))
    return tuple(found)


def _border(strip: Strip, left: float, right: float) -> float:
    """Return the column with the least ink between two digits, the most central one of several."""
    first, last = int(left), min(int(np.ceil(right)) + 1, strip.ink.shape[1])
    columns = np.arange(first, max(last, first + 1))
    away = np.abs(columns - (left + right) / 2)
    return float(columns[np.argmin(strip.ink[:, columns].sum(axis=0, dtype=np.int64) + away / 1000)])


def _box(strip: Strip, centre: float, left: float, right: float) -> Box:
    """Return the box, on the ink page, around the ink between two columns of the strip, at most as wide as a digit."""
    reach = 0.75 * DIGIT_HEIGHT
    first = int(max(left, centre - reach, 0))
    last = int(np.ceil(min(right, centre + reach, strip.ink.shape[1])))
    inked = strip.ink[:, first : max(last, first + 1)] > INK_LEVEL
    if inked.any():
        top, bottom = _core(inked.sum(axis=1))
        near, far = _core(inked[top:bottom].sum(axis=0))
    else:
        (top, bottom), (near, far) = (0, STRIP_HEIGHT), (0, max(last - first, 1))
    x, y = strip.left + (first + near) * strip.column_scale, strip.top + top * strip.scale
    width, height = (far - near) * strip.column_scale, (bottom - top) * strip.scale
    return round(x), round(y), max(1, round(width)), max(1, round(height))


def _core(profile: NDArray[np.int64]) -> tuple[int, int]:
    """Return start and end of the run with the most ink and of those that belong to it; a thin, far one is a rule."""
    edges = np.flatnonzero(np.diff(profile > 0, prepend=False, append=False))
    runs = [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
    main = max(range(len(runs)), key=lambda index: int(profile[slice(*runs[index])].sum()))
    start, end = runs[main]
    for earlier in reversed(runs[:main]):
        if start - earlier[1] > NEAR and earlier[1] - earlier[0] <= THIN:
            break
        start = earlier[0]
    for later in runs[main + 1 :]:
        if later[0] - end > NEAR and later[1] - later[0] <= THIN:
            break
        end = later[1]
    return start, end
