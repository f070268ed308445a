"""Draws the example pictures: our own strokes, a hand's jitter, and what cameras and screens make of them. Seeded.

    python examples/make_pictures.py

The file names tell the digit. Needs only what digitry itself installs.
"""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent
SEED = 7


def arc(x: float, y: float, rx: float, ry: float, start: float, stop: float) -> list[tuple[float, float]]:
    """Points along an ellipse, angles in degrees, 0 to the right, growing downwards."""
    count = max(8, round(abs(stop - start) / 8))
    return [
        (x + rx * math.cos(math.radians(a)), y + ry * math.sin(math.radians(a)))
        for a in np.linspace(start, stop, count)
    ]


# Strokes in a box 1 high; x to the right, y down.
DIGITS: dict[int, list[list[tuple[float, float]]]] = {
    2: [[*arc(0.33, 0.27, 0.27, 0.26, -165, 35), (0.3, 0.75), (0.05, 0.97), (0.35, 0.95), (0.68, 0.98)]],
    3: [[*arc(0.28, 0.25, 0.26, 0.24, -150, 80), *arc(0.27, 0.72, 0.31, 0.27, -85, 150)]],
    4: [[(0.42, 0.0), (0.2, 0.32), (0.02, 0.62), (0.36, 0.61), (0.72, 0.6)], [(0.5, 0.3), (0.49, 0.62), (0.46, 1.0)]],
    5: [
        [(0.14, 0.03), (0.11, 0.22), (0.08, 0.44), *arc(0.26, 0.68, 0.31, 0.29, -115, 150)],
        [(0.14, 0.04), (0.6, 0.0)],
    ],
    7: [[(0.02, 0.08), (0.28, 0.05), (0.6, 0.03), (0.44, 0.4), (0.3, 0.7), (0.22, 1.0)]],
    8: [
        [
            *arc(0.32, 0.26, 0.22, 0.23, -50, -270),
            *arc(0.31, 0.74, 0.28, 0.26, -90, 270),
            *arc(0.32, 0.26, 0.22, 0.23, 90, -60),
        ]
    ],
}


def ink(digit: int, height: int, pen: float, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """How much ink lies on every pixel, float32 (h, w) from 0 to 1: a jittery hand and a pen that presses unevenly."""
    fine = 4  # drawn four times too large, then shrunk, so that edges are smooth
    canvas = np.zeros((shape[0] * fine, shape[1] * fine), np.float32)
    slant, turn = rng.uniform(-0.1, 0.15), rng.uniform(-0.06, 0.06)
    offset = np.array([shape[1] - 0.65 * height, shape[0] - height]) / 2
    for stroke in DIGITS[digit]:
        points = smooth(np.array(stroke), 160)
        points += smooth(rng.normal(0, 0.016, (6, 2)), 160)  # a hand trembles slowly
        x = points[:, 0] + slant * (1 - points[:, 1]) + turn * points[:, 1]
        path = np.stack([x, points[:, 1] - turn * points[:, 0]], -1) * height + offset
        pressure = 1 + 0.14 * np.interp(np.linspace(0, 1, len(path)), np.linspace(0, 1, 9), rng.normal(0, 1, 9))
        for (start, stop), press in zip(itertools.pairwise(path), pressure, strict=False):
            ends = [tuple(int(v) for v in np.rint(p * fine)) for p in (start, stop)]
            cv2.line(canvas, ends[0], ends[1], 1.0, max(1, round(pen * fine * press)), cv2.LINE_AA)
    return np.asarray(cv2.resize(canvas, shape[::-1], interpolation=cv2.INTER_AREA), np.float32)


def smooth(points: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """A smooth line of `count` points through a polyline (Catmull-Rom)."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    places = np.linspace(0, len(points) - 1.001, count)
    index, t = places.astype(int), (places % 1)[:, None]
    a, b, c, d = (padded[index + k] for k in range(4))
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def paper(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Fibres and grain, float32 (h, w) around 0, about one grey level strong."""
    grain = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), 1.2) * 2
    fibres = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), sigmaX=9, sigmaY=1.5) * 5
    return np.asarray(grain + fibres, np.float32)


def mixed(page: NDArray[np.float32], colour: tuple[int, int, int], ink_: NDArray[np.float32]) -> NDArray[np.float32]:
    """A page (h, w, 3) with ink of one colour (red, green, blue) on it."""
    return page + (np.array(colour, np.float32) - page) * ink_[..., None]


