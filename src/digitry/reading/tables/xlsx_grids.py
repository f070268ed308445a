"""Grids as one workbook: a sheet each, numbers as numbers, and doubts in colour and as comments."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from digitry.packages import need
from digitry.pages.number_words import confidence
from digitry.reading.tables.grids import Grid, GridCell, cell_text, is_sure_cell

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell as SheetCell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

AMBER = "FFFFDD99"
"""Background of cells that are not sure, as in drawings."""

LONGEST_TITLE = 31
"""Most characters in a sheet's name that every spreadsheet allows."""

EXACT_DIGITS = 15
"""Digits of a number that a spreadsheet keeps; longer ones are written as text."""


def xlsx_grids(grids: Sequence[Grid]) -> bytes:
    """Write each grid onto its own sheet, named after its picture; one empty sheet if there are no grids.

    Plain numbers are numbers, everything else is text that is never evaluated. Raises SettingError if openpyxl is
    missing.
    """
    need("openpyxl", by="a workbook")
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for grid in grids:
        _fill(book.create_sheet(_title(grid, book)), grid)
    if not grids:
        book.create_sheet("no table")
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _fill(sheet: Worksheet, grid: Grid) -> None:
    for row, cells in enumerate(grid.rows, 1):
        for column, cell in enumerate(cells, 1):
            if cell:
                _write(sheet.cell(row, column), cell)


def _write(place: SheetCell, cell: GridCell) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    text = cell_text(cell)
    value = _plain_value(cell)
    if value is None:
        place.value = text
        place.data_type = "s"  # never a formula, whatever it begins with
        place.quotePrefix = True  # nor when it is edited
    else:
        place.value = value
    if not is_sure_cell(cell):
        place.fill = PatternFill("solid", start_color=AMBER)
        place.comment = Comment("\n".join(_doubts(cell)), "digitry", height=90, width=260)


def _plain_value(cell: GridCell) -> float | int | None:
    """Return the value of a single number if nothing of its text is lost by it, as it would be of "007"; else None."""
    if len(cell) != 1:
        return None
    (number,) = cell
    value, digits = number.value, number.digits_text
    padded = len(digits) > 1 and digits.startswith("0") and re.match(r"[-+(]?0\d", number.text) is not None
    if value is None or padded or len(digits) > EXACT_DIGITS or set(number.text) & set("+("):
        return None
    return int(value) if value.is_integer() and set(number.text) <= set("0123456789-") else value


def _doubts(cell: GridCell) -> list[str]:
    """Explain every number of a cell that is not sure: why, how probable it is, and what else it may be."""
    said = []
    for number in cell:
        if not number.sure:
            others = "".join(f"; or {text} {confidence(p)}" for text, p in number.next_best[:3])
            because = f": {number.reason}" if number.reason else ""
            said.append(f"{number.text} is not sure ({confidence(number.confidence)}{others}){because}")
    return said


def _title(grid: Grid, book: Workbook) -> str:
    """Return a unique sheet name: the picture without suffix, with page and table if they are not the first."""
    stem = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "_", PurePath(grid.picture).stem).strip("'") or "table"
    stem = stem.encode("utf-8", "replace").decode()
    end = (f" p{grid.page}" if grid.page > 1 else "") + (f" t{grid.table + 1}" if grid.table else "")
    taken = {name.lower() for name in book.sheetnames}
    title, count = stem[: LONGEST_TITLE - len(end)] + end, 1
    while title.lower() in taken:
        count += 1
        again = f"{end} ({count})"
        title = stem[: LONGEST_TITLE - len(again)] + again
    return title
