"""Cells of tables that spreadsheets open: what begins like a formula would be computed, whoever thought of it."""

from __future__ import annotations

import re

_BEGINS = r"[=+\-@\t\r\n＝＋－＠]"
"""What a formula begins with, in some spreadsheet of some country."""

_FORMULA = re.compile(rf"'*{_BEGINS}.", re.DOTALL)
_NEGATIVE = re.compile(r"-\d+([.,]\d+)*", re.ASCII)
_QUOTED = re.compile(rf"'+{_BEGINS}.", re.DOTALL)


def text_cell(text: str) -> str:
    """Write the text as a cell that is computed by nobody; `text_of` takes it back."""
    return f"'{text}" if _FORMULA.match(text) else text


def number_cell(text: str) -> str:
    """Write the text of a number: a plain negative one stays a number, all else is as `text_cell` writes it."""
    return text if _NEGATIVE.fullmatch(text) else text_cell(text)


def text_of(cell: str) -> str:
    """Return the text of a cell that `text_cell` made, or that a person wrote without."""
    return cell[1:] if _QUOTED.match(cell) else cell


def file_cell(name: str) -> str:
    """Write the name of a file as a cell that is computed by nobody, and still names the file."""
    return f"./{name}" if _FORMULA.match(name) and not name.startswith("'") else name
