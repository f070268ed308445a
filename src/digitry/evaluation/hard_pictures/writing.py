"""MNIST test digits → ink on a page: smooth strokes at any size, numbers written in a line, pens and chalk."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Cover = NDArray[np.float32]
"""How much of the paper the ink hides, float32 (h, w), 0 to 1."""

TOUCHING_GAPS = (-0.06, 0.06)
APART_GAPS = (0.10, 0.45)
"""Space between the boxes of neighbours, as a share of the digits' height."""


class WrittenNumber(NamedTuple):
    """A number written in one line."""

    cover: Cover
    touching: int
    """How many digits share ink with the one before."""


def stroke_cover(image: NDArray[np.uint8], height: int, rng: np.random.Generator) -> Cover:
    """Draw one digit, uint8 (28, 28), as smooth strokes `height` pixels tall, cut to its ink, a little bolder or
    finer.
    """
    x, y, width, tall = cv2.boundingRect((image > 40).astype(np.uint8))
    ink = np.asarray(np.pad(image[y : y + tall, x : x + width], 2) / np.float32(max(int(image.max()), 1)), np.float32)
    factor = height / tall
    size = (max(round(ink.shape[1] * factor), 3), max(round(ink.shape[0] * factor), 3))
    method = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    ink = np.asarray(cv2.resize(ink, size, interpolation=method), np.float32)
    if factor > 1.5:
        # Enlarged pixels are soft: smooth their corners, then make an edge of about two pixels again.
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.4 * factor), np.float32)
        ink = (ink - rng.uniform(0.28, 0.42)) * factor + 0.5
    ink = np.clip(ink, 0, 1)
    x, y, width, tall = cv2.boundingRect((ink > 0.2).astype(np.uint8))
    return np.asarray(ink[y : y + tall, x : x + width], np.float32)


def number_cover(images: NDArray[np.uint8], height: int, close: bool, rng: np.random.Generator) -> WrittenNumber:
    """Draw digits, uint8 (n, 28, 28), written side by side on a slightly uneven line, each about `height` pixels tall.

    Neighbours of a `close` number may touch or overlap.
    """
    gaps = TOUCHING_GAPS if close else APART_GAPS
    covers = [stroke_cover(image, max(round(height * rng.uniform(0.88, 1.1)), 8), rng) for image in images]
    steps = [round(height * rng.uniform(*gaps)) for _ in covers]
    line = np.zeros((round(1.5 * height), sum(c.shape[1] for c in covers) + height * len(covers)), np.float32)
    x, touching = height // 2, 0
    for cover, step in zip(covers, steps, strict=True):
        tall, width = cover.shape
        y = min(max(round(1.3 * height - tall + height * rng.uniform(-0.06, 0.06)), 0), len(line) - tall)
        place = line[y : y + tall, x : x + width]
        around = cv2.dilate(line, np.ones((3, 3), np.uint8))[y : y + tall, x : x + width]
        touching += bool((np.minimum(around, cover) > 0.5).any())
        np.maximum(place, cover, out=place)
        x += width + step
    x, y, width, tall = cv2.boundingRect((line > 0.2).astype(np.uint8))
    return WrittenNumber(line[y : y + tall, x : x + width], touching)


def placed(cover: Cover, canvas: tuple[int, int], slant: float, rng: np.random.Generator) -> Cover:
    """Place `cover`, turned by `slant` degrees, somewhere wholly inside an empty canvas (h, w); shrunk if it
    must be.
    """
    height, width = cover.shape
    turn = np.deg2rad(slant)
    across = abs(width * np.cos(turn)) + abs(height * np.sin(turn))
    down = abs(width * np.sin(turn)) + abs(height * np.cos(turn))
    margin = 0.04 * min(canvas)
    factor = min(1, (canvas[1] - 2 * margin) / across, (canvas[0] - 2 * margin) / down)
    free_x, free_y = canvas[1] - factor * across - 2 * margin, canvas[0] - factor * down - 2 * margin
    centre_x = margin + factor * across / 2 + rng.random() * max(free_x, 0)
    centre_y = margin + factor * down / 2 + rng.random() * max(free_y, 0)
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), slant, factor)
    matrix[:, 2] += (centre_x - (width - 1) / 2, centre_y - (height - 1) / 2)
    flags = cv2.INTER_LINEAR if factor > 0.7 else cv2.INTER_AREA
    return np.asarray(cv2.warpAffine(cover, matrix, canvas[::-1], flags=flags), np.float32)


PENS: dict[str, tuple[tuple[float, float, float], tuple[float, float], float]] = {
    "black ink": ((0.10, 0.10, 0.12), (0.85, 1.0), 0.03),
    "blue pen": ((0.13, 0.20, 0.55), (0.75, 0.98), 0.08),
    "red pen": ((0.70, 0.12, 0.15), (0.80, 0.98), 0.05),
    "pencil": ((0.30, 0.30, 0.32), (0.45, 0.80), 0.35),
}
"""Name → red, green and blue from 0 to 1, how well it covers, and how grainy it is."""

CHALK = ((0.93, 0.93, 0.88), (0.70, 0.95), 0.30)
"""The same for light strokes on a dark board."""


def inked(paper: NDArray[np.float32], cover: Cover, pen: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """Write on the paper (h, w, 3) with a pen of `PENS`, or with "chalk"."""
    colour, density, grain = CHALK if pen == "chalk" else PENS[pen]
    rough = rng.random(cover.shape, np.float32)
    rough = np.asarray(cv2.GaussianBlur(rough, (0, 0), max(0.7, min(cover.shape) / 700)), np.float32)
    rough = (rough - rough.mean()) / (rough.std() + 1e-6)
    hidden = cover * rng.uniform(*density) * np.clip(1 - grain * np.abs(rough), 0.2, 1)
    hidden = hidden[..., np.newaxis]
    return np.asarray(paper * (1 - hidden) + np.asarray(colour, np.float32) * hidden, np.float32)
