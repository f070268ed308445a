"""The labels of a drawing: what each says, how large it is, and where it stands, off the boxes and each other."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.types import Number
from digitry.visualization import marks
from digitry.visualization.colour import Colour
from digitry.visualization.placing import BusyMap, Rectangle, place

SMALLEST_TEXT = 12
"""Height of the smallest letters, in pixels."""

MANY = 30
"""With more numbers than this on a page, labels have no percentages: larger letters say more."""

CALM = 0.1
"""A spot that is busier than its page by more than this has writing on it."""

Label = tuple[NDArray[np.uint8], int, int]
"""A label's pixels, RGBA, and its left and top on the canvas; it may lie beyond the edge."""


def place_labels(
    canvas: Colour, numbers: list[tuple[Number, bool]], boxes: list[Rectangle], line: float, taken: list[Rectangle]
) -> list[Label]:
    """Return the labels of numbers, each with whether it is sure, beside their boxes on the canvas.

    `line` is the width of a box's line in pixels, `taken` what else labels keep off.
    """
    if not numbers:
        return []
    busy = BusyMap(np.asarray(cv2.cvtColor(canvas, cv2.COLOR_RGB2GRAY), np.uint8))
    page = (float(canvas.shape[1]), float(canvas.shape[0]))
    gap = 0.8 * line
    is_many = len(numbers) > MANY
    size = _letters(page, np.array(boxes, np.float64))
    occupied = np.array([*boxes, *taken], np.float64)
    labels: list[Label] = []
    for (number, sure), box in zip(numbers, boxes, strict=True):
        text = marks.plain(number.text) if sure else f"{marks.plain(number.text)} ?"
        percent = "" if is_many else short_percent(number.confidence)
        best: tuple[tuple[float, float], Rectangle, int, str] | None = None
        # Where it is crowded, or writing that nobody read stands there: without the percentage, then smaller.
        for share, note in ((1.0, percent), (1.0, ""), (0.75, percent), (0.75, ""), (0.55, "")):
            letters = max(SMALLEST_TEXT, round(share * size))
            spot, covered = place(marks.label_size(text, note, letters), box, occupied, page, busy, gap)
            hidden = max(0.0, busy.excess(spot) - CALM)
            if best is None or (covered, hidden) < best[0]:
                best = ((covered, hidden), spot, letters, note)
            if not covered and not hidden:
                break
        assert best is not None
        _, spot, letters, note = best
        occupied = np.vstack([occupied, spot])
        drawn = marks.draw_label(text, note, letters, fill_of(number, sure), struck=number.struck)
        labels.append((drawn, round(spot[0]), round(spot[1])))
    return labels


def short_percent(confidence: float) -> str:
    """Write a share: "98.7%"; nothing is certain, so 0.9997 is not shown as 100%."""
    if confidence > 0.999:
        return ">99.9%"
    return "<0.1%" if confidence < 0.001 else f"{confidence:.1%}"


def fill_of(number: Number, sure: bool) -> marks.Colours:
    """Return the colour behind a number's label."""
    return (marks.NOTHING if number.hand == "printed" else marks.SURE) if sure else marks.UNSURE


def _letters(page: tuple[float, float], boxes: NDArray[np.float64]) -> int:
    """Height of the labels' letters: in proportion to the numbers, and to the page."""
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    size = min(max(0.5 * height, SMALLEST_TEXT + 2), max(0.05 * max(page), SMALLEST_TEXT + 6))
    return max(SMALLEST_TEXT, int(max(page) / 140), int(size))
