"""Made pages with known numbers → which of the numbers read there are right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from digitry.networks.page_answer import READABLE
from digitry.reading.notation import numbers_in
from digitry.synthesis.allographs import CHARACTERS
from digitry.synthesis.hands import Glyphs
from digitry.synthesis.layouts import LAYOUTS
from digitry.synthesis.pages import PhotographedPage, made_page
from digitry.types import Box, Number, Split

FloatBox = tuple[float, float, float, float]

LARGEST = 60
"""In pixels: larger digits on a window are cut by its border too often."""

EDGE = 3
"""A number this many pixels or less from the border may continue beyond it."""


class MadeNumber(NamedTuple):
    """A number on a made page."""

    text: str
    box: FloatBox
    """On the page as photographed."""
    counts: bool
    """Whether a reader has to find it: by the wanted hand, fully visible, not struck out, with no letter beside it."""
    struck: bool


class Judged(NamedTuple):
    """What is right on a page."""

    given: list[tuple[Number, bool]]
    """Every number that was read, and whether it is there; ignored numbers are left out."""
    missed: list[MadeNumber]
    """Numbers that should have been found but were not."""


def made_pages(digits: Split, count: int, seed: int) -> Iterator[PhotographedPage]:
    """Yield pages of all layouts in turn, written with these digits; each depends only on the seed and its index."""
    glyphs = Glyphs.of(digits.images, np.asarray(digits.labels))
    for number in range(count):
        layout, _ = LAYOUTS[number % len(LAYOUTS)]
        yield made_page(glyphs, np.random.default_rng([seed, 10**6, number]), layouts=((layout, 1.0),))


def judge_numbers(page: PhotographedPage, numbers: Sequence[Number], only: str = "written") -> Judged:
    """Judge numbers read on a page: right if a number with the same text is at the same place.

    Readings nearest to a number that does not count are left out, except a struck-out one: reading that is wrong.
    `only` says which hands count, as for the reader.
    """
    known = numbers_on(page, only)
    hits: dict[int, MadeNumber] = {}
    for place, number in enumerate(numbers):
        equal = [one for one in known if one.text == number.text and same_place(number.box, one.box)]
        if equal:
            hits[place] = min(equal, key=lambda one: _apart(number.box, one.box))
            known.remove(hits[place])
    given: list[tuple[Number, bool]] = []
    for place, number in enumerate(numbers):
        near = [one for one in known if same_place(number.box, one.box)]
        if place in hits:
            nearest, is_right = hits[place], not hits[place].struck
        elif near:
            nearest, is_right = min(near, key=lambda one: _apart(number.box, one.box)), False
        else:
            nearest, is_right = None, False
        if nearest is None or nearest.counts or nearest.struck:
            given.append((number, is_right))
    return Judged(given, [one for one in known if one.counts])


def _apart(one: Box | FloatBox, other: Box | FloatBox) -> float:
    """Return the distance between the centres of two boxes, in pixels."""
    return math.hypot(one[0] + one[2] / 2 - other[0] - other[2] / 2, one[1] + one[3] / 2 - other[1] - other[3] / 2)


def numbers_on(page: PhotographedPage, only: str = "written") -> list[MadeNumber]:
    """Return the numbers on a made page; `only` "written", "printed" or "all" of them count."""
    height, width = page.grey.shape
    numbers = []
    for start, first in enumerate(page.characters):
        if first.before >= 0:
            continue
        chain = [start]
        while page.characters[chain[-1]].after >= 0:
            chain.append(page.characters[chain[-1]].after)
        kinds = [page.characters[place].kind for place in chain]
        for written in numbers_in([CHARACTERS[kind] if kind < len(CHARACTERS) else "" for kind in kinds]):
            members = [page.characters[chain[place]] for place in written.places]
            left, top = min(c.x - c.width / 2 for c in members), min(c.y - c.height / 2 for c in members)
            right, bottom = max(c.x + c.width / 2 for c in members), max(c.y + c.height / 2 for c in members)
            is_whole = min(left, top) > EDGE - 1 and right < width - EDGE and bottom < height - EDGE
            is_clear = all(c.visible and READABLE[0] < c.size <= LARGEST for c in members)
            is_wanted = all(only in ("all", "written" if c.written else "printed") for c in members)
            struck = any(c.struck for c in members)
            counts = is_whole and is_clear and is_wanted and not struck and max(kinds) < len(CHARACTERS)
            numbers.append(MadeNumber(written.text, (left, top, right - left, bottom - top), counts, struck))
    return numbers


def same_place(one: Box | FloatBox, other: Box | FloatBox) -> bool:
    """Return whether the centre of either box lies within the other."""
    return any(
        abs(a[0] + a[2] / 2 - b[0] - b[2] / 2) < b[2] / 2 + 2 and abs(a[1] + a[3] / 2 - b[1] - b[3] / 2) < b[3] / 2 + 2
        for a, b in ((one, other), (other, one))
    )
