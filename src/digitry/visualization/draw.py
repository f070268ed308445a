"""A reading drawn onto its picture: boxes, labels, and why the reader was not sure."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.reading import Picture
from digitry.types import Box, Number, Reading, is_sure
from digitry.visualization import marks
from digitry.visualization.colour import Colour, upright_colour
from digitry.visualization.placing import BusyMap, Rectangle, place, room_above

SMALL_SIDE, MAX_ENLARGEMENT = 400, 8
"""Pictures with a shorter longest side are enlarged, by whole numbers, so that there is room for legible marks."""

LARGE_SIDE, LARGEST_SIDE = 2400, 4000
"""Larger pictures are shrunk to the first, or to the second where their numbers are small."""

SMALLEST_TEXT = 12
"""Height of the smallest letters, in pixels."""

_LEGIBLE_HEIGHT = 28
"""Numbers lower than this many pixels are enlarged where the picture allows it."""

_PIXEL_ART_SIDE = 64
"""Smaller pictures are enlarged pixel by pixel: smoothing would hide what the reader got."""


def draw_reading(picture: Picture, reading: Reading) -> bytes:
    """Draw boxes and readings on a picture, as PNG bytes.

    `picture` is what was given to the Reader (a path, file bytes, an array, a Pillow image), or the upright page
    itself, uint8 (h, w) or (h, w, 3) RGB. None takes the grey page that the reading keeps. Raises DataError without
    either.

    Blue is sure, amber with "?" is not; a strip below says why. Labels stand beside their boxes, off the digits; the
    canvas grows where there is no room. Tiny pictures are enlarged, pictures of more than 2,400 pixels shrunk.
    """
    return png(draw_page(upright_colour(picture, reading), reading))


def draw_page(page: Colour, reading: Reading, *, note: bool = True) -> Colour:
    """Draw them on an upright page, uint8 (h, w, 3) RGB → the drawing, uint8 (h', w', 3); `note` is the strip below."""
    numbers = [number for number in reading.numbers if number.box[2] > 0 and number.box[3] > 0]
    scale = _scale(page.shape, [number.box for number in numbers])
    canvas = _resized(page, scale)
    line = _line_width(canvas.shape, [scale * number.box[3] for number in numbers])
    # Boxes keep off the strokes by as much as they are wide.
    boxes = [_scaled(number.box, scale, line + 3) for number in numbers]
    labels = _place_labels(canvas, [(number, is_sure(reading, number)) for number in numbers], boxes, line)
    canvas, (left, top) = _with_room(canvas, boxes, labels, line)
    for number, box in zip(numbers, boxes, strict=True):
        colour = marks.SURE if is_sure(reading, number) else marks.UNSURE_LINE
        if len(number.digits) > 1:
            for digit in number.digits:
                inner = _scaled(digit.box, scale, 0.4 * line + 1.5)
                marks.draw_box(canvas, _moved(inner, left, top), colour, max(1.0, line / 2), halo=False)
        marks.draw_box(canvas, _moved(box, left, top), colour, line)
    for mark, x, y in labels:
        marks.paste(canvas, mark, x + left, y + top)
    return _with_note(canvas, reading) if note else canvas


def png(page: Colour) -> bytes:
    """Write an RGB page as PNG bytes, quick rather than smallest."""
    _, data = cv2.imencode(".png", cv2.cvtColor(page, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 3])
    return data.tobytes()


def short_percent(confidence: float) -> str:
    """Write a share: "98.7%"; nothing is certain, so 0.9997 is not shown as 100%."""
    if confidence > 0.999:
        return ">99.9%"
    return "<0.1%" if confidence < 0.001 else f"{confidence:.1%}"


def _scale(shape: tuple[int, ...], boxes: list[Box]) -> float:
    """Tell how much larger the drawing is than the page: numbers must be legible, and labels fit between them."""
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
    """In pixels of the drawing: finer where the numbers are small."""
    widest = max(shape[:2]) / 600
    return max(1.5, min(widest, float(np.median(heights)) / 30) if heights else widest)


def _resized(page: Colour, scale: float) -> Colour:
    if scale == 1:
        return page.copy()
    if scale < 1:
        method = cv2.INTER_AREA
    else:
        method = cv2.INTER_NEAREST if max(page.shape[:2]) <= _PIXEL_ART_SIDE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(page, None, fx=scale, fy=scale, interpolation=method), np.uint8)


def _scaled(box: Box, scale: float, margin: float) -> Rectangle:
    x, y, width, height = (scale * v for v in box)
    return x - margin, y - margin, x + width + margin, y + height + margin


Label = tuple[NDArray[np.uint8], int, int]
"""A label's pixels, RGBA, and its left and top on the canvas; it may lie beyond the edge."""