def photo_of_ink(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Ballpoint on cream paper under a lamp, a hand's shadow across it."""
    shape = (520, 440)
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    strokes = ink(3, 270, 9, shape, rng)
    page = np.array([238, 232, 216], np.float32) + paper(shape, rng)[..., None]
    page = mixed(page, (38, 46, 92), strokes * (0.9 + 0.02 * paper(shape, rng)).clip(0, 1))
    lamp = 1.02 - 0.16 * ((x + 0.5) ** 2 + (y + 0.6) ** 2) / 2
    shadow = 1 - 0.38 / (1 + np.exp(-(x * 0.8 + y - 0.35) / 0.07))
    page = cv2.GaussianBlur(page * (lamp * shadow)[..., None].astype(np.float32), (0, 0), 0.8)
    return np.asarray(np.clip(page + rng.normal(0, 2.5, page.shape), 0, 255), np.uint8)


def dark_drawing(rng: np.random.Generator) -> NDArray[np.uint8]:
    """White on black, as a drawing pad in dark mode saves it."""
    strokes = ink(5, 200, 13, (320, 320), rng)
    return np.asarray(mixed(np.full((320, 320, 3), 18, np.float32), (245, 245, 245), strokes), np.uint8)


def pencil_on_rules(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A thin pencil on a ruled notebook page, the page a little turned."""
    shape = (420, 480)
    page = np.array([246, 245, 240], np.float32) + 0.7 * paper(shape, rng)[..., None]
    lines = np.zeros(shape, np.float32)
    for row in range(-30, shape[0] + 60, 62):
        cv2.line(lines, (-5, row), (shape[1] + 5, row - 9), 1.0, 2, cv2.LINE_AA)
    page = mixed(page, (150, 178, 214), lines * 0.8)
    lead = ink(4, 210, 4.5, shape, rng) * (0.85 + 0.05 * paper(shape, rng)).clip(0.4, 1)
    return np.asarray(np.clip(mixed(page, (70, 70, 74), lead), 0, 255), np.uint8)


def blue_marker(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A thick blue marker on white card, photographed from near."""
    shape = (400, 360)
    page = np.array([228, 230, 234], np.float32) + 0.5 * paper(shape, rng)[..., None]
    strokes = cv2.GaussianBlur(ink(2, 260, 34, shape, rng), (0, 0), 1.5)
    streaks = 1 + 0.03 * cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), sigmaX=1, sigmaY=8) * 8
    light = np.linspace(1.05, 0.82, shape[1], dtype=np.float32)[None, :, None]
    page = mixed(page, (28, 74, 190), strokes * np.clip(streaks, 0.7, 1) * 0.95) * light
    return np.asarray(np.clip(page + rng.normal(0, 1.5, page.shape), 0, 255), np.uint8)


def tiny(rng: np.random.Generator) -> NDArray[np.uint8]:
    """28×28, grey, light on black: the size of a MNIST image."""
    return np.asarray(ink(8, 20, 2.3, (28, 28), rng) * 255, np.uint8)


def transparent(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Green strokes on nothing at all, as a drawing app exports them: red, green, blue, alpha."""
    strokes = ink(7, 190, 12, (300, 260), rng)
    colour = np.broadcast_to(np.array([16, 110, 72], np.float32), (*strokes.shape, 3))
    return np.asarray(np.concatenate([colour, strokes[..., None] * 255], axis=-1), np.uint8)


def save(name: str, picture: NDArray[np.uint8]) -> None:
    """Write one picture; its bytes depend on nothing but its pixels."""
    from PIL import Image

    path = FOLDER / name
    options = {"quality": 82, "optimize": True} if path.suffix == ".jpg" else {"optimize": True}
    Image.fromarray(picture).save(path, **options)
    print(f"{name}: {picture.shape[1]}×{picture.shape[0]}, {path.stat().st_size:,} bytes")


def main() -> None:
    """Draw all pictures; each has a seed of its own, so changing one leaves the others as they are."""
    makers = {
        "3-photo-of-ink.jpg": photo_of_ink,
        "5-dark-drawing.png": dark_drawing,
        "4-pencil-on-rules.jpg": pencil_on_rules,
        "2-blue-marker.jpg": blue_marker,
        "8-tiny.png": tiny,
        "7-transparent.png": transparent,
    }
    for index, (name, maker) in enumerate(makers.items()):
        save(name, maker(np.random.default_rng([SEED, index])))


if __name__ == "__main__":
    main()
