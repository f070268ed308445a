"""The shared array types and the small frozen records that travel between the rooms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

TEN_DIGITS = tuple("0123456789")
"""The class names of a network that reads digits, all of them."""

SIGNS = tuple(".,'-/:+()%=×÷$€£₹✓")
"""The other characters of numbers, in the networks' class order; `×` is also a cross, `✓` a tick."""

IMAGE_SIDE = 28
"""Height and width of a canonical digit, in pixels."""

IMAGE_PIXELS, IMAGE_SIZE = IMAGE_SIDE**2, f"{IMAGE_SIDE}×{IMAGE_SIDE}"
"""Pixels of a canonical digit, and its size as text."""

Images = NDArray[np.uint8]
"""Canonical digits, uint8 (n, 28, 28): light ink on black, 0 is paper."""

Labels = NDArray[np.int64]
"""Class indices, int64 (n,)."""

Probabilities = NDArray[np.float32]
"""One row per image, float32 (n, classes); each row sums to 1."""

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the upright picture, from its top left corner."""


def _kind(array: NDArray[Any]) -> str:
    return f"{array.dtype} {array.shape}; Dataset.from_arrays accepts other kinds"


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
            raise ValueError(f"labels must be int64 ({len(self.images)},), one per image, not {_kind(self.labels)}")
        if self.files and len(self.files) != len(self.images):
            raise ValueError(f"there must be {len(self.images)} files, one per image, or none, not {len(self.files)}")

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
    """A dataset in memory. `train` still includes what a recipe will hold back for validation."""

    name: str
    train: Split
    test: Split | None
    class_names: tuple[str, ...]
    sha256: str
    """SHA-256 over the raw images and labels of every split: identifies the data, wherever it came from."""
    source: str
    """Where it came from, for people."""
    reference: str = ""
    """What `load_dataset` takes to load it again: a known name or an absolute path; empty for one made in memory."""

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
        """Make a dataset from arrays in memory: NumPy arrays, tensors, tables or nested lists.

        Images are (n, h, w), or (n, h·w) if square, with one or three channels first or last: booleans, 0 to 1, 0 to
        255, -1 to 1 or standardised, light on dark or dark on light. Those of 28×28 are used as they are, others are
        fitted like pictures. Labels are integers, strings or one-hot rows. `invert` says whether the images are dark
        on light; by default their edges decide. Raises DataError for ambiguous input.
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
    """The next most probable class names with their probabilities, most probable first."""

    def __repr__(self) -> str:
        return f"<Digit {self.label!r}, {self.confidence:.1%}>"


@dataclass(frozen=True)
class Number:
    """Digits that stand together, left to right."""

    text: str
    confidence: float
    """Probability that every digit is right and none is missing, 0 to 1."""
    box: Box
    digits: tuple[Digit, ...]
    sure: bool = True
    """Whether the confidence is high enough for the requested error rate."""
    reason: str | None = None
    """Why the reader is not sure of this number."""
    alternatives: tuple[tuple[str, float], ...] = ()
    """The next most probable texts with their probabilities, most probable first."""
    signs: tuple[Digit, ...] = ()
    """The characters of `text` that are not digits, left to right; empty unless requested."""
    value: float | None = None
    """The numeric value of a plain number; None for dates, times, fractions, and unless requested."""
    around: tuple[str, ...] = ()
    """Signs before or after the number: `%`, `=`, `$`, a tick; empty unless requested."""
    hand: str | None = None
    """`written` or `printed`; None unless requested, and where the network for pages sees nothing."""
    struck: bool = False
    """Whether it is struck out; False unless requested."""
    table: int | None = None
    row: int | None = None
    column: int | None = None
    """Its table and cell, all counted from 0; None outside tables, and unless requested."""

    def __repr__(self) -> str:
        return f"<Number {self.text!r}, {self.confidence:.1%}, {'sure' if self.sure else 'not sure'}>"

    @property
    def digits_text(self) -> str:
        """The digits alone, without signs."""
        return "".join(digit.label for digit in self.digits)

    @property
    def next_best(self) -> tuple[tuple[str, float], ...]:
        """The alternatives of the number; if it has none and is a single digit, those of the digit."""
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
    """A table on a page: its cells, row by row, including empty ones."""

    cells: tuple[Cell, ...]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return 1 + max((cell.row for cell in self.cells), default=-1)

    @property
    def columns(self) -> int:
        """Number of columns."""
        return 1 + max((cell.column for cell in self.cells), default=-1)


class ReadingStages(TypedDict, total=False):
    """The images between the file and the answer, uint8, those that the way of reading produces: the `grey` page and
    its `ink` (h, w), the `crop` of a single digit and its `canonical` form (28, 28), the `strips` (40, w) of numbers,
    and the outputs of the network for numbers on these, `frames`, float32 (w / 2, classes).
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
    """Clockwise degrees by which the page must be turned to be upright: 0, 90, 180 or 270; 0 unless requested."""
    tables: tuple[Table, ...] = ()
    """The tables on the page, top to bottom; empty unless requested."""
    stages: ReadingStages = field(default_factory=ReadingStages, compare=False, repr=False)
    by_page: bool = field(default=False, compare=False, repr=False)
    """Whether the network for pages found the numbers and judged their confidence."""

    def __repr__(self) -> str:
        name = " ".join(filter(None, ("Reading", self.picture, f"page {self.page}" if self.page > 1 else "")))
        why = f": {self.reason}" if self.reason else ""
        return f"<{name}: {repr(self.text) if self.numbers else 'nothing'}, {'not ' * (not self.sure)}sure{why}>"

    def _repr_html_(self) -> str:
        from digitry.visualization.notebook import reading_html

        return reading_html(self)

    @property
    def text(self) -> str:
        """All numbers in reading order, separated by spaces."""
        return " ".join(number.text for number in self.numbers)

    @property
    def confidence(self) -> float:
        """The lowest confidence of its numbers, 0 to 1; 0 if there are none."""
        return min((number.confidence for number in self.numbers), default=0.0)

    def to_json(self) -> dict[str, Any]:
        """Return the reading as plain JSON values; labels that are whole numbers become integers."""
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
        """Rebuild a reading from what `to_json` returned, in this or an older version; the stages are not kept."""
        cells = [[Cell(c["row"], c["column"], tuple(c["box"])) for c in t["cells"]] for t in values.get("tables", [])]
        tables = tuple(Table(tuple(one)) for one in cells)
        numbers = tuple(_number_from_json(number) for number in values["numbers"])
        turn = values.get("turn", 0)
        return cls(values["picture"], numbers, values["sure"], values["reason"], values["page"], turn, tables)


def is_sure(reading: Reading, number: Number) -> bool:
    """Tell whether this number is sure: doubt about the page applies to all its numbers, unless some are in doubt."""
    return number.sure and (reading.sure or not all(other.sure for other in reading.numbers))


_AS_THEY_ARE = ("hand", "struck", "table", "row", "column")  # same in JSON and Python; older files lack them


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
    """Read alternatives: objects whose first value is the text or label, or the pairs that digitry 0.1.0 wrote."""
    return tuple((str(name), p) for name, p in (one.values() if isinstance(one, dict) else one for one in values))


def _json_label(name: str) -> int | str:
    return int(name) if name.isascii() and name.isdigit() and str(int(name)) == name else name
