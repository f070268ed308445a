"""A grey page → its reading: every number that the page's network finds, judged, and placed in the page's tables.

Where a picture holds one digit or has room for one line, the networks for digits and for numbers know more about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.images.stages import BLANK, MIN_SIDE
from digitry.reading import one_digit, one_number
from digitry.reading.boxes import move_boxes
from digitry.reading.certainty import doubted
from digitry.reading.closer_look import corners_of
from digitry.reading.judged import LEAST_ASKED, LEAST_GIVEN, judged_number, weigh
from digitry.reading.networks import Networks
from digitry.reading.notation import value_of
from digitry.reading.one_number import NO_NUMBER, ONE_LINE
from digitry.reading.page import Candidate, PageFound, box_before, read_candidates, ruled_tables
from digitry.reading.page_options import PageOptions
from digitry.reading.page_turn import upright
from digitry.reading.tables.page_tables import Place, page_tables
from digitry.types import Box, Number, Reading

TINY = 40
"""Pixels: a picture no larger than this is one digit or number, its writing too small for a page's network."""

CONVINCED = 0.5
"""A network is convinced of what has at least this probability."""

FEW = 12
"""A page with more such numbers is not looked at as one number."""


def read_page(
    grey: NDArray[np.uint8], networks: Networks, options: PageOptions, *, name: str = "", page: int = 1
) -> Reading:
    """Read the numbers of a grey page, uint8 (h, w), in reading order."""
    if min(grey.shape) < MIN_SIDE:  # a slim 1, or nothing
        return one_digit.read_pages([grey], networks, name=name, page=page)[0]
    if max(grey.shape) <= TINY:
        quarter = 0 if options.rotate == "auto" else int(options.rotate) // 90
        reading = _turned_back(_valued(_read_crop(upright(grey, quarter), networks), options), quarter, grey.shape)
    else:
        found = read_candidates(grey, networks.see_page, networks.pages.class_names, options.rotate)
        reading = _read_found(grey, found, networks, options)
    return replace(reading, picture=name, page=page, stages={"grey": grey, **reading.stages})


def _read_found(grey: NDArray[np.uint8], found: PageFound, networks: Networks, options: PageOptions) -> Reading:
    quarter = found.turn.quarters
    view = upright(grey, quarter)
    if options.only != "printed" and (one := _one_number(view, found, networks, options)):
        return _turned_back(one, quarter, grey.shape)
    wanted = [candidate for candidate in found.candidates if options.only in ("all", candidate.hand)]
    weighed = [weigh(one, view, networks) for one in wanted if one.probability >= LEAST_ASKED]
    given = [what for what in weighed if what.own >= LEAST_GIVEN]
    judged = [judged_number(what, found.turn, networks, options) for what in given]
    tables, places = page_tables(judged, ruled_tables(view))
    numbers = tuple(_placed(number, place) for number, place in zip(judged, places, strict=True))
    sure, reason = doubts(numbers)
    if not numbers:
        reason = _why_nothing(found, options)
    seen = [what.opinion for what in given if what.opinion.strip is not None]
    stages: dict[str, Any] = {
        "weighed": given,
        "strips": [opinion.strip for opinion in seen],
        "frames": [opinion.frames for opinion in seen],
    }
    return _turned_back(Reading("", numbers, sure, reason, tables=tables, stages=stages), quarter, grey.shape)


