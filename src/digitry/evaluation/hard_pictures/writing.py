"""MNIST test digits → ink on a page: smooth strokes at any size, numbers with signs on a line, pens and chalk."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.evaluation.hard_pictures.hershey import CAPITAL, FEET, fonts

Cover = NDArray[np.float32]
"""Fraction of the paper that the ink hides, float32 (h, w), 0 to 1."""

TOUCHING_GAPS = (-0.06, 0.06)
APART_GAPS = (0.10, 0.45)
SIGN_GAPS = (0.06, 0.25)
"""Space between the boxes of neighbours, as a share of the digits' height; of signs and digits the last."""

SIGN_WIDTHS = {"-": (0.5, 0.8), "/": (0.6, 1.0), "$": (1.0, 1.3), "%": (1.0, 1.3)}
"""Signs that people write narrower or wider than the font: factors of its width."""

FINER = 4
"""Signs are drawn this many times as large, then shrunk."""


class WrittenNumber(NamedTuple):
    """A number written in one line."""

    cover: Cover
    touching: int
    """Number of digits that share ink with the one before."""


def stroke_cover(image: NDArray[np.uint8], height: int, rng: np.random.Generator) -> Cover:
    """Draw one digit, uint8 (28, 28), as smooth strokes `height` pixels tall, cropped to its ink, a little bolder or
    finer.
    """
    x, y, width, tall = cv2.boundingRect((image > 40).astype(np.uint8))
    ink = np.asarray(np.pad(image[y : y + tall, x : x + width], 2) / np.float32(max(int(image.max()), 1)), np.float32)
    factor = height / tall
    size = (max(round(ink.shape[1] * factor), 3), max(round(ink.shape[0] * factor), 3))
    method = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    ink = np.asarray(cv2.resize(ink, size, interpolation=method), np.float32)
    if factor > 1.5:
        # Enlarged pixels are soft: smooth their corners, then restore an edge of about two pixels.
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), 0.4 * factor), np.float32)
        ink = (ink - rng.uniform(0.28, 0.42)) * factor + 0.5
    ink = np.clip(ink, 0, 1)
    x, y, width, tall = cv2.boundingRect((ink > 0.2).astype(np.uint8))
    return np.asarray(ink[y : y + tall, x : x + width], np.float32)


class _Piece(NamedTuple):
    """A digit or sign on the line."""

    cover: Cover
    gap: int
    """Space after it."""
    foot: float = 0
    """How far it reaches below the line."""


def number_cover(
    images: NDArray[np.uint8], text: str, height: int, close: bool, rng: np.random.Generator
) -> WrittenNumber:
    """Draw `text` on a slightly uneven line, with its digits, uint8 (n, 28, 28), each about `height` pixels tall.

    Neighbouring digits of a `close` number may touch or overlap.
    """
    gaps = TOUCHING_GAPS if close else APART_GAPS
    covers = [stroke_cover(image, max(round(height * rng.uniform(0.88, 1.1)), 8), rng) for image in images]
    pieces = [_Piece(cover, round(height * rng.uniform(*gaps))) for cover in covers]
    if not text.isdigit():
        pieces = _with_signs(text, pieces, height, rng)
    width = sum(piece.cover.shape[1] for piece in pieces) + height * len(pieces)
    line = np.zeros((round(1.8 * height), width), np.float32)
    x, touching = height // 2, 0
    for cover, gap, foot in pieces:
        tall, width = cover.shape
        y = round(1.3 * height + foot - tall + height * rng.uniform(-0.06, 0.06))
        y = min(max(y, 0), len(line) - tall)
        place = line[y : y + tall, x : x + width]
        around = cv2.dilate(line, np.ones((3, 3), np.uint8))[y : y + tall, x : x + width]
        touching += bool((np.minimum(around, cover) > 0.5).any())
        np.maximum(place, cover, out=place)
        x += width + gap
    x, y, width, tall = cv2.boundingRect((line > 0.2).astype(np.uint8))
    return WrittenNumber(line[y : y + tall, x : x + width], touching)


def _with_signs(text: str, digits: list[_Piece], height: int, rng: np.random.Generator) -> list[_Piece]:
    """Insert the signs of `text` between its digits, written with the same pen."""
    pen = float(np.median([width_of_pen(digit.cover) for digit in digits]))
    rest, pieces = iter(digits), []
    for place, character in enumerate(text):
        beside_sign = not text[place : place + 2].isdigit()
        gap = round(height * rng.uniform(*SIGN_GAPS))
        if character.isdigit():
            digit = next(rest)
            pieces.append(digit._replace(gap=gap) if beside_sign else digit)
        else:
            cover, foot = sign_cover(character, height, pen, rng)
            pieces.append(_Piece(cover, gap, foot))
    return pieces


def width_of_pen(cover: Cover) -> float:
    """Return the width of the pen: on average, pixels of a stroke are a quarter of its width from its edge."""
    inside = np.pad((cover > 0.5).astype(np.uint8), 1)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) - 0.5
    return max(4 * float(distance[inside > 0].mean()), 1.0) if inside.any() else 1.0


def sign_cover(sign: str, height: int, pen: float, rng: np.random.Generator) -> tuple[Cover, float]:
    """Draw a sign of a Hershey font beside digits `height` pixels tall, with a pen `pen` pixels wide, cropped to its
    ink; return it and how far it reaches below the line.
    """
    unit = max(height * rng.uniform(0.85, 1.05) - pen, 1) / CAPITAL
    wide = rng.uniform(*SIGN_WIDTHS.get(sign, (0.8, 1.1)))
    turn = np.deg2rad(rng.uniform(-8, 8))
    matrix = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))]) * (wide, 1) * unit
    strokes = fonts()["roman", sign]
    if sign == "$":  # people draw one bar; two with a broad pen would be one blot
        left, right, *others = strokes
        strokes = [(left + right) / 2, *others]
    middle = (FEET[sign] - np.concatenate(strokes)[:, 1].max() / 2) * unit - pen / 2
    strokes = [stroke @ matrix.T for stroke in strokes]
    points = np.concatenate(strokes)
    margin = pen / 2 + 2
    across, down = np.ceil(np.ptp(points, axis=0) + 2 * margin).astype(int)
    drawn = np.zeros((FINER * down, FINER * across), np.uint8)
    for stroke in strokes:
        line = np.rint(16 * FINER * (stroke - points.min(axis=0) + margin)).astype(np.int32)
        cv2.polylines(drawn, [line], False, 255, max(round(FINER * pen), 1), cv2.LINE_AA, 4)
    cover = np.asarray(cv2.resize(drawn, (across, down), interpolation=cv2.INTER_AREA) / np.float32(255), np.float32)
    x, y, width, tall = cv2.boundingRect((cover > 0.2).astype(np.uint8))
    return cover[y : y + tall, x : x + width], middle + tall / 2


def placed(cover: Cover, canvas: tuple[int, int], slant: float, rng: np.random.Generator) -> Cover:
    """Place `cover`, turned by `slant` degrees, wholly inside an empty canvas (h, w), shrunk if necessary."""
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
"""Name → red, green and blue from 0 to 1, ranges of its cover, and how grainy it is."""

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
