"""Tables as text, for `digitry read --table`: rows below each other, digits aligned, doubt as a question mark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from digitry.cli.reading_text import printable
from digitry.reading.tables.grids import cell_text, is_sure_cell

if TYPE_CHECKING:
    from digitry.reading.tables.grids import Grid, GridCell


def grid_lines(name: str, grids: Sequence[Grid], pages: int) -> list[str]:
    """Format the grids of one picture with `pages` pages, each under a line that identifies it."""
    if not grids:
        return [f"{printable(name)}: no table"]
    lines: list[str] = []
    for grid in grids:
        lines += [""] if lines else []
        lines += [_title(name, grid, pages), *_rows(grid)]
    return lines


def _title(name: str, grid: Grid, pages: int) -> str:
    page = f", page {grid.page}" if pages > 1 else ""
    doubted = sum(not is_sure_cell(cell) for row in grid.rows for cell in row)
    doubt = f"; ? marks {doubted} not sure" if doubted else ""
    size = f"{_count(len(grid.rows), 'row')}, {_count(grid.columns, 'column')}"
    return f"{printable(name)}{page}, table {grid.table}: {size}{doubt}"


def _rows(grid: Grid) -> list[str]:
    """Lay out the cells with the numbers of their columns above and of their rows at the left, counted from 0."""
    cells = [[_marked(cell) for cell in row] for row in grid.rows]
    table = [[str(column) for column in range(grid.columns)], *cells]
    # The mark has its own column, so that the digits stay aligned.
    marked = [any(row[column].endswith("?") for row in cells) for column in range(grid.columns)]
    table = [
        [text if text.endswith("?") or not mark else f"{text} " for text, mark in zip(row, marked, strict=True)]
        for row in table
    ]
    wide = [max(len(row[column]) for row in table) for column in range(grid.columns)]
    side = len(str(len(cells) - 1))
    heads = ["", *map(str, range(len(cells)))]
    return [
        "  ".join([f"{head:>{side}} |", *(f"{text:>{width}}" for text, width in zip(row, wide, strict=True))]).rstrip()
        for head, row in zip(heads, table, strict=True)
    ]


def _marked(cell: GridCell) -> str:
    return cell_text(cell) + ("" if is_sure_cell(cell) else "?")


def _count(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
