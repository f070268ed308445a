"""Digits that a model has not seen → pictures of them, as the reader would get them, and the right answers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from digitry.types import TEN_DIGITS, Split

LONGEST = 8
"""Number of digits of the longest number."""

LONGEST_NAME = 100
"""Dataset names are cut to this length: one may be called after any folder."""

PHOTOGRAPH_WIDTH = 44
"""Width of the photograph of one digit, in pixels of a strip: the digit with paper around it."""

ZOOMS = np.exp(np.linspace(np.log(0.8), np.log(6.0), 16))
"""Heights of photographs of one digit, in strips. Only a few, because the reader is fast at sizes it has met."""


NUMBERS_A_DIGIT = 4
"""Maximum ratio of numbers to digits: a digit comes in several numbers, each time beside others, in another hand."""


def made_pictures(
    reads: str, unseen: Split, class_names: tuple[str, ...], count: int, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.uint8], str]]:
    """Yield `count` grey pictures, uint8 (h, w), of digits of `unseen`, each with the right answer.

    For a network that reads a `digit`: half as the dataset has them, half in photographs, in their own shapes, which a
    network trained on the dataset does not know. A digit comes once in either form, at the same place of the second
    round. What is not a digit (clothes, letters) is never photographed: nobody knows what its ink would look like. For
    a network that reads a `number`: photographs of 1 to 8 of any of the digits. `most_pictures` gives the highest
    `count`.
    """
    if reads == "number":
        yield from _numbers(unseen, class_names, count, rng)
        return
    order = rng.permutation(len(unseen))
    for place in range(count):
        second_round, index = divmod(place, len(order))
        split = unseen.take(order[[index]])
        if class_names != TEN_DIGITS or (index + second_round) % 2:
            yield split.images[0], class_names[int(split.labels[0])]
        else:
            zoom = float(rng.choice(ZOOMS))
            page, labels = _photograph(split, rng, width=PHOTOGRAPH_WIDTH, zoom_range=(zoom, zoom), as_given=True)
            yield page, _text(labels, class_names)


def most_pictures(reads: str, unseen: Split, class_names: tuple[str, ...]) -> int:
    """Return how many pictures can be made of the digits of `unseen`: no digit should influence too many."""
    if reads == "number":
        return len(unseen) * NUMBERS_A_DIGIT
    return len(unseen) * (2 if class_names == TEN_DIGITS else 1)


def describe(reads: str, class_names: tuple[str, ...], data: str) -> str:
    """Describe the pictures that `made_pictures` makes of a dataset."""
    data = data if data.isprintable() and len(data) <= LONGEST_NAME else "a dataset"
    unseen = f"digits of {data} that it has not seen"
    if reads == "number":
        return f"{unseen}, written as numbers of 1 to {LONGEST} in synthetic photographs"
    if class_names != TEN_DIGITS:
        return f"images of {data} that it has not seen, as they are: no photographs, no drawings"
    return f"{unseen}, one a picture: half as they are, half in synthetic photographs"


def _numbers(
    unseen: Split, class_names: tuple[str, ...], count: int, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.uint8], str]]:
    for _ in range(count):
        length = int(rng.integers(1, LONGEST + 1))
        page, labels = _photograph(unseen.take(rng.integers(0, len(unseen), length)), rng)
        yield page, _text(labels, class_names)


def _photograph(
    digits: Split, rng: np.random.Generator, **options: object
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    from digitry.synthesis.number_strips import made_photograph

    return made_photograph(digits, rng, **options)  # type: ignore[arg-type]


def _text(labels: NDArray[np.int64], class_names: tuple[str, ...]) -> str:
    return "".join(class_names[label] for label in labels.tolist())