def _one_number(view: NDArray[np.uint8], found: PageFound, networks: Networks, options: PageOptions) -> Reading | None:
    """Read an upright picture that is one number, or one digit; None for any other page.

    It is one where the other networks read a number that is as high as a third of the picture, and the page's network
    is convinced of none elsewhere. What they do not agree about is not sure.
    """
    convinced = [one for one in found.candidates if one.probability >= CONVINCED]
    if len(convinced) > FEW:
        return None
    signs = [corners_of(c.box) for one in convinced for c in one.characters if not c.label.isdigit()]
    other = _read_crop(one_number.without_signs(view, signs), networks)
    if not other.numbers:
        return None
    (number,) = other.numbers
    within = [one for one in found.candidates if _overlap(one.box, number.box)]
    is_alone = all(one in within for one in convinced)
    is_all = view.shape[0] < ONE_LINE * np.median([digit.box[3] for digit in number.digits])
    is_seen = len(number.text) == 1 and [one.digits for one in convinced] == [number.text]
    digits = "".join(one.digits for one in within)
    # All marks of a page together make one digit, too: but none where several are seen.
    several = sum(len(one.characters) for one in convinced) > 1
    is_believed = len(number.text) > 1 or digits == number.text or (number.confidence >= CONVINCED and not several)
    if not (is_alone and is_believed and (is_all or is_seen)) or any(one.may_be_struck for one in within):
        return None
    if digits == number.text and sum(len(one.characters) for one in within) > 1:
        # They agree, and what the page's network sees has its signs and its gaps.
        weighed = [weigh(one, view, networks) for one in within]
        numbers = tuple(judged_number(what, found.turn, networks, options) for what in weighed)
        stages: dict[str, Any] = {**other.stages, "weighed": weighed}
        return Reading("", numbers, *doubts(numbers), stages=stages)
    other = _valued(other, options)
    if digits == number.text:
        return _described(other, within[0], options)
    return doubted(other, f"read as {number.text}, but on the page {digits or 'no number'} is seen")


def _read_crop(view: NDArray[np.uint8], networks: Networks) -> Reading:
    """Read a tiny picture: the network for single digits says what one mark is."""
    reading = one_number.read_alone(view, networks)
    if unknown := networks.unknown(reading.text):
        return doubted(reading, unknown)
    if len(reading.text) <= 1:
        (alone,) = one_digit.read_pages([view], networks, name="", page=1)
        return alone if alone.numbers else reading
    return reading


def _described(reading: Reading, seen: Candidate, options: PageOptions) -> Reading:
    """Return the reading of one number with what the page's network sees: who wrote it, and what stands beside it."""
    (number,) = reading.numbers
    described = replace(reading, numbers=(replace(number, hand=seen.hand, around=seen.written.around),))
    # It takes some people's digits for print, so it is no reason to keep silent about the only number there is.
    is_wanted = options.only in ("all", seen.hand)
    return described if is_wanted or not reading.sure else doubted(described, f"it looks {seen.hand}")


def _overlap(one: Box, other: Box) -> bool:
    """Whether the middle of the first box lies within the second, or the other way round."""
    return any(
        a[0] <= b[0] + b[2] / 2 <= a[0] + a[2] and a[1] <= b[1] + b[3] / 2 <= a[1] + a[3]
        for a, b in ((one, other), (other, one))
    )


def _valued(reading: Reading, options: PageOptions) -> Reading:
    numbers = tuple(replace(number, value=value_of(number.text, options.decimal)) for number in reading.numbers)
    return replace(reading, numbers=numbers)


def doubts(numbers: Sequence[Number]) -> tuple[bool, str | None]:
    """Tell whether all numbers of a page are sure, and if not, why: the one's reason, or how many are not."""
    doubtful = [number for number in numbers if not number.sure]
    if not doubtful:
        return bool(numbers), None
    are = "is" if len(doubtful) == 1 else "are"
    total = f"{len(doubtful)} of {len(numbers)} numbers {are} not sure"
    return False, doubtful[0].reason if len(numbers) == 1 else total


def _why_nothing(found: PageFound, options: PageOptions) -> str:
    left = [one for one in found.candidates if options.only not in ("all", one.hand) and one.probability >= CONVINCED]
    if left:
        other = "printed" if options.only == "written" else "written"
        many = f"there are {len(left)} {other} numbers" if len(left) > 1 else f"there is a {other} number"
        return f"{many} and no {options.only} one; ask for all of them (only: all)"
    if found.words:
        return "there are words, but no number"
    if found.characters:
        return NO_NUMBER
    return f"{BLANK}; digits lower than 1/80 of the page are not seen: cut out the part that holds them"


def _turned_back(reading: Reading, quarter: int, shape: tuple[int, ...]) -> Reading:
    """Return the reading of an upright page with its boxes on the page as it was given, of this shape."""
    return replace(move_boxes(reading, lambda box: box_before(box, quarter, *shape)), turn=90 * quarter)


def _placed(number: Number, place: Place | None) -> Number:
    if place is None:
        return number
    table, row, column = place
    return replace(number, table=table, row=row, column=column)
