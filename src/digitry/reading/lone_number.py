"""A page that is a single number or digit → its reading, by the networks that specialise in these."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.images.stages import MIN_SIDE
from digitry.reading import one_digit, one_number
from digitry.reading.certainty import doubted, doubts
from digitry.reading.closer_look import corners_of
from digitry.reading.judged import judged_number, weigh
from digitry.reading.networks import Networks
from digitry.reading.one_number import ONE_LINE, PERHAPS_SIGNS, as_asked
from digitry.reading.page import Candidate, PageFound
from digitry.reading.page_options import PageOptions
from digitry.types import Box, Number, Reading

CONVINCED = 0.5
"""A network is convinced of numbers with at least this probability."""

FEW = 12
"""A page with more such numbers is not taken for a single number."""

NO_HAND = "in so small a picture it is unclear whether it is printed"
SMALL_SIGNS = "signs in so small a picture are not read reliably enough to be called sure"
"""Why a number in a tiny picture is not sure."""


class Evidence(NamedTuple):
    """The evidence on whether a picture is a single number, and which."""

    reading: Reading
    """One number, by the networks for numbers and digits."""
    convinced: list[Candidate]
    """Numbers anywhere that the network for pages is convinced of."""
    within: list[Candidate]
    """Numbers that it sees in the place of that number."""

    @property
    def number(self) -> Number:
        """The number."""
        (number,) = self.reading.numbers
        return number

    @property
    def seen(self) -> str:
        """What the network for pages sees there, with signs."""
        return "".join(one.written.text for one in self.within)

    @property
    def seen_digits(self) -> str:
        """The same without signs."""
        return "".join(one.digits for one in self.within)

    @property
    def agrees(self) -> bool:
        """Whether all networks see the same digits and, if the network for numbers sees signs, the same text."""
        number = self.number
        return self.seen_digits == number.digits_text and (not number.signs or self.seen == number.text)


def lone_number(view: NDArray[np.uint8], found: PageFound, networks: Networks, options: PageOptions) -> Reading | None:
    """Read an upright page, uint8 (h, w), that is a single number or digit; None for any other page.

    A number is not sure if the networks disagree, or if it is printed and handwriting is wanted, or the reverse.
    """
    evidence = _evidence(view, found, networks)
    if evidence is None or not _is_one_number(evidence, view.shape[0]):
        return None
    by_page = evidence.agrees and sum(len(one.characters) for one in evidence.within) > 1
    if by_page:  # the network for pages sees its signs and gaps
        weighed = [weigh(one, view, networks) for one in evidence.within]
        numbers = tuple(judged_number(what, found.turn, networks, options) for what in weighed)
    else:
        numbers = (_described(evidence, options),)
    numbers = tuple(_by_wanted_hand(number, options) for number in numbers)
    return Reading("", numbers, *doubts(numbers), stages=evidence.reading.stages, by_page=by_page)


def tiny_number(view: NDArray[np.uint8], networks: Networks, options: PageOptions) -> Reading:
    """Read an upright picture, uint8 (h, w), too small for the network for pages."""
    reading = _read(view, networks)
    if not reading.numbers:
        return reading
    reading = replace(reading, numbers=tuple(as_asked(number, options) for number in reading.numbers))
    if reading.reason == one_number.NEVER_SURE_WITH_SIGNS:  # which advises to expect a page
        return doubted(reading, SMALL_SIGNS)
    return doubted(reading, NO_HAND) if reading.sure and options.only == "printed" else reading


def _evidence(view: NDArray[np.uint8], found: PageFound, networks: Networks) -> Evidence | None:
    convinced = [one for one in found.candidates if one.probability >= CONVINCED]
    if len(convinced) > FEW:
        return None
    signs = [corners_of(c.box) for one in convinced for c in one.characters if not c.label.isdigit()]
    reading = _read(one_number.without_signs(view, signs), networks)
    if not reading.numbers:
        return None
    (number,) = reading.numbers
    return Evidence(reading, convinced, [one for one in found.candidates if _overlap(one.box, number.box)])


def _read(view: NDArray[np.uint8], networks: Networks) -> Reading:
    """Read a picture of one number; a single mark is read by the network for single digits."""
    if min(view.shape) < MIN_SIDE:  # a thin 1, or nothing
        return one_digit.read_pages([view], networks, name="", page=1)[0]
    reading = one_number.read_alone(view, networks)
    if unknown := networks.unknown(reading.text):
        return doubted(reading, unknown)
    if len(reading.text) <= 1:
        (alone,) = one_digit.read_pages([view], networks, name="", page=1)
        return alone if alone.numbers else reading
    return reading


def _is_one_number(evidence: Evidence, height: int) -> bool:
    """Tell whether a picture of this height is a single number: its digits are at least a third as high, or it is a
    digit that the network for pages sees too; and that network is convinced of nothing elsewhere.
    """
    number, convinced, within = evidence.number, evidence.convinced, evidence.within
    if any(one not in within for one in convinced) or any(one.may_be_struck for one in within):
        return False
    is_all = bool(height < ONE_LINE * np.median([digit.box[3] for digit in number.digits]))
    if len(number.digits) > 1:
        return is_all
    is_seen = not number.signs and [one.digits for one in convinced] == [number.digits_text]
    # All marks of a page may together be read as one digit, which is wrong if several characters are seen.
    several = sum(len(one.characters) for one in convinced) > 1
    is_believed = evidence.seen_digits == number.digits_text or (number.confidence >= CONVINCED and not several)
    return is_believed and (is_all or is_seen)


def _described(evidence: Evidence, options: PageOptions) -> Number:
    """Return the number with what the network for pages sees: its hand, signs beside it, and whether it agrees."""
    number = as_asked(evidence.number, options)
    if evidence.within:
        likeliest = max(evidence.within, key=lambda one: one.probability)
        around = tuple(sign for one in evidence.within for sign in one.written.around)
        number = replace(number, hand=likeliest.hand, around=around or number.around)
    if evidence.agrees:
        return number
    seen = evidence.seen if options.signs else evidence.seen_digits
    disagreement = f"read as {number.text}, but on the page {seen or 'no number'} is seen"
    return replace(number, sure=False, reason=PERHAPS_SIGNS if seen == number.text else disagreement)


def _by_wanted_hand(number: Number, options: PageOptions) -> Number:
    """Return the number, not sure if it seems to be of another hand, written or printed, than wanted.

    It is not left out, because the network for pages takes some people's digits for print.
    """
    is_wanted = options.only == "all" or number.hand in (None, options.only)
    return number if is_wanted or not number.sure else replace(number, sure=False, reason=f"it looks {number.hand}")


def _overlap(one: Box, other: Box) -> bool:
    """Tell whether the centre of one box lies within the other."""
    return any(
        a[0] <= b[0] + b[2] / 2 <= a[0] + a[2] and a[1] <= b[1] + b[3] / 2 <= a[1] + a[3]
        for a, b in ((one, other), (other, one))
    )
