"""Digits and marks as ink to write numbers with; those that are too rare in MNIST are drawn."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.canonical import Ink, tight
from digitry.synthesis.steps import steps
from digitry.types import IMAGE_SIDE, Images, Labels

STYLED_SHARE = 0.55
"""Share of the 1s and 7s that get strokes rare in MNIST: flags, feet, bars."""

_FINER = 4
"""Strokes are drawn this many times larger, then shrunk: OpenCV's antialiased lines are up to three pixels too wide."""

_PLACES = 6
"""Fractional bits of OpenCV's point coordinates."""


def other_hands(images: Images, labels: Labels, rng: np.random.Generator) -> Images:
    """Return a copy of canonical digits, uint8 (n, 28, 28), with strokes added that are common outside MNIST.

    A 1 may get a flag, a foot or both, a 7 its bar, as taught in most of Europe and Latin America.
    """
    styled = images.copy()
    for index in steps(np.flatnonzero((rng.random(len(images)) < STYLED_SHARE) & ((labels == 1) | (labels == 7)))):
        if np.count_nonzero(styled[index].max(axis=1) > 127) < 2:
            continue  # blank, or too faint to find the ends of its strokes
        draw = _flagged_one if labels[index] == 1 else _barred_seven
        draw(styled[index], rng)
    return styled


