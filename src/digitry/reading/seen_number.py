"""A grey picture of one number → what the network for pages sees in it, at several sizes."""

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
"""Pixels of the picture's height at which it is looked at: its digits are half to all of that. What one size and what
all of them bring stands in docs/log.md."""

PADDED = 64
"""So high is the largest of them when it is padded for the network."""

LIKELY = 0.5
"""A character that is one of the ten digits with at least this probability is a digit of the number; one that is some
sign is a sign."""


SIGNED, PLAIN = 0.25, 0.9
"""A text with signs is believed from this vote on, and a number is without signs where this share of its votes is: with
0.5 one of 120 numbers with signs lost them and was sure. What the first is worth stands in docs/log.md."""


class SeenText(NamedTuple):
    """Digits with the signs between them, as they are seen."""

    text: str
    signs: tuple[Digit, ...] = ()
    """The characters of the text that are no digits, in boxes of the picture where its digits are seen best."""
    around: tuple[str, ...] = ()
    """Signs that stand before or behind it."""
    vote: float = 0.0
    """The mean probability of the digits over all sizes, 0 to 1, those that see this text."""
    best: float = 0.0
    """The highest of them."""


class SeenNumber(NamedTuple):
    """What is seen."""

    votes: dict[str, float]
    """Digits → the mean probability over all sizes, 0 to 1; empty where none are seen."""
    digits: dict[str, tuple[Digit, ...]]
    """The same → each digit, in boxes of the picture, where it is seen best."""
    texts: dict[str, dict[str, SeenText]]
    """The same → text → how it is written. Signs that part them, as `×` does, leave them without a text."""

    def placed(self, place: Callable[[Box], Box]) -> SeenNumber:
        """Return the same with all boxes where `place` lays them."""

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
        """Return how these digits are written, by most votes; with signs only if these votes are enough."""
        found = self.texts.get(digits, {})
        likely = [one for one in found.values() if not one.signs or one.vote >= SIGNED]
        return max(likely, key=lambda one: one.vote, default=SeenText(digits))

    def share_of_signs(self, digits: str) -> float:
        """Return how probable the signs of their `text_of` are where these digits are right; 1 where it has none."""
        best = self.text_of(digits)
        return best.vote / self.votes[digits] * min(sign.confidence for sign in best.signs) if best.signs else 1.0

    def is_plain(self, digits: str) -> bool:
        """Tell whether these digits are seen without signs wherever they are seen, as far as `PLAIN` says."""
        plain = self.texts.get(digits, {}).get(digits, SeenText(digits))
        return plain.vote >= PLAIN * self.votes.get(digits, 0.0)


def seen_number(grey: NDArray[np.uint8], answer: PageNetworkAnswer, class_names: tuple[str, ...]) -> SeenNumber:
    """Look at a picture, uint8 (h, w), all digits on which are one number, written from left to right.

    `class_names` are those of the network, the ten digits first, any other letter last.
    """
    votes: dict[str, float] = defaultdict(float)
    best: dict[str, tuple[float, tuple[Digit, ...]]] = {}
    texts: dict[str, dict[str, SeenText]] = defaultdict(dict)
    for height in HEIGHTS:
        # A picture may be wider than any number: as many pixels as of a page, and no more.
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
    """Return the digits and signs, from left to right, and the probability that all digits are right."""
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
