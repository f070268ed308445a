"""The shared array types and the small frozen records that travel between the rooms."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

IMAGE_SIDE = 28
"""Height and width of a canonical digit, in pixels."""

Images = NDArray[np.uint8]
"""Canonical digits, uint8 (n, 28, 28): light ink on black, 0 is paper."""

Labels = NDArray[np.int64]
"""Class indices, int64 (n,)."""

Probabilities = NDArray[np.float32]
"""One row per image, float32 (n, classes); each row sums to 1."""

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the upright picture, from its top left corner."""


@dataclass(frozen=True)
class Split:
    """Images with their labels, in a fixed order."""

    images: Images
    labels: Labels
    files: tuple[Path, ...] = ()
    """Where each image came from, if they came from pictures; else empty."""

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.shape[1:] != (IMAGE_SIDE, IMAGE_SIDE):
            raise ValueError(f"images must be uint8 (n, 28, 28), not {self.images.dtype} {self.images.shape}")
        if self.labels.dtype != np.int64 or self.labels.shape != (len(self.images),):
            raise ValueError(
                f"labels must be int64 ({len(self.images)},), one an image, not {self.labels.dtype} {self.labels.shape}"
            )
        if self.files and len(self.files) != len(self.images):
            raise ValueError(f"there must be {len(self.images)} files, one an image, or none, not {len(self.files)}")

    def __len__(self) -> int:
        return len(self.images)

    def take(self, indices: NDArray[np.integer[Any]] | slice) -> Split:
        """The chosen rows, in the order of `indices`."""
        files = tuple(self.files[i] for i in np.arange(len(self))[indices]) if self.files else ()
        return Split(self.images[indices], self.labels[indices], files)


@dataclass(frozen=True)
class Dataset:
    """A dataset in memory. `train` still holds what a recipe will keep back for validation."""

    name: str
    train: Split
    test: Split | None
    class_names: tuple[str, ...]
    sha256: str
    """SHA-256 over the raw images and labels of every split: the identity of the data, whatever brought it."""
    source: str
    """Where it came from, for people."""
    reference: str = ""
    """What `load_dataset` finds it by again: a known name or an absolute path; empty for one made in memory."""

    def split(self, name: str) -> Split:
        """`train` or `test` by name; ValueError for another name or a missing test split."""
        if name == "train":
            return self.train
        if name == "test" and self.test is not None:
            return self.test
        raise ValueError(f"dataset {self.name} has no split {name!r}")


@dataclass(frozen=True)
class Digit:
    """One digit read from a picture."""

    label: str
    """The class name: "7"."""
    confidence: float
    """Probability of the label, 0 to 1."""
    box: Box
    alternatives: tuple[tuple[str, float], ...] = ()
    """The next best class names with their probabilities, best first."""


@dataclass(frozen=True)
class Number:
    """Digits that stand together, left to right."""

    text: str
    confidence: float
    """Probability that every digit is right, and none missing, 0 to 1."""
    box: Box
    digits: tuple[Digit, ...]
    sure: bool = True
    """Whether the confidence is high enough for the error rate that was asked for."""
    reason: str | None = None
    """Why the reader is not sure of this number."""
    alternatives: tuple[tuple[str, float], ...] = ()
    """The next best texts with their probabilities, best first."""

    @property
    def next_best(self) -> tuple[tuple[str, float], ...]:
        """The alternatives; of a single digit that has none as a number, those it has as a digit."""
        return self.alternatives or (self.digits[0].alternatives if len(self.digits) == 1 else ())


@dataclass(frozen=True)
class Reading:
    """What was read in one picture. `reason` says why when the reader is not sure."""

    picture: str
    numbers: tuple[Number, ...] = ()
    sure: bool = False
    reason: str | None = None
    page: int = 1
    """Which page of the file, from 1."""
    stages: dict[str, NDArray[Any]] = field(default_factory=dict, compare=False, repr=False)
    """The pictures between the file and the answer, by name, for people who ask why."""

    @property
    def text(self) -> str:
        """All numbers, in reading order, with a space between them."""
        return " ".join(number.text for number in self.numbers)

    def to_json(self) -> dict[str, Any]:
        """The reading as plain JSON values; labels that are whole numbers become integers."""
        return {
            "picture": self.picture,
            "page": self.page,
            "numbers": [
                {
                    "text": number.text,
                    "confidence": round(number.confidence, 6),
                    "sure": number.sure,
                    "reason": number.reason,
                    "alternatives": [[text, round(p, 6)] for text, p in number.alternatives],
                    "box": list(number.box),
                    "digits": [
                        {
                            "label": _json_label(digit.label),
                            "confidence": round(digit.confidence, 6),
                            "box": list(digit.box),
                            "alternatives": [[_json_label(name), round(p, 6)] for name, p in digit.alternatives],
                        }
                        for digit in number.digits
                    ],
                }
                for number in self.numbers
            ],
            "sure": self.sure,
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Reading:
        """The reading that `to_json` wrote; its stages are not among the values."""
        numbers = tuple(
            Number(
                number["text"],
                number["confidence"],
                _box(number["box"]),
                tuple(
                    Digit(str(digit["label"]), digit["confidence"], _box(digit["box"]), _pairs(digit["alternatives"]))
                    for digit in number["digits"]
                ),
                number["sure"],
                number["reason"],
                _pairs(number["alternatives"]),
            )
            for number in values["numbers"]
        )
        return cls(values["picture"], numbers, values["sure"], values["reason"], values["page"])


def is_sure(reading: Reading, number: Number) -> bool:
    """Whether this number is sure: a doubt about the page is one about all its numbers, unless it is about others."""
    return number.sure and (reading.sure or not all(other.sure for other in reading.numbers))


def _box(values: list[int]) -> Box:
    x, y, width, height = values
    return x, y, width, height


def _pairs(values: list[list[Any]]) -> tuple[tuple[str, float], ...]:
    return tuple((str(name), probability) for name, probability in values)


def _json_label(name: str) -> int | str:
    return int(name) if name.isascii() and name.isdigit() and str(int(name)) == name else name
