"""The tables of a page on its drawing: thin lines between their cells, and the numbers of rows and columns."""

from __future__ import annotations

import cv2
import numpy as np

from digitry.types import Table
from digitry.visualization import marks
from digitry.visualization.colour import Colour
from digitry.visualization.place_labels import Label

TABLE_COLOUR: marks.Colours = (0, 122, 102)
"""Green, told from blue and amber; the thin lines tell it without colour."""

SEEN = 0.55
"""How much of its colour a line has: the writing under it stays in sight."""


def draw_cells(canvas: Colour, tables: tuple[Table, ...], scale: float) -> None:
    """Draw the cells of tables onto a canvas, in place, which is `scale` times as large as their page."""
    drawn = canvas.copy()
    for table in tables:
        for cell in table.cells:
            x, y, width, height = (round(scale * value) for value in cell.box)
            cv2.rectangle(drawn, (x, y), (x + width, y + height), TABLE_COLOUR, 1, cv2.LINE_AA)
    canvas[:] = cv2.addWeighted(drawn, SEEN, canvas, 1 - SEEN, 0)


def table_labels(tables: tuple[Table, ...], scale: float, size: int) -> list[Label]:
    """Return the numbers of columns, over the first row, and of rows, before the first column, `size` pixels high."""
    labels = []
    for table in tables:
        for cell in table.cells:
            x, y, width, height = (scale * value for value in cell.box)
            if cell.row == 0:
                labels.append(_label(str(cell.column), x + width / 2, y, size))
            if cell.column == 0:
                labels.append(_label(str(cell.row), x, y + height / 2, size))
    return labels


def _label(text: str, x: float, y: float, size: int) -> Label:
    """Return a label with its middle on a line."""
    drawn = marks.draw_label(text, "", size, TABLE_COLOUR)
    return np.asarray(drawn, np.uint8), round(x - drawn.shape[1] / 2), round(y - drawn.shape[0] / 2)