def _place_labels(
    canvas: Colour, numbers: list[tuple[Number, bool]], boxes: list[Rectangle], line: float
) -> list[Label]:
    if not numbers:
        return []
    busy = BusyMap(np.asarray(cv2.cvtColor(canvas, cv2.COLOR_RGB2GRAY), np.uint8))
    page = (float(canvas.shape[1]), float(canvas.shape[0]))
    taken = np.array(boxes, np.float64)
    gap = 0.8 * line
    size = _letters(page, taken, gap)
    labels: list[Label] = []
    for (number, sure), box in zip(numbers, boxes, strict=True):
        text = marks.plain(number.text) if sure else f"{marks.plain(number.text)} ?"
        best: tuple[float, Rectangle, int, str] | None = None
        # Where it is crowded: without the percentage, then smaller.
        for share, note in ((1.0, short_percent(number.confidence)), (1.0, ""), (0.75, ""), (0.5, "")):
            letters = max(SMALLEST_TEXT, round(share * size))
            spot, covered = place(marks.label_size(text, note, letters), box, taken, page, busy, gap)
            if best is None or covered < best[0]:
                best = (covered, spot, letters, note)
            if not covered:
                break
        assert best is not None
        _, spot, letters, note = best
        taken = np.vstack([taken, spot])
        fill = marks.SURE if sure else marks.UNSURE
        labels.append((marks.draw_label(text, note, letters, fill), round(spot[0]), round(spot[1])))
    return labels


def _letters(page: tuple[float, float], boxes: NDArray[np.float64], gap: float) -> int:
    """Height of the labels' letters: in proportion to the numbers, to the page, and to the room between lines."""
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    fitting = (room_above(boxes) - 2 * gap) / marks.LABEL_HEIGHT
    size = min(max(0.4 * height, SMALLEST_TEXT + 2), max(0.05 * max(page), SMALLEST_TEXT + 6), fitting)
    return max(SMALLEST_TEXT, int(max(page) / 140), int(size))


def _moved(box: Rectangle, right: float, down: float) -> Rectangle:
    return box[0] + right, box[1] + down, box[2] + right, box[3] + down


def _with_room(
    canvas: Colour, boxes: list[Rectangle], labels: list[Label], line: float
) -> tuple[Colour, tuple[int, int]]:
    """Grow the canvas where a box or a label lies beyond it, and how far that moved it right and down."""
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
    """Give the canvas margins, in pixels, in the typical colour of its border."""
    rim = np.concatenate([canvas[0], canvas[-1], canvas[:, 0], canvas[:, -1]])
    paper = [int(v) for v in np.median(rim, axis=0)]
    grown = cv2.copyMakeBorder(canvas, top, bottom, left, right, cv2.BORDER_CONSTANT, value=paper)
    return np.asarray(grown, np.uint8)


def _with_note(canvas: Colour, reading: Reading) -> Colour:
    """Give the canvas a strip below that says what is wrong, if anything is."""
    if reading.numbers and (reading.sure or not reading.reason):
        return canvas
    reason = reading.reason or "no reason was given"
    text = marks.plain(f"Not sure: {reason}." if reading.numbers else f"No digit: {reason}.")
    size = max(SMALLEST_TEXT + 2, round(max(canvas.shape[:2]) / 40))
    least = 16 * size  # a very narrow picture would wrap every word
    if canvas.shape[1] < least:
        more = least - canvas.shape[1]
        canvas = _grown(canvas, 0, 0, more // 2, more - more // 2)
    stripe = marks.UNSURE if reading.numbers else marks.NOTHING
    return np.concatenate([canvas, marks.note(text, canvas.shape[1], size, stripe)])
