"""A candidate found on a page → the final number: how sure it is, and what else it may be."""

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
"""Weight of the network for pages; the network for numbers, which also reads what is not a number, has the rest."""

LEAST_GIVEN = 0.3
"""A number with a lower confidence, by both networks together, is left out."""

LEAST_ASKED = (LEAST_GIVEN - (1 - PAGE_SHARE)) / PAGE_SHARE
"""A number less probable than this by the network for pages is not read again: it would be left out in any case."""

ALTERNATIVES = 3

STRUCK_OUT = "it is struck out"
PERHAPS_STRUCK = "it may be struck out"
PERHAPS_ONES = "a slash in it may be a 1"
TURNED = "the page reads about as well the other way round; say how to turn it: rotate 0, 90, 180 or 270"
"""Why a number is not sure, whatever its confidence."""


UNHEARD_OF = 0.02
"""Probability assumed for what a network does not name."""


class WeighedCandidate(NamedTuple):
    """A candidate, judged by both networks."""

    candidate: Candidate
    """With the digits that both together find most probable."""
    own: float
    """The weighted mean of their probabilities, 0 to 1."""
    opinion: Opinion


def judged_number(weighed: WeighedCandidate, turn: Turn, networks: Networks, options: PageOptions) -> Number:
    """Return the final number for a candidate that both networks have judged."""
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
    """Weigh a candidate of the network for pages by what the network for numbers reads in its place.

    If they read different digits of the same number, those that both together find most probable are chosen.
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
    """Return the candidate with other digits, as many, and the probability that its characters give them."""
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
        return f"{one.beside} right beside it"
    if turn.is_doubtful:
        return TURNED
    if opinion.digits != one.digits:
        return f"read again on its own, it is {opinion.digits or 'no number'}"
    return None


def _alternatives(one: Candidate, opinion: Opinion, text: str, options: PageOptions) -> tuple[tuple[str, float], ...]:
    """Return other numbers with their probabilities, most probable first: with one other character, or read again."""
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
