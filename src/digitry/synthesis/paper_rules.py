"""Rules printed on paper: lines, squares, grids, boxes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from digitry.synthesis.sheet import Sheet, dashed, line

Spans = list[tuple[float, float]]
"""Start and end of rows or columns, in pixels."""


def boxes(sheet: Sheet, x: float, y: float, pitch: float, tall: float, count: int, level: float, thick: int) -> None:
    """Draw `count` adjoining boxes in a row, each `pitch` wide and `tall` high, from the top left corner x, y.

    Lengths are in pixels; `level` is the darkness, 0 to 1, `thick` the line width.
    """
    for place in range(count + 1):
        line(sheet.rules, (x + place * pitch, y), (x + place * pitch, y + tall), level, thick)
    for edge in (y, y + tall):
        line(sheet.rules, (x, edge), (x + count * pitch, edge), level, thick)


def paper_rules(sheet: Sheet, pitch: float) -> None:
    """Print lines or squares on the sheet, `pitch` pixels apart or half of that."""
    rng = sheet.rng
    level, thick = rng.uniform(0.2, 0.9), max(1, round(rng.uniform(0.3, 2)))
    step = pitch * (1 if rng.random() < 0.6 else 0.5)
    offset = rng.uniform(0, step)
    squared = rng.random() < 0.35
    for at in np.arange(offset, sheet.side, step):
        line(sheet.rules, (0, at), (sheet.side, at + rng.normal(0, 1)), level, thick)
        if squared:
            line(sheet.rules, (at, 0), (at + rng.normal(0, 1), sheet.side), level, thick)
    if rng.random() < 0.2:
        dashed(sheet.rules, int(rng.integers(2, 7)))


def grid(sheet: Sheet, row: float, column: float, every: int = 0) -> tuple[Spans, Spans]:
    """Draw all or some of the rules of a table, with rows and columns of about these heights and widths, in pixels.

    With `every`, all are drawn, and each `every`-th is heavy. Returns the spans of the rows and columns.
    """
    rng, side = sheet.rng, sheet.side
    rows = np.arange(rng.uniform(-1, 0.5) * row, side + row, row)
    if rng.random() < 0.35 and not every:  # columns of unequal width
        columns = np.cumsum(column * rng.uniform(0.6, 1.8, int(side / column) + 4)) - column * rng.uniform(0.5, 1.5)
    else:
        columns = np.arange(rng.uniform(-1, 0.5) * column, side + column, column)
    level, thick = rng.uniform(0.25, 1), max(1, round(row * rng.uniform(0.01, 0.06)))
    across, upright = (
        (True, True)
        if every
        else ((True, True), (True, False), (False, True), (False, False))[int(rng.choice(4, p=[0.7, 0.12, 0.1, 0.08]))]
    )
    wobble = rng.choice([0.0, 1.0, 2.5])
    for place, y in enumerate(rows if across else []):
        heavy = bool(every) and place % every == 0
        line(
            sheet.rules,
            (columns[0] if rng.random() < 0.3 else 0, y),
            (side, y + rng.normal(0, wobble)),
            level,
            thick * (3 if heavy else 1),
        )
    for place, x in enumerate(columns if upright else []):
        heavy = bool(every) and place % every == 0
        line(
            sheet.rules,
            (x, rows[0] if rng.random() < 0.3 else 0),
            (x + rng.normal(0, wobble), side),
            level,
            thick * (3 if heavy else 1),
        )
    if rng.random() < 0.08:
        dashed(sheet.rules, int(rng.integers(2, 6)))
    return list(pairwise(rows)), list(pairwise(columns))
