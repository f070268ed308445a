"""A picture with its ground truth: what every maker of this package returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.evaluation.whole_pages.figures import Counts
from digitry.types import IMAGE_SIDE, Number, Split

SEED = 2019
"""Every picture depends only on this, its set and its index."""

SpecimenFacts = dict[str, str]


@dataclass(frozen=True)
class Specimen:
    """One picture, what is written in it, and how it was made."""

    pixels: NDArray[np.uint8] | bytes
    """A picture as a program passes it: grey (h, w), colour (h, w, 3), or the bytes of a file."""
    texts: tuple[str, ...] = ()
    """The numbers in it, in reading order; empty if there is no digit."""
    facts: SpecimenFacts = field(default_factory=dict)
    """How it was made, fact → group, for figures by group."""
    count: Callable[[Sequence[Number]], Counts] | None = None
    """Counts what is right among the numbers read, if comparing with the texts in order is not enough."""


@cache
def test_split(dataset: str) -> Split:
    """Load the test split of a dataset by name. Raises DataError when it cannot be fetched."""
    from digitry.datasets.load import load_dataset

    return load_dataset(dataset).split("test")


def test_digits() -> Split:
    """Load MNIST's test split, which none of our networks was trained on."""
    return test_split("mnist")


def generator(*place: Any) -> np.random.Generator:
    """Return the generator of one picture: it depends on set and index, not on how many others are made."""
    words = [SEED]
    for part in place:
        words += [part] if isinstance(part, int) else list(str(part).encode())
    return np.random.default_rng(words)


def as_it_is(pixels: NDArray[np.uint8] | bytes, text: str) -> Specimen:
    """Return a specimen of an existing picture."""
    return Specimen(pixels, (text,))


def png_of_digit(index: int) -> Specimen:
    """Return an MNIST test digit, by its index, as a 28×28 PNG file."""
    return _png(test_digits().images[index], index)


def cut_digit(index: int) -> Specimen:
    """Return an MNIST test digit as a PNG file cropped to its ink, every other one dark on light."""
    return _png(_cut(index), index)


def stretched_digit(index: int) -> Specimen:
    """Return the same, stretched to 28×28 whatever its shape was."""
    import cv2

    stretched = cv2.resize(_cut(index), (IMAGE_SIDE, IMAGE_SIDE), interpolation=cv2.INTER_AREA)
    return _png(np.asarray(stretched, np.uint8), index)


def _cut(index: int) -> NDArray[np.uint8]:
    import cv2

    image = test_digits().images[index]
    x, y, width, height = cv2.boundingRect(image)
    image = image[y : y + height, x : x + width]
    return np.asarray(255 - image if index % 2 else image, np.uint8)


def _png(image: NDArray[np.uint8], index: int) -> Specimen:
    import cv2

    written, data = cv2.imencode(".png", image)
    assert written
    return Specimen(data.tobytes(), (str(test_digits().labels[index]),))
