"""The shared array types and the small frozen records that travel between the rooms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

TEN_DIGITS = tuple("0123456789")
"""The names of the classes of a network that reads digits, and all of them."""

SIGNS = tuple(".,'-/:+()%=×÷$€£₹✓")
"""The other characters of numbers, in the order in which networks name them; `×` is a cross as well, `✓` a tick."""

IMAGE_SIDE = 28
"""Height and width of a canonical digit, in pixels."""

IMAGE_PIXELS, IMAGE_SIZE = IMAGE_SIDE**2, f"{IMAGE_SIDE}×{IMAGE_SIDE}"
"""How many these are, and both sides in words."""

Images = NDArray[np.uint8]
"""Canonical digits, uint8 (n, 28, 28): light ink on black, 0 is paper."""

Labels = NDArray[np.int64]
"""Class indices, int64 (n,)."""

Probabilities = NDArray[np.float32]
"""One row per image, float32 (n, classes); each row sums to 1."""

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the upright picture, from its top left corner."""


def _kind(array: NDArray[Any]) -> str:
    return f"{array.dtype} {array.shape}; Dataset.from_arrays takes other kinds"


@dataclass(frozen=True)
class Split:
    """Images with their labels, in a fixed order."""

    images: Images
    labels: Labels
    files: tuple[Path, ...] = ()
    """Where each image came from, if they came from pictures; else empty."""

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.shape[1:] != (IMAGE_SIDE, IMAGE_SIDE):
            raise ValueError(f"images must be uint8 (n, {IMAGE_SIDE}, {IMAGE_SIDE}), not {_kind(self.images)}")
        if self.labels.dtype != np.int64 or self.labels.shape != (len(self.images),):
            raise ValueError(f"labels must be int64 ({len(self.images)},), one an image, not {_kind(self.labels)}")
        if self.files and len(self.files) != len(self.images):
            raise ValueError(f"there must be {len(self.images)} files, one an image, or none, not {len(self.files)}")

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        return f"<Split of {len(self):,} images, {len(np.unique(self.labels))} classes among them>"

    def take(self, indices: NDArray[np.integer[Any]] | slice) -> Split:
        """Return the chosen rows, in the order of `indices`."""
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

    @classmethod
    def from_arrays(
        cls,
        x: Any,
        y: Any,
        *,
        test: tuple[Any, Any] | None = None,
        class_names: Sequence[str] | None = None,
        name: str = "arrays",
        invert: bool | None = None,
    ) -> Dataset:
        """Make a dataset of arrays in memory: NumPy's, tensors, tables, nested lists.

        Images are (n, h, w), (n, h·w) of a square, with one or three channels before or behind: truth values, 0 to 1,
        0 to 255, -1 to 1 or standardised, light on dark or dark on light. Those of 28×28 are taken as they are,
        others fitted as pictures are. Labels are whole numbers, texts or one-hot rows. `invert` says whether the
        images are dark on light; without it their edges decide. Raises DataError for what could mean two things.
        """
        from digitry.datasets.arrays import dataset_from_arrays

        return dataset_from_arrays(x, y, test=test, class_names=class_names, name=name, invert=invert)

    def __repr__(self) -> str:
        test = "no test images" if self.test is None else f"{len(self.test):,} to test"
        return f"<Dataset {self.name}: {len(self.train):,} images to train, {test}, {len(self.class_names)} classes>"

    def _repr_html_(self) -> str:
        from digitry.visualization.notebook import dataset_html

        return dataset_html(self)

    def split(self, name: str) -> Split:
        """Return `train` or `test` by name. Raises ValueError for another name or a missing test split."""
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

    def __repr__(self) -> str:
        return f"<Digit {self.label!r}, {self.confidence:.1%}>"


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
    signs: tuple[Digit, ...] = ()
    """The characters of `text` that are no digits, left to right; empty where nobody asked."""
    value: float | None = None
    """What a plain number is worth; None for dates, times, fractions, and where nobody asked."""
    around: tuple[str, ...] = ()
    """Signs that stand before or behind it: `%`, `=`, `$`, a tick; empty where nobody asked."""
    hand: str | None = None
    """`written` or `printed`; None where nobody asked, and where the network for pages sees nothing."""
    struck: bool = False
    """Whether it is struck out; False where nobody asked."""
    table: int | None = None
    row: int | None = None
    column: int | None = None
    """Which table it stands in, and its cell, all from 0; None outside of tables, and where nobody asked."""

    def __repr__(self) -> str:
        return f"<Number {self.text!r}, {self.confidence:.1%}, {'sure' if self.sure else 'not sure'}>"

    @property
    def digits_text(self) -> str:
        """The digits alone, without signs."""
        return "".join(digit.label for digit in self.digits)

    @property
    def next_best(self) -> tuple[tuple[str, float], ...]:
        """The alternatives; of a single digit that has none as a number, those it has as a digit."""
        return self.alternatives or (self.digits[0].alternatives if len(self.digits) == 1 else ())


@dataclass(frozen=True)
class Cell:
    """A cell of a table on a page."""

    row: int
    column: int
    """From 0."""
    box: Box


@dataclass(frozen=True)
class Table:
    """A table on a page: its cells, row by row, empty ones too."""

    cells: tuple[Cell, ...]

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return 1 + max((cell.row for cell in self.cells), default=-1)

    @property
    def columns(self) -> int:
        """How many columns it has."""
        return 1 + max((cell.column for cell in self.cells), default=-1)


