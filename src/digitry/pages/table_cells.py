"""Cells of tables for spreadsheets, which would evaluate any text that begins like a formula."""

from __future__ import annotations

import re

_BEGINS = r"[=+\-@\t\r\n＝＋－＠]"
"""Characters that begin a formula in some spreadsheet or locale."""

_FORMULA = re.compile(rf"'*{_BEGINS}.", re.DOTALL)
_NEGATIVE = re.compile(r"-\d+([.,]\d+)*", re.ASCII)
_QUOTED = re.compile(rf"'+{_BEGINS}.", re.DOTALL)


def text_cell(text: str) -> str:
    """Return the text as a cell that is never evaluated; `text_of` reverses it."""
    return f"'{text}" if _FORMULA.match(text) else text


def number_cell(text: str) -> str:
    """Return a number's text as a cell: a plain negative one stays a number, all else is treated as by `text_cell`."""
    return text if _NEGATIVE.fullmatch(text) else text_cell(text)


def text_of(cell: str) -> str:
    """Return the text of a cell written by `text_cell`, or by a person."""
    return cell[1:] if _QUOTED.match(cell) else cell


def file_cell(name: str) -> str:
    """Return a file name as a cell that is never evaluated and still names the file."""
    return f"./{name}" if _FORMULA.match(name) and not name.startswith("'") else name
