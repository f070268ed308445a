"""The labels of a drawing: their text, size and place, off the boxes and each other."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.pages.number_words import confidence as in_words
from digitry.types import Number
from digitry.visualization import marks
from digitry.visualization.colour import Colour
from digitry.visualization.placing import BusyMap, Rectangle, place

SMALLEST_TEXT = 12
"""Height of the smallest letters, in pixels."""

MANY = 30
"""With more numbers than this on a page, labels have larger letters instead of percentages."""

CALM = 0.1
"""A place that exceeds its page's busyness by more than this has writing on it."""

SIZES, FEW = (1.0, 0.8, 0.65, 0.5), 0.1
"""Letter sizes to try, relative to the preferred one; the share of labels that may cover something."""

Label = tuple[NDArray[np.uint8], int, int]
"""A label's pixels, RGBA, and its left and top on the canvas, which may lie beyond the edge."""


class _RoomForLabels(NamedTuple):
    """The space in which labels are placed."""

    page: tuple[float, float]
    """Width and height in pixels."""
    busy: BusyMap
    taken: list[Rectangle]
    gap: float
    """Between a box and its label, in pixels."""


class _LabelPlace(NamedTuple):
    """Where one label goes."""

    covered: float
    """Area of other boxes and labels under it, in square pixels."""
    hidden: float
    """By how much the busyness under it exceeds `CALM`, 0 to 1."""
    text: str
    note: str
    letters: int
    place: Rectangle


def place_labels(
    canvas: Colour, numbers: list[tuple[Number, bool]], boxes: list[Rectangle], line: float, taken: list[Rectangle]
) -> list[Label]:
    """Return labels beside the boxes of numbers, each given with whether it is sure, on the canvas.

    `line` is the boxes' line width in pixels; `taken` are other rectangles to avoid. All labels have letters of one
    size, the largest at which few cover anything, unread writing included; those few are smaller.
    """
    if not numbers:
        return []
    busy = BusyMap(np.asarray(cv2.cvtColor(canvas, cv2.COLOR_RGB2GRAY), np.uint8))
    room = _RoomForLabels((float(canvas.shape[1]), float(canvas.shape[0])), busy, [*boxes, *taken], 0.8 * line)
    least = max(SMALLEST_TEXT, int(max(room.page) / 140))  # a large drawing is viewed at a reduced size
    size = _letters(room.page, np.array(boxes, np.float64))
    best: list[_LabelPlace] = []
    for letters in dict.fromkeys(max(least, round(share * size)) for share in SIZES):
        spots = _spots(numbers, boxes, letters, room)
        if not best or _crowded(spots) < _crowded(best):
            best = spots
        if _crowded(best) <= FEW * len(best):
            break
    return [
        (
            marks.draw_label(spot.text, spot.note, spot.letters, fill_of(number, sure), struck=number.struck),
            round(spot.place[0]),
            round(spot.place[1]),
        )
        for (number, sure), spot in zip(numbers, best, strict=True)
    ]


def _crowded(spots: list[_LabelPlace]) -> int:
    return sum(spot.covered > 0 or spot.hidden > 0 for spot in spots)


def _spots(
    numbers: list[tuple[Number, bool]], boxes: list[Rectangle], letters: int, room: _RoomForLabels
) -> list[_LabelPlace]:
    """Place the labels one by one; if one covers something, try it without percentage, then smaller."""
    occupied = np.array(room.taken, np.float64)
    smaller, smallest = (max(SMALLEST_TEXT, round(share * letters)) for share in (0.75, 0.5))
    found: list[_LabelPlace] = []
    for (number, sure), box in zip(numbers, boxes, strict=True):
        text = marks.in_font(number.text) if sure else f"{marks.in_font(number.text)} ?"
        percent = "" if len(numbers) > MANY else in_words(number.confidence)
        tried: list[_LabelPlace] = []
        for high, note in dict.fromkeys([(letters, percent), (letters, ""), (smaller, ""), (smallest, "")]):
            spot, covered = place(marks.label_size(text, note, high), box, occupied, room.page, room.busy, room.gap)
            tried.append(_LabelPlace(covered, max(0.0, room.busy.excess(spot) - CALM), text, note, high, spot))
            if not _crowded(tried[-1:]):
                break
        found.append(min(tried, key=lambda one: (one.covered, one.hidden)))
        occupied = np.vstack([occupied, found[-1].place])
    return found


def fill_of(number: Number, sure: bool) -> marks.Colours:
    """Return the colour behind a number's label."""
    return (marks.NOTHING if number.hand == "printed" else marks.SURE) if sure else marks.UNSURE


def _letters(page: tuple[float, float], boxes: NDArray[np.float64]) -> int:
    """Return the preferred letter height in pixels, from the sizes of the numbers and the page."""
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    size = min(max(0.5 * height, SMALLEST_TEXT + 2), max(0.05 * max(page), SMALLEST_TEXT + 6))
    return int(size)