def _flagged_one(image: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Draw a flag at the top of a 1, at most about as long as the stem, and sometimes a foot below it."""
    pen = _pen(image)
    rows = np.flatnonzero(image.max(axis=1) > 127)
    tall = float(rows[-1] - rows[0])
    top = np.array([float(np.average(np.arange(IMAGE_SIDE), weights=image[rows[0] + 1] + 1e-3)), rows[0] + pen / 2])
    length = rng.uniform(0.2, 1.1) * tall
    # Measured from the horizontal, down to the left. A long flag is steep, or it would be a 7 or a 4.
    angle = np.deg2rad(rng.uniform(25, 70) if length < 0.55 * tall else rng.uniform(45, 75))
    end = top + length * np.array([-np.cos(angle), np.sin(angle)])
    bend = (top + end) / 2 + rng.normal(0, 0.06 * length, 2)
    width = pen * rng.uniform(0.7, 1.1)
    stroke(image, curve(np.array([top, bend, end]), 8), width)
    if rng.random() < 0.3:
        foot = np.array([float(np.average(np.arange(IMAGE_SIDE), weights=image[rows[-1] - 1] + 1e-3)), rows[-1] - 0.5])
        half = rng.uniform(2.5, 6.0)
        tilt = rng.normal(0, 0.6)
        stroke(image, foot + np.array([[-half, -tilt], [half, tilt]]), width)


def _barred_seven(image: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Draw a bar through the stem of a 7."""
    rows = np.flatnonzero(image.max(axis=1) > 127)
    y = rows[0] + rng.uniform(0.42, 0.62) * (rows[-1] - rows[0])
    x = float(np.average(np.arange(IMAGE_SIDE), weights=image[round(y)] + 1e-3))
    half, tilt = rng.uniform(2.5, 6.5), rng.normal(0, 1.0)
    stroke(image, np.array([[x - half, y + tilt], [x + half, y - tilt]]), _pen(image) * rng.uniform(0.7, 1.1))


def _pen(image: NDArray[np.uint8]) -> float:
    """Return the width of the pen that wrote an upright stroke, in pixels."""
    widths = image[image.max(axis=1) > 127].sum(axis=1, dtype=np.float64) / 255
    return float(np.clip(np.median(widths), 1.3, 5.0))


def stroke(ink: Ink, points: NDArray[np.floating], width: float, level: int = 255) -> None:
    """Draw an antialiased line through `points`, float (n, 2) of x and y, into `ink`, where the larger value wins.

    Coordinates are relative to the centre of the top left pixel; `width` is in pixels, exact to a third of one.
    """
    points = np.asarray(points, np.float64)
    reach = int(np.ceil(width / 2)) + 1
    left, top = np.maximum(np.floor(points.min(axis=0)).astype(int) - reach, 0).tolist()
    right, bottom = np.minimum(np.ceil(points.max(axis=0)).astype(int) + reach + 1, ink.shape[::-1]).tolist()
    if left >= right or top >= bottom:
        return
    # From pixel centres to pixel centres of the finer drawing.
    fine = (points - (left, top) + 0.5) * _FINER - 0.5
    path = np.rint(fine * (1 << _PLACES)).astype(np.int32).reshape(-1, 1, 2)
    drawn = np.zeros(((bottom - top) * _FINER, (right - left) * _FINER), np.uint8)
    # OpenCV draws a line of even thickness one pixel too wide.
    cv2.polylines(drawn, [path], False, level, max(1, 2 * round((width * _FINER - 1) / 2)), cv2.LINE_8, _PLACES)
    target = ink[top:bottom, left:right]
    np.maximum(target, cv2.resize(drawn, target.shape[::-1], interpolation=cv2.INTER_AREA), out=target)


def curve(points: NDArray[np.floating], steps: int = 24) -> NDArray[np.float64]:
    """Return a Catmull-Rom spline, float (steps, 2), through control points, float (n, 2)."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, len(points) - 1 - 1e-9, steps)
    at = t.astype(int)
    u = (t - at)[:, np.newaxis]
    a, b, c, d = (padded[at + shift] for shift in range(4))
    return np.asarray(0.5 * (2 * b + (c - a) * u + (2 * a - 5 * b + 4 * c - d) * u**2 + (3 * b - a - 3 * c + d) * u**3))


def written_digit(
    image: NDArray[np.uint8], height: float, slant: float, stretch: float, level: float, gain: float
) -> Ink:
    """Return a canonical digit as tight ink of the given height in pixels, sheared by `slant` and stretched sideways.

    `level`, 0 to 255, is the intensity of MNIST's soft strokes at which they are cut off: the higher, the finer the
    pen. `gain` is the steepness of edges relative to MNIST's.
    """
    digit = tight(image)
    scale = height / digit.shape[0]
    wide = digit.shape[1] * scale * stretch
    lean = slant * height
    size = (max(1, int(np.ceil(wide + abs(lean)))), max(1, int(np.ceil(height))))
    matrix = np.array([[scale * stretch, -slant * scale, max(lean, 0.0)], [0, scale, 0]], np.float32)
    # From pixel centres to pixel centres.
    matrix[:, 2] += matrix[:, :2] @ [0.5, 0.5] - 0.5
    method = cv2.INTER_AREA if scale < 0.8 else cv2.INTER_CUBIC
    moved = np.asarray(cv2.warpAffine(digit, matrix, size, flags=method), np.uint8)
    gain = float(np.clip(scale * gain, 1, 5))
    return np.asarray(cv2.addWeighted(moved, gain, moved, 0, 127.5 - gain * level), np.uint8)


MARKS = (".", ",", "-", "=", "*", "scribble")
"""What `mark` draws, with random lengths; all other signs have pen paths (`allographs.py`)."""


def mark(kind: str, height: float, width: float, rng: np.random.Generator) -> tuple[Ink, float]:
    """Return one of `MARKS` as ink, with a pen of `width` pixels, and the position of its top in digit heights.

    `scribble` is a random smooth line.
    """
    h = height
    drawn: list[NDArray[np.float64]] = []
    top = 0.0
    if kind == ".":
        drawn, top = [np.array([[0, 0], rng.normal(0, 0.03 * h, 2)])], 0.92
        width *= rng.uniform(1.0, 1.7)
    elif kind == ",":
        drawn, top = [np.array([[0, 0], [-rng.uniform(0.02, 0.15) * h, rng.uniform(0.1, 0.3) * h]])], 0.88
    elif kind in "-=":
        long, tilt = rng.uniform(0.25, 0.9) * h, rng.normal(0, 0.06) * h
        line = np.array([[0, 0], [long / 2, rng.normal(0, 0.05) * h], [long, tilt]])
        drawn, top = [curve(line)], rng.uniform(0.4, 0.65)
        if kind == "=":
            drawn.append(curve(line) + np.array([rng.normal(0, 0.05), rng.uniform(0.12, 0.3)]) * h)
            top -= 0.1
    elif kind == "*":
        drawn = [
            h * (0.25 + 0.22 * np.array([[np.cos(a), np.sin(a)], [-np.cos(a), -np.sin(a)]]))
            for a in np.array([0.2, 1.25, 2.3]) + rng.normal(0, 0.1, 3)
        ]
        top = 0.2
    else:
        reach = np.array([rng.uniform(0.3, 1.5), rng.uniform(0.3, 1.1)]) * h
        drawn, top = [curve(rng.random((int(rng.integers(3, 9)), 2)) * reach, 60)], rng.uniform(-0.1, 0.6)
    points = np.concatenate(drawn)
    pad = int(np.ceil(width)) + 1
    corner = points.min(axis=0) - pad
    wide, tall = np.ceil(points.max(axis=0) - corner + pad + 1).astype(int)
    ink = np.zeros((tall, wide), np.uint8)
    for line in drawn:
        stroke(ink, line - corner, width)
    return ink, top
