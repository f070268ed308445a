"""A grey page → the numbers on it: ink, lines of writing, strips, and what the networks say about each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.images.explained import explained_by_box
from digitry.images.ink import InkPage, find_ink
from digitry.images.lines import MIN_HEIGHT, find_lines, numbers_of, one_line
from digitry.images.panel import Panel, find_panel, whole_page
from digitry.images.segment import INK_LEVEL, is_blot
from digitry.images.slope import Turn, writing_slope
from digitry.images.stages import BLANK
from digitry.images.strokes import stroke_mask
from digitry.reading import one_digit
from digitry.reading.certainty import share_doubt
from digitry.reading.networks import Networks
from digitry.reading.number import Found, line_strips, page_strips, read_strips
from digitry.reading.one_digit import BLOT, BLOT_REASON
from digitry.types import Box, Digit, Number, Reading

ONE_LINE = 3.0
"""A page lower than this many heights of its digits has room for one line: it is read as a whole too."""

GUESSES: tuple[tuple[float | None, bool | None], ...] = ((None, None), (0.05, True), (0.05, False))
"""Window of the paper, and whether ink is dark, as `find_ink` takes them: its own guess first, then what helps small
writing among shadows, or on a sheet that lies on a table. They are tried until the writing is clear."""

CLEAR, CLEAR_ALONE = 0.6, 0.9
"""Writing is clear when its numbers have at least this probability, over all digits; a digit alone needs more."""

SMALL = 0.1
"""Digits are small below this share of the page's height: then the second guess is tried even if the first is clear."""

EXPLAINED = 0.6
"""Where all of a picture is said to be one number, one that explains less of it is doubted in proportion."""

FEW_LINES = 60
"""More lines than this on a page are texture, not writing."""


class InkSheet(NamedTuple):
    """The ink of a page, or of the panel on it, turned so that the writing runs level."""

    page: InkPage
    ink: NDArray[np.uint8]
    turn: Turn
    left: int
    top: int
    """Where the panel's corner lies on the page."""

    def box_on_page(self, box: Box) -> Box:
        """Lay a box on the turned ink into pixels of the grey page."""
        x, y, width, height = self.turn.back(box)
        scale = self.page.scale
        left, top = max(round(x * scale), 0), max(round(y * scale), 0)
        right, bottom = round((x + width) * scale), round((y + height) * scale)
        return self.left + left, self.top + top, max(1, right - left), max(1, bottom - top)


def read_page(grey: NDArray[np.uint8], networks: Networks, *, name: str, page: int, one_number: bool) -> Reading:
    """Read the numbers of a grey page, uint8 (h, w), in reading order; all writing is one number with `one_number`."""
    reading = _read(grey, networks, one_number)
    if len(reading.text) <= 1 and (not one_number or not reading.numbers):
        # One mark on the page, or none that makes a number: the network for single digits knows more about it.
        (alone,) = one_digit.read_pages([grey], networks, name=name, page=page)
        if alone.numbers:
            return replace(alone, stages={**reading.stages, **alone.stages})
    return Reading(name, reading.numbers, reading.sure, reading.reason, page, stages={"grey": grey, **reading.stages})


def _read(grey: NDArray[np.uint8], networks: Networks, one_number: bool) -> Reading:
    best: tuple[InkSheet, list[Found]] | None = None
    panel = find_panel(grey)
    panels = [panel] if panel.grey is grey else [panel, whole_page(grey)]
    for guess in GUESSES:
        # A panel is a guess like the others: it may be one box of a form.
        for sheet in (sheet for panel in panels for sheet in _sheets(panel, *guess)):
            found = _numbers(sheet, networks, one_number)
            if not one_number:
                found = _without_cut_digit(sheet, found, grey.shape)
            better = best is None or _evidence(found) > _evidence(best[1])
            # In noise, too, some guess finds something: the later ones have to be clear.
            if better and (guess is GUESSES[0] or _is_clear(found)):
                best = sheet, found
        small = best is not None and not one_number and _is_small(best[0], best[1])
        if best is not None and _is_clear(best[1]) and (guess is not GUESSES[0] or not small):
            break
    if best is None:
        return Reading("", reason=BLANK, stages={"ink": np.zeros_like(grey)})
    sheet, found = best
    return page_reading(sheet, found, networks, grey if one_number else None)


def _sheets(panel: Panel, window: float | None, dark_on_light: bool | None) -> Iterator[InkSheet]:
    """Return the ink of the panel, made level where its writing has a slope, and as it is: a slope is a guess too."""
    page = find_ink(panel.grey, window=window, dark_on_light=dark_on_light)
    if page.ink.any():
        slope = writing_slope(stroke_mask(page.ink, INK_LEVEL))
        for degrees in dict.fromkeys((slope, 0.0)):
            turn = Turn(page.ink.shape, degrees)
            yield InkSheet(page, turn.apply(page.ink), turn, *panel.box[:2])


