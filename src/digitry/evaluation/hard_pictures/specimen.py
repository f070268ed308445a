"""A picture with its truth: what every maker of this room returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.evaluation.whole_pages.figures import Counts
from digitry.types import Number, Split

SEED = 2019
"""Every picture is a function of this, its set and its number."""

SpecimenFacts = dict[str, str]


@dataclass(frozen=True)
class Specimen:
    """One picture, what is written in it, and how it was made."""

    pixels: NDArray[np.uint8] | bytes
    """A picture as a program hands it over: grey (h, w), colour (h, w, 3), or the bytes of a file."""
    texts: tuple[str, ...] = ()
    """The numbers in it, in reading order; empty where there is no digit."""
    facts: SpecimenFacts = field(default_factory=dict)
    """How it was made, name → group, for figures by group."""
    count: Callable[[Sequence[Number]], Counts] | None = None
    """Counts what is right among the numbers that were read, where the texts in their order do not say it."""


@cache
def test_split(dataset: str) -> Split:
    """Load the test split of a dataset by name. Raises DataError when it cannot be fetched."""
    from digitry.datasets.load import load_dataset

    return load_dataset(dataset).split("test")


def test_digits() -> Split:
    """Load MNIST's test split, which no network of ours trained on."""
    return test_split("mnist")


def generator(*place: Any) -> np.random.Generator:
    """Make the random numbers of one picture: the same for the same set and number, however many others are made."""
    words = [SEED]
    for part in place:
        words += [part] if isinstance(part, int) else list(str(part).encode())
    return np.random.default_rng(words)


def as_it_is(pixels: NDArray[np.uint8] | bytes, text: str) -> Specimen:
    """Hand over a picture that is there already."""
    return Specimen(pixels, (text,))


def png_of_digit(index: int) -> Specimen:
    """Write a MNIST test digit, by its number, as a 28×28 PNG file."""
    import cv2

    digits = test_digits()
    written, data = cv2.imencode(".png", digits.images[index])
    assert written
    return Specimen(data.tobytes(), (str(digits.labels[index]),))
