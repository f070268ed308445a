"""The tables of a reading as grids: rows of cells with their numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from digitry.types import Number, Reading, is_sure

GridCell = tuple[Number, ...]
"""The numbers of one cell in reading order; empty for an empty cell."""


@dataclass(frozen=True)
class Grid:
    """One table of a page."""

    picture: str
    page: int
    """Which page of the file, from 1."""
    table: int
    """Which table of the page, from 0."""
    rows: tuple[tuple[GridCell, ...], ...]
    """All of the same length; `sure` of a number includes doubts about the whole reading."""

    @property
    def columns(self) -> int:
        """Number of cells in a row."""
        return len(self.rows[0]) if self.rows else 0


def grids(reading: Reading) -> list[Grid]:
    """Return the tables of a page as grids, top to bottom, without the numbers outside tables."""
    return [
        Grid(reading.picture, reading.page, place, _rows(reading, place, table.rows, table.columns))
        for place, table in enumerate(reading.tables)
    ]


def cell_text(cell: GridCell) -> str:
    """Return the numbers of a cell, separated by spaces; empty for an empty cell."""
    return " ".join(number.text for number in cell)


def is_sure_cell(cell: GridCell) -> bool:
    """Tell whether all numbers of a cell are sure; true for an empty one."""
    return all(number.sure for number in cell)


def _rows(reading: Reading, place: int, rows: int, columns: int) -> tuple[tuple[GridCell, ...], ...]:
    cells: dict[tuple[int, int], GridCell] = {}
    for number in reading.numbers:
        if number.table == place and number.row is not None and number.column is not None:
            here = number.row, number.column
            cells[here] = (*cells.get(here, ()), replace(number, sure=is_sure(reading, number)))
    return tuple(tuple(cells.get((row, column), ()) for column in range(columns)) for row in range(rows))
