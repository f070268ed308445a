"""The tables of a reading as grids: rows of cells, each with the numbers that stand in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from digitry.types import Number, Reading, is_sure

GridCell = tuple[Number, ...]
"""The numbers of one cell in reading order; none where it is empty."""


@dataclass(frozen=True)
class Grid:
    """One table of a page."""

    picture: str
    page: int
    """Which page of the file, from 1."""
    table: int
    """Which table of the page, from 0."""
    rows: tuple[tuple[GridCell, ...], ...]
    """As many cells in every row; `sure` of a number says also what the reading doubts as a whole."""

    @property
    def columns(self) -> int:
        """How many cells a row has."""
        return len(self.rows[0]) if self.rows else 0


def grids(reading: Reading) -> list[Grid]:
    """Give the tables of a page as grids, from the top down; numbers outside of tables are in none."""
    return [
        Grid(reading.picture, reading.page, place, _rows(reading, place, table.rows, table.columns))
        for place, table in enumerate(reading.tables)
    ]


def cell_text(cell: GridCell) -> str:
    """Write the numbers of a cell with a space between them; nothing for an empty one."""
    return " ".join(number.text for number in cell)


def is_sure_cell(cell: GridCell) -> bool:
    """Tell whether all numbers of a cell are sure; an empty one holds no doubt."""
    return all(number.sure for number in cell)


def _rows(reading: Reading, place: int, rows: int, columns: int) -> tuple[tuple[GridCell, ...], ...]:
    cells: dict[tuple[int, int], GridCell] = {}
    for number in reading.numbers:
        if number.table == place and number.row is not None and number.column is not None:
            here = number.row, number.column
            cells[here] = (*cells.get(here, ()), replace(number, sure=is_sure(reading, number)))
    return tuple(tuple(cells.get((row, column), ()) for column in range(columns)) for row in range(rows))
