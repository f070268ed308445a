"""Numbers aligned below and beside each other → the table that they form, with or without rules.

Rows and columns may be tilted, and fan out a little, as on a page photographed at an angle.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.types import Box, Cell

LARGEST_TILT, TILT_STEP = 20.0, 0.5
"""Largest tilt of rows and columns, and the step of the search for it, in degrees."""

FAR = 12.0
"""Largest distance of neighbours, in number heights."""

BESIDE, UNDER = 0.8, 1.2
"""A number starts a new row if it is lower than the mean of the row above by more than the first, in number heights,
and a new column if it is further right than the mean of the last by more than the second, in number widths."""

STRAY = 0.2
"""Rows and columns with less than this share of the median sum of confidences are not part of the table: blots and
ticks read as numbers, the numbers of a heading."""

FEWEST, MOST, LEAST_FILLED = 6, 2_000, 0.3
"""Least and largest count of numbers in a table, and the least share of its cells that they fill: fewer are aligned by
chance, more are texture.
"""

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


class AlignedTable(NamedTuple):
    """A table formed by numbers."""

    rows: Places
    columns: Places
    """Of each number, from 0; -1 outside the table."""
    cells: list[Cell]
    """Row by row, including empty ones, with boxes that may reach beyond the page."""


def align_numbers(boxes: list[Box], confidences: list[float]) -> AlignedTable | None:
    """Find the table formed by numbers on an upright page, from boxes and confidences, 0 to 1; None without one."""
    if not FEWEST <= len(boxes) <= MOST:
        return None
    box = np.array(boxes, np.float64)
    height = float(np.median(box[:, 3]))
    x, y = box[:, 0] + box[:, 2] / 2, box[:, 1] + box[:, 3] / 2
    fall, lean = slopes(x, y, height), slopes(y, x, height)
    level, upright = y - fall * (x - x.mean()), x - lean * (y - y.mean())
    widths = np.minimum(box[:, 2], 2 * height)  # a long number does not make a wide column
    rows, columns = _without_strays((level, upright), (BESIDE * height, UNDER * widths), np.array(confidences))
    high, wide = int(rows.max()) + 1, int(columns.max()) + 1
    inside = rows >= 0
    filled = len(set(zip(rows[inside].tolist(), columns[inside].tolist(), strict=True)))
    if min(high, wide) < 2 or inside.sum() < FEWEST or filled < LEAST_FILLED * high * wide:
        return None
    middle = float(x.mean()), float(y.mean())
    edges = _edges(level, rows, 1.5 * height), _edges(upright, columns, 1.5 * height)
    typical = float(np.median(fall)), float(np.median(lean))
    return AlignedTable(rows, columns, _cells(*edges, middle, typical))


def slopes(x: Floats, y: Floats, height: float) -> Floats:
    """Return the slope, y per x, of the row through each point, float64 (n,).

    First one slope for all is found, at which most points have another beside them; then a slope that varies linearly
    across the page is fitted to pairs of neighbours.
    """
    across, down = x - x[:, np.newaxis], y - y[:, np.newaxis]
    near = (across > height / 2) & (across < FAR * height) & (np.abs(down) < across / 2 + height)
    tries = np.tan(np.radians(np.arange(-LARGEST_TILT, LARGEST_TILT + TILT_STEP / 2, TILT_STEP)))
    off = (down[near] - tries[:, np.newaxis] * across[near]) / (height / 4)
    # Level rows are preferred.
    first = float(tries[np.argmax(np.exp(-(off**2)).sum(axis=1) * (1 - 0.3 * np.abs(tries)))])
    beside = near & (np.abs(down - first * across) < 0.6 * height)
    cost = np.where(beside, across + 3 * np.abs(down - first * across), np.inf)
    at = np.flatnonzero(beside.any(axis=1))
    if len(at) < FEWEST:
        return np.full(len(x), first)
    neighbour = cost[at].argmin(axis=1)
    own = down[at, neighbour] / across[at, neighbour]
    centre = float(y[at].mean())
    basis = np.stack([np.ones(len(at)), y[at] - centre], 1)
    fitted = np.array([first, 0.0])
    for _ in range(8):  # robust least squares: outliers count little
        weight = 1 / np.sqrt(1 + ((own - basis @ fitted) / 0.05) ** 2)
        fitted = np.linalg.lstsq(basis * weight[:, np.newaxis], own * weight, rcond=None)[0]
    return np.asarray(fitted[0] + fitted[1] * (y - centre), np.float64)


def _without_strays(
    places: tuple[Floats, Floats], apart: tuple[float, Floats], confidences: Floats
) -> tuple[Places, Places]:
    """Return the rows and columns, from 0; -1 for numbers in much emptier ones than usual."""
    (level, upright), (beside, under) = places, apart
    kept = np.arange(len(level))
    while True:
        rows = _numbered(level[kept], beside)
        columns = _numbered(upright[kept], float(np.median(under[kept])))
        each = [np.bincount(line, confidences[kept])[line] for line in (rows, columns)]
        stray = np.any([worth < STRAY * np.median(worth) for worth in each], axis=0)
        if not stray.any():
            break
        kept = kept[~stray]
    found = np.full((2, len(level)), -1, np.int64)
    found[:, kept] = rows, columns
    return found[0], found[1]


def _numbered(places: Floats, apart: float) -> Places:
    """Group places along a line, from 0: a place further than `apart` beyond the mean of a group starts the next."""
    order = np.argsort(places, kind="stable")
    numbers = np.zeros(len(places), np.int64)
    number = members = 0
    total = 0.0
    for index, place in zip(order.tolist(), places[order].tolist(), strict=True):
        if members and place - total / members > apart:
            number, members, total = number + 1, 0, 0.0
        members, total = members + 1, total + place
        numbers[index] = number
    return numbers


def _edges(places: Floats, numbers: Places, pitch: float) -> Floats:
    """Return the borders of groups, float64 (groups + 1,), halfway between their means."""
    means = np.array([places[numbers == number].mean() for number in range(int(numbers.max()) + 1)])
    between = (means[1:] + means[:-1]) / 2
    steps = np.diff(means)
    first, last = (steps[0], steps[-1]) if len(steps) else (pitch, pitch)
    return np.array([means[0] - first / 2, *between, means[-1] + last / 2])


def _cells(rows: Floats, columns: Floats, middle: tuple[float, float], slope: tuple[float, float]) -> list[Cell]:
    cells = []
    for row, (top, bottom) in enumerate(pairwise(rows)):
        for column, (left, right) in enumerate(pairwise(columns)):
            x, y = _on_page((left + right) / 2, (top + bottom) / 2, middle, slope)
            width, height = max(1, round(right - left)), max(1, round(bottom - top))
            cells.append(Cell(row, column, (round(x - width / 2), round(y - height / 2), width, height)))
    return cells


def _on_page(
    upright: float, level: float, middle: tuple[float, float], slope: tuple[float, float]
) -> tuple[float, float]:
    """Return the place on the page of a straightened point: the solution of the two equations."""
    (x, y), (fall, lean) = middle, slope
    right = ((upright - x) + lean * (level - y)) / (1 - fall * lean)
    return x + right, level + fall * right
