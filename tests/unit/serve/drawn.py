"""Drawings as people make them on a canvas: round pens, unsteady hands, canvases of all sizes; made from a seed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.unit.tiny_models import STROKES

SIZES = ((280, 280), (600, 200), (1000, 400), (320, 140), (2000, 800), (900, 300))
"""Width and height of canvases; the fifth as on a screen with small pixels."""

PENS = (0.012, 0.03, 0.06, 0.1, 0.16)
"""Width of the pen as a share of the digits' height: from a hair to a brush."""

FINE = 4
"""Drawings are made so many times as large and shrunk: that gives antialiased edges."""


def drawing(text: str, size: tuple[int, int], pen: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Ink of the digits of `text` from left to right, uint8 (height, width), light on black."""
    width, height = size
    tall = min(0.62 * height, 0.75 * width / (0.95 * len(text)))
    page = np.zeros((height * FINE, width * FINE), np.uint8)
    thickness = max(1, round(pen * tall * FINE))
    left = (width - 0.95 * tall * (len(text) - 0.25)) / 2
    for place, digit in enumerate(text):
        corner = np.array([left + 0.95 * tall * place, (height - tall) / 2]) + rng.normal(0, 0.02 * tall, 2)
        slant, turn = rng.normal(0, 0.12), rng.normal(0, 0.06)
        shape = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ [[1, slant], [0, 1]]
        scale = tall / 20 * rng.uniform(0.85, 1.1)
        for stroke in STROKES[int(digit)]:
            points = np.array(stroke, float) + rng.normal(0, 0.35, (len(stroke), 2))
            on_page = ((points - (7, 10)) @ shape.T + (7, 10)) * scale + corner
            cv2.polylines(page, [np.rint(on_page * FINE).astype(np.int32)], False, 255, thickness, cv2.LINE_AA)
    return np.asarray(cv2.resize(page, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def cut_close(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The part of a drawing that has ink, uint8 (height, width), without any paper around it."""
    rows, columns = np.nonzero(ink.any(axis=1))[0], np.nonzero(ink.any(axis=0))[0]
    return np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def drawings(count: int, seed: int = 0) -> list[tuple[str, NDArray[np.uint8]]]:
    """So many drawings with what they show: the ten digits, and numbers of two to four of them."""
    rng = np.random.default_rng(seed)
    made = []
    for index in range(count):
        digits = 1 + index % 4
        text = "".join(map(str, rng.integers(0, 10, digits)))
        size = SIZES[index % len(SIZES)] if digits < 3 else SIZES[1:][index % (len(SIZES) - 1)]
        made.append((text, drawing(text, size, PENS[index % len(PENS)], rng)))
    return made
