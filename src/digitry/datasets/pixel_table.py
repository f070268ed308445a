"""A pixel table, one row per image and one column per pixel → images and labels. The label column is found by its
name, or else by its values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.datasets.pixel_rows import Row, blocks_of, fields_of, find_separator, numbers_of, smallest
from digitry.datasets.raw import RawArray, check_pixels, raw_array
from digitry.datasets.to_images import SIDES
from digitry.errors import DataError
from digitry.types import IMAGE_SIDE

LEAST_COLUMNS = 60
"""A table with fewer columns is a table of labels: an 8×8 image has 64 pixels."""

MOST_COLUMNS = SIDES[1] ** 2 + 8

LABEL_NAMES = frozenset(
    [
        "label",
        "labels",
        "class",
        "classlabel",
        "digit",
        "target",
        "y",
        "category",
        "letter",
        "character",
        "char",
        "number",
    ]
)
_OTHER_NAMES = frozenset(
    ["", "id", "index", "imageid", "imgid", "unnamed0", "idx", "row", "rownames", "usage", "split"]
)

_MANY = 0.6
"""The first and last pixels are paper in more than this share of the images; no class has such a share."""


class PixelTable(NamedTuple):
    """The content of a table."""

    images: RawArray
    labels: RawArray | None
    """None if no column holds labels."""


def is_pixel_table(path: Path) -> bool:
    """Return whether a file is a pixel table, by its first line. Raises DataError when it cannot be read."""
    line = next(blocks_of(path), b"").partition(b"\n")[0]
    return len(fields_of(line, find_separator(line))) >= LEAST_COLUMNS


def read_pixel_table(path: Path) -> PixelTable:
    """Read a table of pixels, gzipped or not, with any separator, with or without a header.

    Raises DataError unless its columns are the pixels of a square image and perhaps a label.
    """
    blocks = blocks_of(path)
    first = next(blocks, b"")
    line, _, rest = first.partition(b"\n")
    separator = find_separator(line)
    fields = fields_of(line, separator)
    if len(fields) > MOST_COLUMNS:
        raise DataError(
            f"it has {len(fields):,} columns, expected at most {MOST_COLUMNS:,}; give larger images as pictures"
        )
    names = _names(fields)
    if names is not None:
        first = rest or next(blocks, b"")
    if not first:
        raise DataError("it has no rows")
    columns = find_columns(names, len(fields))
    gathered = Gathered(columns)
    row = _row(first.partition(b"\n")[0], separator, len(fields))
    number = 1 if names is None else 2
    for block in chain([first], blocks):
        try:
            values, texts = numbers_of(block, row, number)
        except DataError:
            row = _with_text_labels(block, row, columns, number)
            values, texts = numbers_of(block, row, number)
        gathered.add(values, texts, row.text)
        number += len(values)
        check_pixels(path.name, (number, len(columns.pixels)))
    return gathered.to_table(path)


class Columns(NamedTuple):
    """The roles of the columns."""

    pixels: list[int]
    """If `label` is unknown, its column may still be the first or the last of these."""
    label: int | None
    has_label: bool
    counter: int | None = None
    """A column that must count the rows if the others are to be what they seem."""


class Gathered:
    """Collects the rows of a table."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.pixels: list[NDArray[Any]] = []
        self.ends: list[NDArray[Any]] = []
        """First and last column, and any that may count the rows, if the label is still to be found."""
        self.labels: list[Any] = []
        self.text: int | None = None

    def add(self, values: NDArray[Any], texts: list[str], text: int | None) -> None:
        """Add numbers (rows, columns), and the content of the column `text`, if there is one."""
        pixels, label = self.columns.pixels, self.columns.label
        if text is not None:
            if label is None and text in (pixels[0], pixels[-1]) and self.columns.has_label:
                label = text
            if text != label:
                raise DataError(f"column {text + 1} holds text; expected the numbers of pixels, and perhaps a label")
            self.text = text
            self.labels.append(np.array(texts))
        elif label is not None:
            self.labels.append(values[:, label].copy())  # a view would keep all the numbers in memory
        if self.columns.has_label and self.columns.label is None:
            if text is None:
                self.labels.append(None)  # in one of the ends, see below
            self.ends.append(values[:, [pixels[0], pixels[-1], self.columns.counter or 0]].astype(np.float64))
            pixels = pixels[1:-1]
        self.pixels.append(smallest(values[:, pixels]))

    def to_table(self, path: Path) -> PixelTable:
        """Return images and labels, with the label found by its values if its name did not tell."""
        name = path.name.partition(".")[0]
        if not self.ends:
            side = math.isqrt(len(self.columns.pixels))
            images = self._images(name, side, None)
            return PixelTable(images, _labels(f"labels of {name}", self.labels) if self.columns.has_label else None)
        ends = np.concatenate(self.ends)
        if self.columns.counter is not None and not _counts_rows(ends[:, 2]):
            raise DataError(_NO_SQUARE.format(count=len(self.columns.pixels) + 1))
        is_first: bool | None
        if self.text is not None:
            is_first = self.text == self.columns.pixels[0]
        else:
            is_first = _label_is_first(ends[:, 0], ends[:, 1])
        side = math.isqrt(len(self.columns.pixels) - 1)
        images = self._images(name, side, is_first)
        if is_first is None:
            return PixelTable(images, None)
        end = 0 if is_first else 1
        labels = [part[:, end] if found is None else found for found, part in zip(self.labels, self.ends, strict=True)]
        return PixelTable(images, _labels(f"labels of {name}", labels))

    def _images(self, name: str, side: int, label_is_first: bool | None) -> RawArray:
        def pieces(*, drain: bool = False) -> Iterator[NDArray[Any]]:
            for place, block in enumerate(self.pixels):
                if drain:
                    self.pixels[place] = block[:0].copy()
                if not self.ends:
                    yield block.reshape(-1)
                    continue
                # If the first column counts the rows, the last is a pixel, as it is if the first is the label.
                end = self.ends[place][:, 0 if label_is_first is False else 1]
                if block.dtype == np.uint8 and _are_bytes(end):
                    end = end.astype(np.uint8)
                yield np.column_stack((end, block) if label_is_first is False else (block, end)).reshape(-1)

        is_whole = all(block.dtype == np.uint8 for block in self.pixels)
        rows = sum(map(len, self.pixels))
        return RawArray(
            name,
            np.dtype(np.uint8 if is_whole else np.float32),
            (rows, side, side),
            pieces,
            drain=partial(pieces, drain=True),
        )


