"""A number that was found on a page → the number that people get: how sure it is, and what else it could be."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.reading.alternatives import as_character
from digitry.reading.certainty import share_doubt
from digitry.reading.networks import Networks
from digitry.reading.notation import is_number, value_of
from digitry.reading.page import Candidate
from digitry.reading.page_options import PageOptions
from digitry.reading.page_turn import Turn
from digitry.reading.second_opinion import Opinion, second_opinion
from digitry.reading.slashes import may_be_ones
from digitry.types import Number

PAGE_SHARE = 0.8
"""The page's network has so much of the word on a number, the one for numbers the rest: it also reads what is none."""

LEAST_GIVEN = 0.3
"""A number in which both networks together have less confidence is not given."""

LEAST_ASKED = (LEAST_GIVEN - (1 - PAGE_SHARE)) / PAGE_SHARE
"""A number that the page's network takes for less probable than this is not read again: it could not be given."""

ALTERNATIVES = 3

STRUCK_OUT = "it is struck out"
PERHAPS_STRUCK = "it may be struck out"
PERHAPS_ONES = "a slash of it may be a 1"
TURNED = "the page reads about as well the other way round; say how it lies: rotate 0, 90, 180 or 270"
"""Why a number is not sure, whatever its confidence."""


UNHEARD_OF = 0.02
"""The probability that a network gives, at least, to what it does not name."""


class WeighedCandidate(NamedTuple):
    """What both networks think of a candidate."""

    candidate: Candidate
    """With the digits that both together read."""
    own: float
    """The weighted mean of their probabilities of it, 0 to 1."""
    opinion: Opinion


def judged_number(weighed: WeighedCandidate, turn: Turn, networks: Networks, options: PageOptions) -> Number:
    """Make the number that people get of a candidate and of what the networks think of it."""
    one, own, opinion = weighed
    confidence, sure, reason = networks.judge("page", own)
    if doubt := _doubt(one, opinion, turn):
        sure, reason = False, doubt
    digits = tuple(c for c in one.characters if c.label.isdigit())
    signs = tuple(c for c in one.characters if not c.label.isdigit()) if options.signs else ()
    text = one.written.text if options.signs else one.digits
    return Number(
        text,
        confidence,
        one.box,
        digits,
        sure=sure,
        reason=reason,
        alternatives=share_doubt(_alternatives(one, opinion, text, options), own, confidence),
        signs=signs,
        value=value_of(text, options.decimal),
        around=one.written.around,
        hand=one.hand,
        struck=one.struck,
    )


def weigh(one: Candidate, view: NDArray[np.uint8], networks: Networks) -> WeighedCandidate:
    """Weigh a candidate: the page's network believes in it, and the one for numbers, asked alone, reads the same.

    Where they read as many digits, but others, those are taken that both together find the most probable.
    """
    signs = [c.box for c in one.characters if not c.label.isdigit()]
    opinion = second_opinion(view, one.box, one.digit_height, signs, networks.read_strips)
    said = {opinion.digits: opinion.probability, **opinion.others}
    rivals = [with_digits(one, digits) for digits in said if len(digits) == len(one.digits)]

    def likely(rival: Candidate) -> float:
        return max(rival.probability, UNHEARD_OF * one.probability) * max(said.get(rival.digits, 0.0), UNHEARD_OF)

    best = max((one, *rivals), key=likely)
    own = PAGE_SHARE * best.probability + (1 - PAGE_SHARE) * said.get(best.digits, 0.0)
    return WeighedCandidate(best, own, opinion)


def with_digits(one: Candidate, digits: str) -> Candidate:
    """Give a candidate with as many other digits, as probable as its characters take them to be."""
    waiting, share = list(digits), 1.0
    characters = []
    for character in one.characters:
        label = waiting.pop(0) if character.label.isdigit() else character.label
        characters.append(as_character(character, label))
        share *= characters[-1].confidence / max(character.confidence, 1e-9)
    text = "".join(character.label for character in characters)
    return one._replace(
        written=one.written._replace(text=text), characters=tuple(characters), probability=one.probability * share
    )


def _doubt(one: Candidate, opinion: Opinion, turn: Turn) -> str | None:
    if one.struck:
        return STRUCK_OUT
    if one.may_be_struck:
        return PERHAPS_STRUCK
    if may_be_ones(one.characters):
        return PERHAPS_ONES
    if one.beside:
        return f"{one.beside} close beside it"
    if turn.is_doubtful:
        return TURNED
    if opinion.digits != one.digits:
        return f"read again on its own, it is {opinion.digits or 'no number'}"
    return None


def _alternatives(one: Candidate, opinion: Opinion, text: str, options: PageOptions) -> tuple[tuple[str, float], ...]:
    """Return other numbers with their probabilities, best first: one character read otherwise, or all read again."""
    found: dict[str, float] = {}
    if text == one.digits:
        found = {opinion.digits: opinion.probability, **opinion.others}
    kept = [c for c in one.characters if text != one.digits or c.label.isdigit()]
    for place, character in enumerate(kept):
        for label, probability in character.alternatives:
            if not (label.isdigit() or options.signs):
                continue
            other = "".join([*(c.label for c in kept[:place]), label, *(c.label for c in kept[place + 1 :])])
            likely = one.probability * probability / max(character.confidence, 1e-6)
            found[other] = max(found.get(other, 0.0), min(1.0, likely))
    ranked = sorted(((t, p) for t, p in found.items() if t != text and is_number(t)), key=lambda pair: -pair[1])
    return tuple(ranked[:ALTERNATIVES])
