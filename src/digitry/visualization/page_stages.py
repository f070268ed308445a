"""What was seen on a page, as pictures: its characters, linked into numbers, and its tables."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from digitry.types import Box, Digit, Number, Reading, is_sure
from digitry.visualization import marks
from digitry.visualization.colour import Colour
from digitry.visualization.place_labels import SMALLEST_TEXT, fill_of
from digitry.visualization.table_marks import draw_cells, table_labels

PALENESS = 0.72
"""Opacity of the white laid over a page, on which the characters are written."""

SIDE = 1600
"""Least length of the longer side, in pixels: smaller pages are enlarged to make room for letters."""


def characters_picture(page: Colour, reading: Reading) -> Colour:
    """Draw each character of an upright page, uint8 (h, w, 3), as it was read, linked to the next one of its number."""
    pale, scale = _pale(page)
    for number in reading.numbers:
        colour = fill_of(number, True) if is_sure(reading, number) else marks.UNSURE_LINE
        characters = sorted(number.digits + number.signs, key=lambda one: one.box[0])
        boxes = [_scaled(one.box, scale) for one in characters]
        for box, following in itertools.pairwise(boxes):
            start, end = ((round(x + w / 2), round(y + h / 2)) for x, y, w, h in (box, following))
            cv2.line(pale, start, end, colour, max(1, round(0.06 * box[3])), cv2.LINE_AA)
        if number.struck:
            x, y, width, height = _scaled(number.box, scale)
            marks.draw_stroke(pale, (x, y, x + width, y + height), colour, max(1.5, height / 20))
    image = Image.fromarray(pale)
    canvas = ImageDraw.Draw(image)
    for number in reading.numbers:
        colour = fill_of(number, True) if is_sure(reading, number) else marks.UNSURE_LINE
        for one in number.digits + number.signs:
            _write(canvas, one, _scaled(one.box, scale), _usual_height(number) * scale, colour)
    return np.array(image)


def tables_picture(page: Colour, reading: Reading) -> Colour:
    """Draw the tables of an upright page, uint8 (h, w, 3): their cells, with row and column numbers."""
    pale, scale = _pale(page)
    draw_cells(pale, reading.tables, scale)
    for mark, x, y in table_labels(reading.tables, scale, max(SMALLEST_TEXT, max(pale.shape) // 80)):
        marks.paste(pale, mark, x, y)
    return pale


def _pale(page: Colour) -> tuple[Colour, float]:
    scale = max(1.0, SIDE / max(page.shape[:2])) if max(page.shape[:2]) > 400 else 1.0
    large = page if scale == 1 else cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    white = np.full_like(large, 255)
    return np.ascontiguousarray(cv2.addWeighted(white, PALENESS, large, 1 - PALENESS, 0), np.uint8), scale


def _scaled(box: Box, scale: float) -> NDArray[np.float64]:
    return np.array(box, np.float64) * scale


def _usual_height(number: Number) -> float:
    return float(np.median([digit.box[3] for digit in number.digits])) if number.digits else number.box[3]


def _write(
    canvas: ImageDraw.ImageDraw, one: Digit, box: NDArray[np.float64], height: float, colour: marks.Colours
) -> None:
    """Write a character in its place, as high as the digits of its number, on a patch that hides the original."""
    x, y, width, tall = box
    size = max(SMALLEST_TEXT, round(height))
    label = marks.in_font(one.label)
    half = max(width, marks.text_width(label, size)) / 2
    middle = x + width / 2, y + tall / 2
    patch = (middle[0] - half, middle[1] - tall / 2, middle[0] + half, middle[1] + tall / 2)
    canvas.rectangle(patch, (255, 255, 255), None)
    canvas.text(middle, label, (*colour,), marks.font(size), anchor="mm")