class ReadingStages(TypedDict, total=False):
    """The pictures between the file and the answer, uint8, as far as a way of reading makes them: the `grey` page and
    its `ink` (h, w), the `crop` of a single digit and its `canonical` form (28, 28), the `strips` (40, w) of numbers,
    and the `frames`, float32 (w / 2, classes), that the network for numbers makes of them.
    """

    grey: NDArray[np.uint8]
    ink: NDArray[np.uint8]
    crop: NDArray[np.uint8]
    canonical: NDArray[np.uint8]
    strips: list[NDArray[np.uint8]]
    frames: list[NDArray[np.float32]]


@dataclass(frozen=True)
class Reading:
    """What was read in one picture. `reason` says why when the reader is not sure."""

    picture: str
    numbers: tuple[Number, ...] = ()
    sure: bool = False
    reason: str | None = None
    page: int = 1
    """Which page of the file, from 1."""
    turn: int = 0
    """Degrees, clockwise, by which the page has to be turned to be upright: 0, 90, 180 or 270; 0 where nobody asked."""
    tables: tuple[Table, ...] = ()
    """The tables on the page, from the top down; empty where nobody asked."""
    stages: ReadingStages = field(default_factory=ReadingStages, compare=False, repr=False)
    by_page: bool = field(default=False, compare=False, repr=False)
    """Whether the network for pages found and judged its numbers, with the confidence of numbers on pages."""

    def __repr__(self) -> str:
        name = " ".join(filter(None, ("Reading", self.picture, f"page {self.page}" if self.page > 1 else "")))
        why = f": {self.reason}" if self.reason else ""
        return f"<{name}: {repr(self.text) if self.numbers else 'nothing'}, {'not ' * (not self.sure)}sure{why}>"

    def _repr_html_(self) -> str:
        from digitry.visualization.notebook import reading_html

        return reading_html(self)

    @property
    def text(self) -> str:
        """All numbers, in reading order, with a space between them."""
        return " ".join(number.text for number in self.numbers)

    @property
    def confidence(self) -> float:
        """The least confidence of its numbers, 0 to 1; 0 where there is none."""
        return min((number.confidence for number in self.numbers), default=0.0)

    def to_json(self) -> dict[str, Any]:
        """Give the reading as plain JSON values; labels that are whole numbers become integers."""
        return {
            "picture": self.picture,
            "page": self.page,
            "numbers": [_number_to_json(number) for number in self.numbers],
            "sure": self.sure,
            "reason": self.reason,
            "turn": self.turn,
            "tables": [
                {"rows": t.rows, "columns": t.columns, "cells": [{**vars(c), "box": list(c.box)} for c in t.cells]}
                for t in self.tables
            ],
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Reading:
        """Read what `to_json` wrote, here or by an older digitry; its stages are not among the values."""
        cells = [[Cell(c["row"], c["column"], tuple(c["box"])) for c in t["cells"]] for t in values.get("tables", [])]
        tables = tuple(Table(tuple(one)) for one in cells)
        numbers = tuple(_number_from_json(number) for number in values["numbers"])
        turn = values.get("turn", 0)
        return cls(values["picture"], numbers, values["sure"], values["reason"], values["page"], turn, tables)


def is_sure(reading: Reading, number: Number) -> bool:
    """Tell whether this number is sure: doubt about the page is about all its numbers, unless it is about others."""
    return number.sure and (reading.sure or not all(other.sure for other in reading.numbers))


_AS_THEY_ARE = ("hand", "struck", "table", "row", "column")  # in JSON as in Python; files of an older digitry lack them


def _number_to_json(number: Number) -> dict[str, Any]:
    return {
        "text": number.text,
        "confidence": round(number.confidence, 6),
        "sure": number.sure,
        "reason": number.reason,
        "alternatives": [{"text": text, "confidence": round(p, 6)} for text, p in number.alternatives],
        "box": list(number.box),
        "digits": [_digit_to_json(digit) for digit in number.digits],
        "digits_text": number.digits_text,
        "signs": [_digit_to_json(sign) for sign in number.signs],
        "value": number.value,
        "around": list(number.around),
        **{name: getattr(number, name) for name in _AS_THEY_ARE},
    }


def _number_from_json(values: dict[str, Any]) -> Number:
    return Number(
        text=values["text"],
        confidence=values["confidence"],
        box=tuple(values["box"]),
        digits=tuple(_digit_from_json(digit) for digit in values["digits"]),
        sure=values["sure"],
        reason=values["reason"],
        alternatives=_pairs(values["alternatives"]),
        signs=tuple(_digit_from_json(sign) for sign in values.get("signs", [])),
        value=values.get("value"),
        around=tuple(values.get("around", [])),
        **{name: values[name] for name in _AS_THEY_ARE if name in values},
    )


def _digit_to_json(digit: Digit) -> dict[str, Any]:
    return {
        "label": _json_label(digit.label),
        "confidence": round(digit.confidence, 6),
        "box": list(digit.box),
        "alternatives": [{"label": _json_label(name), "confidence": round(p, 6)} for name, p in digit.alternatives],
    }


def _digit_from_json(values: dict[str, Any]) -> Digit:
    return Digit(str(values["label"]), values["confidence"], tuple(values["box"]), _pairs(values["alternatives"]))


def _pairs(values: list[Any]) -> tuple[tuple[str, float], ...]:
    """Read alternatives: objects, whose first value is what it may be, or the pairs that digitry 0.1.0 wrote."""
    return tuple((str(name), p) for name, p in (one.values() if isinstance(one, dict) else one for one in values))


def _json_label(name: str) -> int | str:
    return int(name) if name.isascii() and name.isdigit() and str(int(name)) == name else name
