"""The tables of a page on its drawing: thin lines around their cells, and row and column numbers."""

from __future__ import annotations

import cv2
import numpy as np

from digitry.types import Table
from digitry.visualization import marks
from digitry.visualization.colour import Colour
from digitry.visualization.place_labels import Label

TABLE_COLOUR: marks.Colours = (0, 122, 102)
"""Green, distinct from blue and amber; the thin lines distinguish it without colour."""

SEEN = 0.55
"""Opacity of a line, so that the writing below stays visible."""


def draw_cells(canvas: Colour, tables: tuple[Table, ...], scale: float) -> None:
    """Draw the cells of tables, in place, onto a canvas `scale` times as large as their page."""
    drawn = canvas.copy()
    for table in tables:
        for cell in table.cells:
            x, y, width, height = (round(scale * value) for value in cell.box)
            cv2.rectangle(drawn, (x, y), (x + width, y + height), TABLE_COLOUR, 1, cv2.LINE_AA)
    canvas[:] = cv2.addWeighted(drawn, SEEN, canvas, 1 - SEEN, 0)


def table_labels(tables: tuple[Table, ...], scale: float, size: int) -> list[Label]:
    """Return labels for columns, above the first row, and rows, left of the first column, `size` pixels high."""
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
    """Return a label centred on a point."""
    drawn = marks.draw_label(text, "", size, TABLE_COLOUR)
    return np.asarray(drawn, np.uint8), round(x - drawn.shape[1] / 2), round(y - drawn.shape[0] / 2)