def _without_cut_digit(sheet: InkSheet, found: list[Found], shape: tuple[int, ...]) -> list[Found]:
    """Without the 1s that stand alone at the border of a page (h, w) with more on it: a table's edge reads as one."""

    def is_cut(one: Found) -> bool:
        x, y, width, height = sheet.box_on_page(one.spots[0].box)
        edge = 1 + sheet.page.scale
        return x <= edge or y <= edge or x + width >= shape[1] - edge or y + height >= shape[0] - edge

    kept = [one for one in found if one.digits != (1,) or not is_cut(one)]
    return kept or found


def _is_small(sheet: InkSheet, found: list[Found]) -> bool:
    """Tell whether there is room on the page for writing that the first guess of the ink may have lost in a shadow."""
    heights = [spot.box[3] for one in found for spot in one.spots]
    return bool(heights) and float(np.median(heights)) < SMALL * sheet.ink.shape[0]


def _is_clear(found: list[Found]) -> bool:
    digits = sum(len(one.digits) for one in found)
    return digits > 0 and _evidence(found) >= digits * (CLEAR_ALONE if digits == 1 else CLEAR)


def _evidence(found: list[Found]) -> float:
    """Tell how many digits were read, each worth what the networks think of its number; one place on the page counts
    once.
    """
    worth = 0.0
    seen: list[Box] = []
    for number in sorted(found, key=lambda number: -number.probability):
        for spot in number.spots:
            x, y, width, height = spot.box
            if not any(a < x + width / 2 < a + w and b < y + height / 2 < b + h for a, b, w, h in seen):
                worth += number.probability
        seen += [spot.box for spot in number.spots]
    return worth


def _numbers(sheet: InkSheet, networks: Networks, one_number: bool) -> list[Found]:
    lines = find_lines(sheet.ink)
    if one_number:
        lines = [one_line(lines)] if lines else []
    elif len(lines) > FEW_LINES:
        return []
    numbers = lines if one_number else [number for line in lines for number in numbers_of(line)]
    alone = len(numbers) <= 1
    found: list[Found | None] = []
    for line in numbers:
        strips = line_strips(sheet.ink, line)
        if alone and sheet.ink.shape[0] < ONE_LINE * line.digit_height:
            strips += page_strips(sheet.ink)
        found.append(read_strips(strips, networks.read_strips))
    if not numbers and alone:
        found = [read_strips(page_strips(sheet.ink), networks.read_strips)]
    return [one for one in found if one and is_high_enough(one)]


def is_high_enough(found: Found) -> bool:
    """Tell whether its highest digit can be told apart."""
    return max(spot.box[3] for spot in found.spots) >= MIN_HEIGHT


def page_reading(
    sheet: InkSheet, found: list[Found], networks: Networks, grey: NDArray[np.uint8] | None = None
) -> Reading:
    """Return what was found on a sheet as a reading; where it is one number that should be all of `grey`, that is
    given.
    """
    stages: dict[str, Any] = {
        "ink": sheet.page.ink,
        "strips": [one.strip.ink for one in found],
        "frames": [one.frames for one in found],
    }
    numbers = tuple(_number(sheet, one, grey, networks) for one in found)
    if not numbers:
        return Reading("", reason="there is no writing that reads as a number", stages=stages)
    doubtful = [number for number in numbers if not number.sure]
    reason = None
    if doubtful:
        are = "is" if len(doubtful) == 1 else "are"
        total = f"{len(doubtful)} of {len(numbers)} numbers {are} not sure"
        reason = doubtful[0].reason if len(numbers) == 1 else total
    return Reading("", numbers, sure=not doubtful, reason=reason, stages=stages)


def _number(sheet: InkSheet, found: Found, grey: NDArray[np.uint8] | None, networks: Networks) -> Number:
    """Return the number with boxes on the page; doubted where it should be all of `grey`, and explains little of it."""
    digits = []
    for spot in found.spots:
        order = np.argsort(-spot.probabilities, kind="stable")
        rivals = tuple((str(d), float(spot.probabilities[d])) for d in order.tolist() if d != spot.digit)[:3]
        digits.append(
            Digit(str(spot.digit), float(spot.probabilities[spot.digit]), sheet.box_on_page(spot.box), rivals)
        )
    boxes = np.array([digit.box for digit in digits])
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).max(axis=0)
    text = "".join(map(str, found.digits))
    box = (int(left), int(top), int(right - left), int(bottom - top))
    doubt = 1.0 if grey is None else min(1.0, explained_by_box(grey, box) / EXPLAINED)
    blot = len(found.spots) == 1 and is_blot(_cut(sheet.ink, found.spots[0].box))
    own = found.probability * doubt * (BLOT if blot else 1.0)
    confidence, sure, reason = networks.judge("number", own)
    if blot and not sure:
        reason = BLOT_REASON
    others = tuple(("".join(map(str, text)), probability) for text, probability in found.alternatives)
    alternatives = share_doubt(others, own, confidence)
    return Number(text, confidence, box, tuple(digits), sure, reason, alternatives)


def _cut(ink: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Cut the part of an ink page within a box, which may reach beyond the page."""
    x, y, width, height = box
    return ink[max(y, 0) : max(y, 0) + height, max(x, 0) : max(x, 0) + width]
