"""A reading drawn onto its picture: boxes, labels, and why the reader was not sure."""

from __future__ import annotations

import math

import cv2
import numpy as np

from digitry.reading import Picture
from digitry.types import Box, Number, Reading, is_sure
from digitry.visualization import marks
from digitry.visualization.colour import Colour, upright_colour
from digitry.visualization.place_labels import SMALLEST_TEXT, Label, fill_of, place_labels
from digitry.visualization.placing import Rectangle, room_above
from digitry.visualization.table_marks import draw_cells, table_labels
from digitry.visualization.upright import make_upright

SMALL_SIDE, MAX_ENLARGEMENT = 400, 8
"""Pictures whose longer side is below the first are enlarged, by an integer factor, to make room for legible marks."""

LARGE_SIDE, LARGEST_SIDE = 2400, 4000
"""Larger pictures are shrunk to the first, or only to the second if their numbers are small."""

_LEGIBLE_HEIGHT = 28
"""Numbers less than this many pixels high are enlarged if the size of the picture allows it."""

_PIXEL_ART_SIDE = 64
"""Smaller pictures are enlarged without smoothing, which would hide what the reader got."""


def draw_reading(picture: Picture, reading: Reading) -> bytes:
    """Draw boxes and readings on a picture, as PNG bytes.

    `picture` is what was given to the Reader (a path, file bytes, an array, a Pillow image), or the upright page
    itself, uint8 (h, w) or (h, w, 3) RGB. If it is None or cannot be drawn on, the reading's grey page is used. Raises
    DataError without either.

    Sure numbers are blue, others amber and dashed with "?", and a strip below says why. Boxes of printed numbers have
    square corners, struck-out numbers are crossed out, tables have thin lines with row and column numbers. Labels stand
    beside their boxes, off the digits; the canvas grows if there is no room. A page on its side is turned upright. Tiny
    pictures are enlarged, pictures of more than 2,400 pixels shrunk.
    """
    return png(draw_page(upright_colour(picture, reading), reading))


