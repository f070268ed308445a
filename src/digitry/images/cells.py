"""A grey page → the cells between its rules, in rows and columns of tables.

A cell is a piece of paper enclosed by rules. Neighbours across a rule form a row or a column, so that a tilted or bent
table keeps its order.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.contrast import even_contrast

LONGEST = 1200
"""Longer side, in pixels, at which rules are detected."""

RULE_CONTRAST = 0.7
"""Least contrast of a rule to its paper, in local standard deviations."""

RULE_LENGTH = 45
"""Length of the shortest piece of a rule, in pixels at that size: longer than most strokes of digits."""

LEAST_CELL, LARGEST_SHARE = 8, 0.25
"""Least shorter side of a cell, in pixels; largest share of the page that a cell covers."""

FILLED = 0.6
"""Least share of its box that a cell fills, as it is roughly a rectangle."""

ALIKE = 1.7
"""Largest ratio of the heights of neighbours in a row, and of the widths of neighbours in a column."""


class PaperCell(NamedTuple):
    """A piece of paper between rules."""

    box: tuple[int, int, int, int]
    """Left, top, width, height in pixels of the page."""
    table: int
    row: int
    column: int
    """Its table, and its place in it, from 0."""


def find_cells(grey: NDArray[np.uint8]) -> list[PaperCell]:
    """Return the cells of a page, uint8 (h, w), in tables of at least two, table by table, row by row."""
    scale = min(1.0, LONGEST / max(grey.shape))
    if not round(scale * min(grey.shape)):  # nothing would be left of so long and thin a page
        return []
    small = grey
    if scale < 1:
        shrunk = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        small = np.asarray(shrunk, np.uint8)
    paper = (~_rules(small)).astype(np.uint8)
    count, labelled, stats, _ = cv2.connectedComponentsWithStats(paper, connectivity=4)
    labels = np.asarray(labelled, np.int32)
    boxes = stats[:, :4].astype(int)
    area = boxes[:, 2] * boxes[:, 3]
    is_cell = (
        (boxes[:, 2:].min(axis=1) >= LEAST_CELL) & (area < LARGEST_SHARE * small.size) & (stats[:, 4] > FILLED * area)
    )
    is_cell[0] = False
    places = [place for place in range(count) if is_cell[place]]
    beside, below = _Groups(count), _Groups(count)
    tables = _Groups(count)
    for place in places:
        for other in _across(labels, boxes[place], sideways=True):
            if is_cell[other] and _alike(boxes[place][3], boxes[other][3]):
                beside.join(place, other)
                tables.join(place, other)
        for other in _across(labels, boxes[place], sideways=False):
            if is_cell[other] and _alike(boxes[place][2], boxes[other][2]):
                below.join(place, other)
                tables.join(place, other)
    cells = []
    for number, members in enumerate(sorted(tables.groups(places), key=lambda m: min(boxes[p][1] for p in m))):
        rows, columns = _ordered(beside, members, boxes, axis=1), _ordered(below, members, boxes, axis=0)
        cells += [
            PaperCell(_grown(boxes[place], 1 / scale), number, rows[beside.head(place)], columns[below.head(place)])
            for place in members
        ]
    return sorted(cells, key=lambda cell: (cell.table, cell.row, cell.column))


def _rules(grey: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Find the rules: long horizontal or vertical pieces of ink."""
    contrast = even_contrast(grey)
    # Ink is the longer tail of the contrasts. Multiplying takes a sixtieth of the time of NumPy's `**3`.
    is_dark = (contrast * contrast * contrast).mean() < 0
    ink = np.asarray(contrast < -RULE_CONTRAST if is_dark else contrast > RULE_CONTRAST)
    found = np.zeros(grey.shape, np.uint8)
    for size in ((RULE_LENGTH, 1), (1, RULE_LENGTH)):
        # A slightly tilted rule steps from row to row; thickened, it stays in one piece.
        thick = cv2.dilate(ink.astype(np.uint8), np.ones((3, 1) if size[0] > 1 else (1, 3), np.uint8))
        pieces = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones(size[::-1], np.uint8))
        # Close gaps along a rule, where writing hides it or the print is worn.
        along = np.ones((1, 15) if size[0] > 1 else (15, 1), np.uint8)
        found |= np.asarray(cv2.morphologyEx(pieces, cv2.MORPH_CLOSE, along), np.uint8)
    return np.asarray(found > 0)


def _across(labels: NDArray[np.int32], box: NDArray[np.integer], *, sideways: bool) -> list[int]:
    """Return the pieces of paper to the right of a box, or below it, just across a rule."""
    x, y, width, height = box.tolist()
    reach = max(4, round(0.35 * min(width, height)))
    found = []
    for share in (0.3, 0.5, 0.7):
        if sideways:
            line = labels[min(y + round(share * height), labels.shape[0] - 1), x + width : x + width + reach]
        else:
            line = labels[y + height : y + height + reach, min(x + round(share * width), labels.shape[1] - 1)]
        hits = line[line > 0]
        if hits.size:
            found.append(int(hits[0]))
    return sorted({place for place in found if found.count(place) >= 2})


def _alike(one: int, other: int) -> bool:
    return max(one, other) <= ALIKE * min(one, other)


def _ordered(groups: _Groups, members: list[int], boxes: NDArray[np.integer], axis: int) -> dict[int, int]:
    """Return a number for each group of a table's members, from 0 along an axis; groups that coincide share one."""
    middle: dict[int, list[float]] = {}
    for place in members:
        middle.setdefault(groups.head(place), []).append(float(boxes[place][axis] + boxes[place][axis + 2] / 2))
    usual = float(np.median([boxes[place][axis + 2] for place in members]))
    numbers: dict[int, int] = {}
    number, last = -1, -1e9
    for head, middles in sorted(middle.items(), key=lambda item: float(np.mean(item[1]))):
        here = float(np.mean(middles))
        if here - last > 0.5 * usual:
            number, last = number + 1, here
        numbers[head] = number
    return numbers


def _grown(box: NDArray[np.integer], factor: float) -> tuple[int, int, int, int]:
    x, y, width, height = (round(float(value) * factor) for value in box)
    return x, y, width, height


class _Groups:
    """Disjoint sets of places that were joined, directly or through others."""

    def __init__(self, count: int) -> None:
        self._up = list(range(count))

    def head(self, place: int) -> int:
        while self._up[place] != place:
            self._up[place] = self._up[self._up[place]]
            place = self._up[place]
        return place

    def join(self, one: int, other: int) -> None:
        self._up[self.head(one)] = self.head(other)

    def groups(self, places: list[int]) -> list[list[int]]:
        """Return the groups of at least two."""
        found: dict[int, list[int]] = {}
        for place in places:
            found.setdefault(self.head(place), []).append(place)
        return [members for members in found.values() if len(members) > 1]
