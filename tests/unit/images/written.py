"""Plain digits written on ink pages at known places, and pages turned by known degrees."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.types import Box
from tests.unit.tiny_models import printed_digit


def glyph(digit: int, height: int) -> NDArray[np.uint8]:
    """One digit in a plotter's hand, uint8 (height, w), cut to its ink, light on black."""
    ink = printed_digit(digit, height, max(2, round(height / 9)), 2 * height)
    x, y, width, tall = cv2.boundingRect(np.multiply(ink > 90, 255, dtype=np.uint8))
    return np.asarray(cv2.resize(ink[y : y + tall, x : x + width], (width, height)), np.uint8)


def write(
    page: NDArray[np.uint8], text: str, left: int, top: int, height: int = 40, gap: int | None = None
) -> list[Box]:
    """Write digits on an ink page (h, w), `gap` pixels of paper between them; the box of each digit."""
    gap = max(2, height // 4) if gap is None else gap
    boxes = []
    for figure in text:
        ink = glyph(int(figure), height)
        place = page[top : top + height, left : left + ink.shape[1]]
        np.maximum(place, ink, out=place)
        boxes.append((left, top, ink.shape[1], height))
        left += ink.shape[1] + gap
    return boxes


def ink_page(*texts: str, height: int = 40, margin: int = 40) -> NDArray[np.uint8]:
    """An ink page with one number on each line, uint8 (h, w)."""
    wide = max(len(text) for text in texts) * round(1.1 * height) + 2 * margin
    page = np.zeros((len(texts) * (height + margin) + margin, wide), np.uint8)
    for line, text in enumerate(texts):
        write(page, text, margin, margin + line * (height + margin), height)
    return page


def falling(page: NDArray[np.uint8], degrees: float, paper: int = 0) -> NDArray[np.uint8]:
    """A page turned so that level writing falls to the right by so many degrees, nothing cut off."""
    height, width = page.shape
    side = int(np.hypot(height, width)) + 2
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    turn = np.array([[cos, -sin, 0], [sin, cos, 0]])
    turn[:, 2] = side / 2 - turn[:, :2] @ (width / 2, height / 2)
    return np.asarray(cv2.warpAffine(page, turn, (side, side), borderValue=paper), np.uint8)


def tight_box(ink: NDArray[np.uint8]) -> Box:
    """The box around everything inked."""
    x, y, width, height = cv2.boundingRect(np.multiply(ink > 90, 255, dtype=np.uint8))
    return x, y, width, height
