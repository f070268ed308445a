"""A grey page → its reading: every number that the network for pages finds, judged, and placed in the page's tables.

If a picture holds a single digit or number, the networks for these read it better.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from digitry.images.stages import BLANK, MIN_SIDE
from digitry.reading.boxes import move_boxes
from digitry.reading.certainty import doubts
from digitry.reading.judged import LEAST_ASKED, LEAST_GIVEN, judged_number, weigh
from digitry.reading.lone_number import CONVINCED, lone_number, tiny_number
from digitry.reading.networks import Networks
from digitry.reading.one_number import NO_NUMBER
from digitry.reading.page import PageFound, box_before, read_candidates, ruled_tables
from digitry.reading.page_options import PageOptions
from digitry.reading.page_turn import upright
from digitry.reading.tables.page_tables import Place, page_tables
from digitry.types import Number, Reading, ReadingStages

TINY = 40
"""In pixels: a picture no larger than this is one digit or number, too small for the network for pages."""


def read_page(
    grey: NDArray[np.uint8], networks: Networks, options: PageOptions, *, name: str = "", page: int = 1
) -> Reading:
    """Read the numbers of a grey page, uint8 (h, w), in reading order."""
    if max(grey.shape) <= TINY or min(grey.shape) < MIN_SIDE:
        quarter = 0 if options.rotate == "auto" else int(options.rotate) // 90
        reading = _turned_back(tiny_number(upright(grey, quarter), networks, options), quarter, grey.shape)
    else:
        found = read_candidates(grey, networks.see_page, networks.pages.class_names, options.rotate)
        reading = _read_found(grey, found, networks, options)
    # The page first, as it was given: other stages saw it turned, or with signs painted over.
    stages: ReadingStages = {**ReadingStages(grey=grey), **reading.stages, "grey": grey}
    return replace(reading, picture=name, page=page, stages=stages)


def _read_found(grey: NDArray[np.uint8], found: PageFound, networks: Networks, options: PageOptions) -> Reading:
    quarter = found.turn.quarters
    view = upright(grey, quarter)
    if options.only != "printed" and (one := lone_number(view, found, networks, options)):
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
    stages: ReadingStages = {
        "strips": [what.opinion.strip for what in given if what.opinion.strip is not None],
        "frames": [what.opinion.frames for what in given if what.opinion.frames is not None],
    }
    reading = Reading("", numbers, sure, reason, tables=tables, stages=stages, by_page=True)
    return _turned_back(reading, quarter, grey.shape)


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
    return f"{BLANK}; digits smaller than 1/80 of the page are not seen: crop the part that holds them"


def _turned_back(reading: Reading, quarter: int, shape: tuple[int, ...]) -> Reading:
    """Return the reading of an upright page with its boxes mapped to the original page, of this shape."""
    return replace(move_boxes(reading, lambda box: box_before(box, quarter, *shape)), turn=90 * quarter)


def _placed(number: Number, place: Place | None) -> Number:
    if place is None:
        return number
    table, row, column = place
    return replace(number, table=table, row=row, column=column)
