"""Grids as one workbook for spreadsheets: a sheet each, numbers as numbers, and doubt in colour and as a comment."""

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
"""Behind cells that are not sure, as in drawings."""

LONGEST_TITLE = 31
"""Letters of a sheet's name, in every spreadsheet."""

EXACT_DIGITS = 15
"""A spreadsheet keeps so many digits of a number; longer ones are text."""


def xlsx_grids(grids: Sequence[Grid]) -> bytes:
    """Write each grid onto a sheet of its own, named after its picture; without any, one empty sheet.

    A plain number is a number there, everything else is text that no spreadsheet computes. Raises SettingError where
    openpyxl is missing.
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
        place.quotePrefix = True  # nor when somebody edits it
    else:
        place.value = value
    if not is_sure_cell(cell):
        place.fill = PatternFill("solid", start_color=AMBER)
        place.comment = Comment("\n".join(_doubts(cell)), "digitry", height=90, width=260)


def _plain_value(cell: GridCell) -> float | int | None:
    """Return what a spreadsheet may count with: of one number whose text would not lose anything by it, "007" say."""
    if len(cell) != 1:
        return None
    (number,) = cell
    value, digits = number.value, number.digits_text
    padded = len(digits) > 1 and digits.startswith("0") and re.match(r"[-+(]?0\d", number.text) is not None
    if value is None or padded or len(digits) > EXACT_DIGITS or set(number.text) & set("+("):
        return None
    return int(value) if value.is_integer() and set(number.text) <= set("0123456789-") else value


def _doubts(cell: GridCell) -> list[str]:
    """Say of every number of a cell that is not sure why, how probable it is, and what else it may be."""
    said = []
    for number in cell:
        if not number.sure:
            others = "".join(f"; or {text} {confidence(p)}" for text, p in number.next_best[:3])
            because = f": {number.reason}" if number.reason else ""
            said.append(f"{number.text} is not sure ({confidence(number.confidence)}{others}){because}")
    return said


def _title(grid: Grid, book: Workbook) -> str:
    """Name a sheet: the picture without its ending, page and table where they are not the first; each name once."""
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
