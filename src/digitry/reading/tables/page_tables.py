"""The tables of a page: by its rules, or by the alignment of its numbers if the rules contradict it or are missing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from digitry.reading.tables.aligned import AlignedTable, align_numbers
from digitry.types import Number, Table

AGREED = 0.95
"""Least share of aligned neighbours that the rules also put into one row or column: a missed or spurious rule shifts
everything after it."""

Place = tuple[int, int, int]
"""Table, row and column, from 0."""


def page_tables(numbers: Sequence[Number], ruled: tuple[Table, ...]) -> tuple[tuple[Table, ...], list[Place | None]]:
    """Return the tables of an upright page, and the cell of each of its numbers, None outside tables.

    `ruled` are the tables drawn by rules.
    """
    boxes = [number.box for number in numbers]
    places = [cell_at(x + width / 2, y + height / 2, ruled) for x, y, width, height in boxes]
    aligned = align_numbers(boxes, [number.confidence for number in numbers])
    if aligned is None or (ruled and agreement(aligned, places) >= AGREED):
        return ruled, places
    cells = zip(aligned.rows.tolist(), aligned.columns.tolist(), strict=True)
    return (Table(tuple(aligned.cells)),), [None if row < 0 else (0, row, column) for row, column in cells]


def agreement(aligned: AlignedTable, places: Sequence[Place | None]) -> float:
    """Return the share of neighbours in aligned rows and columns that share a row or column of a ruled table too."""
    together = []
    for lines, axis in ((aligned.rows, 1), (aligned.columns, 2)):
        for line in range(int(lines.max()) + 1):
            here = [places[index] for index in np.flatnonzero(lines == line).tolist()]
            together += [
                one is not None and other is not None and (one[0], one[axis]) == (other[0], other[axis])
                for one, other in pairwise(here)
            ]
    return sum(together) / len(together) if together else 1.0


def cell_at(x: float, y: float, tables: Sequence[Table]) -> Place | None:
    """Return the smallest cell around a point of the page; None outside tables."""
    best: tuple[int, Place] | None = None
    for number, table in enumerate(tables):
        for cell in table.cells:
            left, top, width, height = cell.box
            if left <= x < left + width and top <= y < top + height and (best is None or width * height < best[0]):
                best = width * height, (number, cell.row, cell.column)
    return best[1] if best else None
