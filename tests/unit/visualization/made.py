"""Pages of plotted digits with the reading that a perfect reader would give."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.types import Digit, Number, Reading
from tests.unit.tiny_models import printed_digit


def page_of(
    texts: list[str], *, height: int = 60, gap: int = 40, sure: bool = True, **changes: Any
) -> tuple[NDArray[np.uint8], Reading]:
    """A line per text, dark on light, uint8 (h, w, 3); every digit with its tight box. `changes` go to the Reading."""
    wide = max(len(text) for text in texts) * height + 2 * gap
    page = np.full((len(texts) * (height + gap) + gap, wide, 3), (235, 240, 230), np.uint8)
    numbers = []
    for line, text in enumerate(texts):
        top, digits = gap + line * (height + gap), []
        for place, figure in enumerate(text):
            ink = printed_digit(int(figure))
            x, y, w, h = cv2.boundingRect(ink)
            ink = np.asarray(cv2.resize(ink[y : y + h, x : x + w], None, fx=height / h, fy=height / h), np.uint8)
            left = gap + place * height
            page[top : top + ink.shape[0], left : left + ink.shape[1]][ink > 128] = (20, 30, 90)
            digits.append(Digit(figure, 0.97, (left, top, ink.shape[1], ink.shape[0]), (("1", 0.02),)))
        right = digits[-1].box[0] + digits[-1].box[2]
        box = (gap, top, right - gap, height)
        numbers.append(Number(text, 0.95 if sure else 0.5, box, tuple(digits), sure, None if sure else "it is unclear"))
    given = {"sure": sure, "reason": None if sure else "it is unclear"} | changes
    grey = np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), np.uint8)
    return page, Reading("made.png", tuple(numbers), stages={"grey": grey}, **given)