_NO_SQUARE = (
    f"it has {{count:,}} columns, expected the pixels of a square image, such as {IMAGE_SIDE**2}, and perhaps one "
    "label; other columns need a first line of names, with the label called label"
)


def _names(fields: Sequence[bytes]) -> list[str] | None:
    """Return the names of the columns, if this line is a header: most fields are not numbers, or they count up."""
    numbers = [_number(field) for field in fields]
    known = [number for number in numbers if number is not None]
    if len(known) * 2 > len(fields):
        inner = [number for number in numbers[1:-1] if number is not None]
        if not all(after - before == 1 for before, after in pairwise(inner)) or inner[0] not in (0, 1, 2):
            return None
    return [field.decode("utf-8", "replace") for field in fields]


def find_columns(names: Sequence[str] | None, count: int) -> Columns:
    """Return the roles of columns, by their names, if any, and their number. Raises DataError unless they are a square
    image and perhaps a label.
    """
    rest = list(range(count))
    if names is not None:
        plain = ["".join(c for c in name.lower() if c.isalnum()) for name in names]
        labels = [place for place, name in enumerate(plain) if name in LABEL_NAMES]
        rest = [place for place, name in enumerate(plain) if name not in _OTHER_NAMES and place not in labels]
        if len(labels) > 1:
            raise DataError(
                f"the columns {names[labels[0]]} and {names[labels[1]]} could both be the label; leave one out"
            )
        if labels and _is_square(len(rest)):
            return Columns(rest, labels[0], True)
        if labels:
            raise DataError(_NO_SQUARE.format(count=count))
    if _is_square(len(rest)):
        return Columns(rest, None, False)
    if _is_square(len(rest) - 1):
        return Columns(rest, None, True)
    if _is_square(len(rest) - 2) and names is None:
        return Columns(rest[1:], None, True, counter=0)
    raise DataError(_NO_SQUARE.format(count=count))


def _is_square(count: int) -> bool:
    return count >= LEAST_COLUMNS and math.isqrt(count) ** 2 == count


def _row(line: bytes, separator: bytes, columns: int) -> Row:
    fields = fields_of(line, separator)
    has_commas = separator != b"," and sum(b"," in field for field in fields) > 0
    text = [place for place, field in enumerate(fields) if _number(field.replace(b",", b".")) is None]
    if len(text) > 1:
        raise DataError(f"columns {text[0] + 1} and {text[1] + 1} hold no numbers; expected pixels and a label")
    return Row(separator, columns, text[0] if text else None, has_commas)


def _with_text_labels(block: bytes, row: Row, columns: Columns, first_line: int) -> Row:
    """Return the format of a piece whose labels are letters after digits. Raises DataError otherwise."""
    places = [columns.label] if columns.label is not None else [columns.pixels[0], columns.pixels[-1]]
    for place in places if row.text is None and columns.has_label else ():
        wanted = row._replace(text=place)
        try:
            numbers_of(block, wanted, first_line)
        except DataError:
            continue
        return wanted
    numbers_of(block, row, first_line)  # raises the actual error
    return row


def _number(field: bytes) -> float | None:
    try:
        return float(field)
    except ValueError:
        return None


def _label_is_first(first: NDArray[Any], last: NDArray[Any]) -> bool | None:
    """Return whether the first rather than the last column is the label, by their values; None if the first counts the
    rows and the last is a pixel.
    """
    if _counts_rows(first) and len(first) > 20 and not _could_be_labels(last):
        return None
    could = _could_be_labels(first), _could_be_labels(last)
    if all(could):
        could = _most_common_share(first) < _MANY, _most_common_share(last) < _MANY
    if could[0] == could[1]:
        raise DataError(
            "neither the first nor the last column is clearly the label; say which it is in a first line of names: "
            "label,pixel0,pixel1,…"
        )
    return could[0]


def _could_be_labels(column: NDArray[Any]) -> bool:
    return _are_bytes(column) and len(np.unique(column)) > 1


def _are_bytes(column: NDArray[Any]) -> bool:
    return bool(((column >= 0) & (column <= 255) & (column == np.rint(column))).all())


def _most_common_share(column: NDArray[Any]) -> float:
    return float(np.unique(column, return_counts=True)[1].max() / len(column))


def _counts_rows(column: NDArray[Any]) -> bool:
    return bool((np.diff(column) == 1).all())


def _labels(name: str, parts: list[Any]) -> RawArray:
    if len({part.dtype.kind == "U" for part in parts}) > 1:
        parts = [part if part.dtype.kind == "U" else np.array([f"{value:g}" for value in part]) for part in parts]
    return raw_array(name, np.concatenate(parts))
