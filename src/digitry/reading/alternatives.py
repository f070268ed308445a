"""What else a number may be: texts that the networks give as a whole, and those spelt by alternative characters."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

from digitry.reading.notation import is_number, signs_among
from digitry.types import SIGNS, TEN_DIGITS, Digit, Number

MOST = 200
"""At most this many spellings of a number are considered, the most probable first."""

SIGNS_WITHIN = frozenset(signs_among(SIGNS))
"""Signs that may be part of a number's text."""


def texts_instead(number: Number, *, signs: bool = True) -> list[tuple[str, float]]:
    """Return what else a number may be, most probable first, with probabilities of at most the number's.

    A text spelt by alternative characters has the number's confidence, times the ratio of each new character's
    probability to that of the one it replaces. Without `signs`, a digit is never replaced by a sign.
    """
    found: dict[str, float] = {}
    for text, probability in [*number.next_best, *_spellings(number, signs)]:
        if text != number.text and is_number(text):
            found[text] = max(found.get(text, 0.0), min(probability, number.confidence))
    return sorted(found.items(), key=lambda pair: -pair[1])


def rewritten(number: Number, text: str) -> Number:
    """Return the number with another text, its characters in the places of the old ones.

    If their number differs, each gets an equal part of the number's box.
    """
    old = characters_of(number)
    if old is None or len(old) != len(text):
        x, y, width, height = number.box
        edges = [round(x + width * place / len(text)) for place in range(len(text) + 1)]
        old = [Digit("", 0.0, (left, y, max(1, right - left), height)) for left, right in itertools.pairwise(edges)]
    new = [as_character(character, label) for character, label in zip(old, text, strict=True)]
    digits = tuple(one for one in new if one.label.isdigit())
    return replace(number, text=text, digits=digits, signs=tuple(one for one in new if not one.label.isdigit()))


def characters_of(number: Number) -> list[Digit] | None:
    """Return the digits and signs of a number in the order of its text; None if they do not spell it."""
    digits, signs = list(number.digits), list(number.signs)
    found = []
    for character in number.text:
        if digits and digits[0].label == character:
            found.append(digits.pop(0))
        elif signs and signs[0].label == character:
            found.append(signs.pop(0))
        else:
            return None
    return None if digits or signs else found


def as_character(old: Digit, label: str) -> Digit:
    """Return the character with another label; the old and the new one swap places among its alternatives."""
    if label == old.label:
        return old
    others = dict(old.alternatives)
    probability = others.pop(label, 0.0)
    kept = ((old.label, old.confidence), *others.items()) if old.label else ()
    return Digit(label, probability, old.box, kept)


def _spellings(number: Number, signs: bool) -> Iterator[tuple[str, float]]:
    """Yield the texts that alternatives of its characters spell, most probable first, beginning with its own."""
    characters = characters_of(number)
    if not characters:
        return
    choices = [_choices(one, signs) for one in characters]
    # A heap of candidates: the choice at each place, and the first place that may still change, to avoid duplicates.
    waiting = [(-1.0, (0,) * len(choices), 0)]
    looked_at = 0
    while waiting and looked_at < MOST:
        looked_at += 1
        negative, taken, first = heapq.heappop(waiting)
        text = "".join(choices[place][index][0] for place, index in enumerate(taken))
        if is_number(text):
            yield text, -negative * number.confidence
        for place in range(first, len(choices)):
            if taken[place] + 1 < len(choices[place]):
                following = (*taken[:place], taken[place] + 1, *taken[place + 1 :])
                shares = math.prod(choices[at][index][1] for at, index in enumerate(following))
                heapq.heappush(waiting, (-shares, following, place))


def _choices(character: Digit, signs: bool) -> list[tuple[str, float]]:
    """Return what may replace a character, with its probability relative to the character's own."""
    others = [
        (label, min(1.0, probability / max(character.confidence, 1e-9)))
        for label, probability in character.alternatives
        if label in TEN_DIGITS or (signs and label in SIGNS_WITHIN)
    ]
    return [(character.label, 1.0), *sorted(others, key=lambda pair: -pair[1])]
