"""Grids as one CSV table: the rows of all grids, with their origin after the cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from digitry.pages.table_cells import number_cell
from digitry.reading.batch.rows import csv_name
from digitry.reading.tables.grids import Grid, cell_text, is_sure_cell

BEHIND = ("not_sure", "picture", "page", "table", "row")
"""Columns after the cells: which cells, from 0, are not sure; then where the row comes from."""


def csv_grids(grids: Sequence[Grid]) -> bytes:
    """Write the grids below each other, under one header; narrower ones are padded with empty cells."""
    widest = max((grid.columns for grid in grids), default=0)
    rows: list[tuple[Any, ...]] = [(*(f"column_{column}" for column in range(widest)), *BEHIND)]
    for grid in grids:
        for place, row in enumerate(grid.rows):
            cells = [number_cell(cell_text(cell)) for cell in row]
            doubted = " ".join(str(column) for column, cell in enumerate(row) if not is_sure_cell(cell))
            filled = [*cells, *[""] * (widest - len(cells))]
            rows.append((*filled, doubted, csv_name(grid.picture), grid.page, grid.table, place))
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")