def draw_page(page: Colour, reading: Reading, *, note: bool = True) -> Colour:
    """Draw a reading on its page, uint8 (h, w, 3) RGB → the drawing, uint8 (h', w', 3), upright.

    `note`: whether to add the strip below.
    """
    turn = reading.turn
    page, reading = make_upright(page, reading)
    numbers = [number for number in reading.numbers if number.box[2] > 0 and number.box[3] > 0]
    sure = [is_sure(reading, number) for number in numbers]
    scale = _scale(page.shape, [number.box for number in numbers])
    canvas = _resized(page, scale)
    line = _line_width(canvas.shape, [scale * number.box[3] for number in numbers])
    # Boxes keep a distance of their line width from the strokes.
    boxes = [_scaled(number.box, scale, line + 3) for number in numbers]
    places = table_labels(reading.tables, scale, max(SMALLEST_TEXT, max(canvas.shape[:2]) // 120))
    taken: list[Rectangle] = [(x, y, x + mark.shape[1], y + mark.shape[0]) for mark, x, y in places]
    labels = places + place_labels(canvas, list(zip(numbers, sure, strict=True)), boxes, line, taken)
    draw_cells(canvas, reading.tables, scale)
    canvas, (left, top) = _with_room(canvas, boxes, labels, line)
    for number, box, certain in zip(numbers, boxes, sure, strict=True):
        inner = [_moved(_scaled(one.box, scale, 0.4 * line + 1.5), left, top) for one in number.digits + number.signs]
        _draw_number(canvas, number, _moved(box, left, top), inner, line, sure=certain)
    for mark, x, y in labels:
        marks.paste(canvas, mark, x + left, y + top)
    return _with_note(canvas, reading, turn) if note else canvas


def _draw_number(
    canvas: Colour, number: Number, box: Rectangle, inner: list[Rectangle], line: float, *, sure: bool
) -> None:
    """Draw the frames of a number and its characters, and the stroke through it; dashed if it is not sure."""
    square = number.hand == "printed"
    colour = fill_of(number, sure) if sure else marks.UNSURE_LINE
    if len(inner) > 1:
        for character in inner:
            marks.draw_box(canvas, character, colour, max(1.0, line / 2), halo=False, square=square)
    marks.draw_box(canvas, box, colour, line, dashed=not sure, square=square)
    if number.struck:
        marks.draw_stroke(canvas, box, colour, line)


def png(page: Colour) -> bytes:
    """Encode an RGB page as PNG bytes, fast rather than as small as possible."""
    _, data = cv2.imencode(".png", cv2.cvtColor(page, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 3])
    return data.tobytes()


def _scale(shape: tuple[int, ...], boxes: list[Box]) -> float:
    """Return the scale of the drawing: numbers must be legible, and labels must fit between them."""
    longest = max(shape[:2])
    legible = 0.0
    if boxes:
        edges = np.array([(x, y, x + width, y + height) for x, y, width, height in boxes], np.float64)
        lowest = float(np.median(edges[:, 3] - edges[:, 1]))
        legible = max(_LEGIBLE_HEIGHT / lowest, 2 * SMALLEST_TEXT / room_above(edges))
    if longest > LARGE_SIDE:
        return min(1.0, max(LARGE_SIDE / longest, min(legible, LARGEST_SIDE / longest)))
    wanted = math.ceil(max(SMALL_SIDE / longest, min(legible, LARGE_SIDE / longest)))
    return float(min(max(wanted, 1), MAX_ENLARGEMENT))


def _line_width(shape: tuple[int, ...], heights: list[float]) -> float:
    """Return the line width in pixels of the drawing: thinner if the numbers are small."""
    widest = max(shape[:2]) / 600
    return max(1.5, min(widest, float(np.median(heights)) / 30) if heights else widest)


def _resized(page: Colour, scale: float) -> Colour:
    if scale == 1:
        return page.copy()
    if scale < 1:
        method = cv2.INTER_AREA
    else:
        method = cv2.INTER_NEAREST if max(page.shape[:2]) <= _PIXEL_ART_SIDE else cv2.INTER_CUBIC
    height, width = (max(1, round(scale * side)) for side in page.shape[:2])  # a side of one pixel keeps it
    return np.asarray(cv2.resize(page, (width, height), interpolation=method), np.uint8)


def _scaled(box: Box, scale: float, margin: float) -> Rectangle:
    x, y, width, height = (scale * v for v in box)
    return x - margin, y - margin, x + width + margin, y + height + margin


def _moved(box: Rectangle, right: float, down: float) -> Rectangle:
    return box[0] + right, box[1] + down, box[2] + right, box[3] + down


def _with_room(
    canvas: Colour, boxes: list[Rectangle], labels: list[Label], line: float
) -> tuple[Colour, tuple[int, int]]:
    """Return the canvas, grown if a box or label lies beyond it, and how far that moved it right and down."""
    height, width = canvas.shape[:2]
    marked: list[Rectangle] = [(x, y, x + mark.shape[1], y + mark.shape[0]) for mark, x, y in labels]
    marked += [(x0 - line, y0 - line, x1 + line, y1 + line) for x0, y0, x1, y1 in boxes]
    if not marked:
        return canvas, (0, 0)
    edges = np.array(marked)
    beyond = (-edges[:, 1].min(), edges[:, 3].max() - height, -edges[:, 0].min(), edges[:, 2].max() - width)
    edge = max(width, height) / 100
    top, bottom, left, right = (math.ceil(side + edge) if side > 0 else 0 for side in beyond)
    if top or bottom or left or right:
        canvas = _grown(canvas, top, bottom, left, right)
    return canvas, (left, top)


def _grown(canvas: Colour, top: int, bottom: int, left: int, right: int) -> Colour:
    """Add margins, in pixels, in the median colour of the canvas' border."""
    rim = np.concatenate([canvas[0], canvas[-1], canvas[:, 0], canvas[:, -1]])
    paper = [int(v) for v in np.median(rim, axis=0)]
    grown = cv2.copyMakeBorder(canvas, top, bottom, left, right, cv2.BORDER_CONSTANT, value=paper)
    return np.asarray(grown, np.uint8)


def _with_note(canvas: Colour, reading: Reading, turn: int) -> Colour:
    """Add a strip below the canvas that explains any doubt and the marks; none if there is nothing to explain."""
    said = []
    if not reading.numbers or not reading.sure:
        said.append(f"{'Not sure' if reading.numbers else 'Nothing read'}: {reading.reason or 'no reason was given'}.")
    said += _legend(reading, turn)
    if not said or (reading.numbers and not reading.reason and len(said) == 1 and not reading.sure):
        return canvas
    text = marks.in_font(" ".join(said))
    size = max(SMALLEST_TEXT + 2, round(max(canvas.shape[:2]) / (60 if len(said) > 1 else 40)))
    least = 16 * size  # in a very narrow picture every word would wrap
    if canvas.shape[1] < least:
        more = least - canvas.shape[1]
        canvas = _grown(canvas, 0, 0, more // 2, more - more // 2)
    stripe = marks.NOTHING if not reading.numbers else marks.SURE if reading.sure else marks.UNSURE
    return np.concatenate([canvas, marks.note(text, canvas.shape[1], size, stripe)])


def _legend(reading: Reading, turn: int) -> list[str]:
    """Explain the marks that not every drawing has."""
    said = []
    if turn:
        said.append(f"Turned by {turn} degrees to be upright.")
    if any(not is_sure(reading, number) for number in reading.numbers) and len(reading.numbers) > 1:
        said.append("Dashed, with “?”: not sure.")
    if any(number.hand == "printed" for number in reading.numbers):
        said.append("With corners: printed.")
    if any(number.struck for number in reading.numbers):
        said.append("Crossed out: struck out on the page.")
    if reading.tables:
        said.append("Thin lines: cells, with their row and column numbers.")
    return said
