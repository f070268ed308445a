"""Numbers that stand under and beside each other → the table that they make, with or without rules.

Rows and columns may tilt, and fan out a little, as on a page that was photographed askew.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.types import Box, Cell

LARGEST_TILT, TILT_STEP = 20.0, 0.5
"""Degrees by which rows may rise or fall and columns lean, and the steps in which that is looked for."""

FAR = 12.0
"""Heights of a number up to which two are neighbours."""

BESIDE, UNDER = 0.8, 1.2
"""A number begins another row when it stands lower than the mean of the one above by so many heights of a number, and
another column when it stands further right by so many widths."""

STRAY = 0.2
"""Rows and columns with less than this share of the numbers that others have, each worth its confidence, are no part of
the table: blots and ticks read as numbers, the numbers of a heading."""

FEWEST, MOST, LEAST_FILLED = 6, 2_000, 0.3
"""Numbers that make a table, and the share of its cells that they fill; fewer stand by chance as they do, and more are
texture.
"""

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


class AlignedTable(NamedTuple):
    """A table that numbers make."""

    rows: Places
    columns: Places
    """Of each number, from 0; -1 for one that stands outside."""
    cells: list[Cell]
    """Row by row, empty ones too, in boxes on the page, which may reach beyond it."""


def align_numbers(boxes: list[Box], confidences: list[float]) -> AlignedTable | None:
    """Find the table that numbers on an upright page make, given their boxes and how probable each is, 0 to 1.

    None where they make none.
    """
    if not FEWEST <= len(boxes) <= MOST:
        return None
    box = np.array(boxes, np.float64)
    height = float(np.median(box[:, 3]))
    x, y = box[:, 0] + box[:, 2] / 2, box[:, 1] + box[:, 3] / 2
    fall, lean = slopes(x, y, height), slopes(y, x, height)
    level, upright = y - fall * (x - x.mean()), x - lean * (y - y.mean())
    widths = np.minimum(box[:, 2], 2 * height)  # a long number is no wide column's
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
    """Return by how much the row through each point, float64 (n,), rises or falls: y per x.

    First one slope for all, that at which most points have another beside them; then what neighbours say of it, which
    may change steadily from one side of the page to the other.
    """
    across, down = x - x[:, np.newaxis], y - y[:, np.newaxis]
    near = (across > height / 2) & (across < FAR * height) & (np.abs(down) < across / 2 + height)
    tries = np.tan(np.radians(np.arange(-LARGEST_TILT, LARGEST_TILT + TILT_STEP / 2, TILT_STEP)))
    off = (down[near] - tries[:, np.newaxis] * across[near]) / (height / 4)
    # What is level needs less to be believed.
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
    for _ in range(8):  # least squares, in which what lies far off counts for little
        weight = 1 / np.sqrt(1 + ((own - basis @ fitted) / 0.05) ** 2)
        fitted = np.linalg.lstsq(basis * weight[:, np.newaxis], own * weight, rcond=None)[0]
    return np.asarray(fitted[0] + fitted[1] * (y - centre), np.float64)


def _without_strays(
    places: tuple[Floats, Floats], apart: tuple[float, Floats], confidences: Floats
) -> tuple[Places, Places]:
    """Return the rows and columns from 0; -1 for what stands in much emptier ones than others do."""
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
    """Return groups along a line, from 0: another begins further than `apart` behind the mean of the one before."""
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
    """Return where groups begin and end, float64 (groups + 1,): in the middle between one and the next."""
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
    """Return where a point lies whose row and column were straightened: the two equations, solved."""
    (x, y), (fall, lean) = middle, slope
    right = ((upright - x) + lean * (level - y)) / (1 - fall * lean)
    return x + right, level + fall * right
