"""A grey picture of one number → what the network for pages sees in it at several sizes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.reading.notation import numbers_in
from digitry.reading.spots import LARGEST, PageNetworkAnswer, Spots, spots_at
from digitry.types import Box, Digit

HEIGHTS = (24, 30, 36, 44, 54)
"""Heights in pixels to which the picture is scaled; its digits are half to all as high. The effects of one size and of
all are in docs/log.md."""

PADDED = 64
"""The largest of these heights once padded for the network."""

LIKELY = 0.5
"""Least probability, summed over all digits or over all signs, of a character that counts as a digit or sign."""


SIGNED, PLAIN = 0.25, 0.9
"""Least vote for a text with signs, and the share of votes without signs from which a number has none: with 0.5, one of
120 numbers with signs lost them and was sure. The effect of the first is in docs/log.md."""


class SeenText(NamedTuple):
    """Digits and signs as they are seen."""

    text: str
    signs: tuple[Digit, ...] = ()
    """The characters of the text that are not digits, with boxes from the size at which its digits are seen best."""
    around: tuple[str, ...] = ()
    """Signs before or after it."""
    vote: float = 0.0
    """The mean probability of the digits over all sizes, 0 to 1, counting only those at which this text is seen."""
    best: float = 0.0
    """The highest of these probabilities."""


class SeenNumber(NamedTuple):
    """What is seen at all sizes."""

    votes: dict[str, float]
    """Digits → their mean probability over all sizes, 0 to 1; empty if none are seen."""
    digits: dict[str, tuple[Digit, ...]]
    """Digits → each digit, with its box on the picture, from the size at which they are seen best."""
    texts: dict[str, dict[str, SeenText]]
    """Digits → text → how they are written. Digits separated by a sign such as `×` have no text."""

    def placed(self, place: Callable[[Box], Box]) -> SeenNumber:
        """Return the same with all boxes mapped by `place`."""

        def moved(characters: tuple[Digit, ...]) -> tuple[Digit, ...]:
            return tuple(replace(one, box=place(one.box)) for one in characters)

        return SeenNumber(
            self.votes,
            {plain: moved(digits) for plain, digits in self.digits.items()},
            {
                plain: {text: one._replace(signs=moved(one.signs)) for text, one in texts.items()}
                for plain, texts in self.texts.items()
            },
        )

    def with_vote(self, digits: str, written: SeenText) -> SeenNumber:
        """Return the same with one more vote for how these digits are written."""
        texts = dict(self.texts.get(digits, {}))
        one = texts.get(written.text, written._replace(vote=0.0))
        if written.vote > one.best:
            one = one._replace(signs=written.signs, around=written.around, best=written.vote)
        texts[written.text] = one._replace(vote=one.vote + written.vote)
        votes = {**self.votes, digits: self.votes.get(digits, 0.0) + written.vote}
        return SeenNumber(votes, self.digits, {**self.texts, digits: texts})

    def text_of(self, digits: str) -> SeenText:
        """Return the text for these digits with most votes; one with signs only if it has enough."""
        found = self.texts.get(digits, {})
        likely = [one for one in found.values() if not one.signs or one.vote >= SIGNED]
        return max(likely, key=lambda one: one.vote, default=SeenText(digits))

    def share_of_signs(self, digits: str) -> float:
        """Return how probable the signs of their `text_of` are where these digits are right; 1 where it has none."""
        best = self.text_of(digits)
        return best.vote / self.votes[digits] * min(sign.confidence for sign in best.signs) if best.signs else 1.0

    def is_plain(self, digits: str) -> bool:
        """Tell whether a share of at least `PLAIN` of the votes for these digits is without signs."""
        plain = self.texts.get(digits, {}).get(digits, SeenText(digits))
        return plain.vote >= PLAIN * self.votes.get(digits, 0.0)


def seen_number(grey: NDArray[np.uint8], answer: PageNetworkAnswer, class_names: tuple[str, ...]) -> SeenNumber:
    """Look at a picture, uint8 (h, w), whose digits are all of one number, written left to right.

    `class_names` are the network's: the ten digits first, "any other letter" last.
    """
    votes: dict[str, float] = defaultdict(float)
    best: dict[str, tuple[float, tuple[Digit, ...]]] = {}
    texts: dict[str, dict[str, SeenText]] = defaultdict(dict)
    for height in HEIGHTS:
        # A picture may be wider than any number: use at most as many pixels as for a page.
        scale = min(height / grey.shape[0], LARGEST / (PADDED * grey.shape[1]))
        characters, probability = _characters(spots_at(grey, scale, answer), class_names)
        digits = tuple(one for one in characters if one.label.isdigit())
        plain = "".join(digit.label for digit in digits)
        if not plain:
            continue
        votes[plain] += probability / len(HEIGHTS)
        if probability > best.get(plain, (-1.0,))[0]:
            best[plain] = probability, digits
        for written in numbers_in([one.label for one in characters]):
            kept = [characters[place] for place in written.places]
            if "".join(one.label for one in kept if one.label.isdigit()) == plain:
                one = texts[plain].get(written.text, SeenText(written.text))
                if probability > one.best:
                    signs = tuple(character for character in kept if not character.label.isdigit())
                    one = one._replace(signs=signs, around=written.around, best=probability)
                texts[plain][written.text] = one._replace(vote=one.vote + probability / len(HEIGHTS))
    return SeenNumber(dict(votes), {text: digits for text, (_, digits) in best.items()}, dict(texts))


def _characters(spots: Spots, class_names: tuple[str, ...]) -> tuple[list[Digit], float]:
    """Return the digits and signs, left to right, and the probability that all digits are right."""
    digits, signs = spots.classes[:, :10].sum(axis=1), spots.classes[:, 10:-1].sum(axis=1)
    spots = spots.take((digits > LIKELY) | (signs > LIKELY))
    spots = spots.take(np.argsort(spots.x, kind="stable"))
    characters, right = [], 1.0
    for box, classes, found in zip(spots.box.tolist(), spots.classes, spots.found.tolist(), strict=True):
        is_digit = float(classes[:10].sum()) > LIKELY
        kinds = range(min(10, len(classes))) if is_digit else range(10, len(class_names) - 1)
        order = sorted(kinds, key=lambda kind: -classes[kind])[:4]
        left, top, width, height = box
        whole = (round(left), round(top), max(1, round(width)), max(1, round(height)))
        ranked = tuple((class_names[kind], float(classes[kind])) for kind in order)
        characters.append(Digit(*ranked[0], whole, ranked[1:]))
        if is_digit:
            right *= found * float(classes[order[0]])
    return characters, right
