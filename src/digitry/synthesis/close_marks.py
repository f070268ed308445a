"""Lines, braces and strokes beside or touching numbers that are not characters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from digitry.synthesis.glyphs import curve
from digitry.synthesis.sheet import CELL, Character, Sheet, line

LINE_SHARE, FRAME_SHARE, STROKE_SHARE = 0.1, 0.06, 0.06
"""Shares of the sheets with a margin line, frames, and strokes like `|` and `\\` close to numbers."""

TOUCHING, APART = -0.06, 0.35
"""Range of the distance of lines from the ink of a number, in digit heights: from slightly inside to clearly apart."""

BRACES = {
    "{": "30,0 6,5 0,25 -4,44 -26,50 -4,56 0,75 6,95 30,100",
    "<": "30,0 -26,50 -26,50 30,100",
    "[": "30,0 30,0 0,0 0,0 0,100 0,100 30,100 30,100",
    "(": "30,0 6,20 -4,50 6,80 30,100",
}
"""Braces that people draw beside several lines: points "x,y" in hundredths of their depth and height."""

BRACE_KINDS = ("{", "{", "{", "<", "[", "(")
"""Kinds of braces, repeated in proportion to their frequency."""


def crowd(sheet: Sheet) -> None:
    """Draw lines, frames and strokes close to a few numbers on some sheets."""
    rng = sheet.rng
    ways: tuple[tuple[Callable[[Sheet, list[Character]], None], float], ...] = (
        (margin_line, LINE_SHARE), (frame, FRAME_SHARE), (stroke_beside, STROKE_SHARE),
    )  # fmt: skip
    for draw, share in ways:
        if rng.random() >= share:
            continue
        numbers = sheet.numbers()
        for place in rng.permutation(len(numbers))[: 1 if draw is margin_line else int(rng.integers(1, 5))]:
            draw(sheet, numbers[place])


def margin_line(sheet: Sheet, number: list[Character]) -> None:
    """Draw a vertical line close to one end of a number, from well above it to well below: too long for a 1."""
    rng, size = sheet.rng, number[0].size
    left, top, right, bottom = _box(number)
    gap = rng.uniform(TOUCHING, APART) * size
    x = left - gap if rng.random() < 0.7 else right + gap
    above, below = np.exp(rng.uniform(np.log(1.2), np.log(25), 2)) * size
    lean = rng.normal(0, 0.015)
    level, thick = rng.uniform(0.3, 1), max(1, round(size * rng.uniform(0.02, 0.1)))
    layer = sheet.written if rng.random() < 0.25 else sheet.rules
    line(layer, (x - lean * above, top - above), (x + lean * below, bottom + below), level, thick)


def frame(sheet: Sheet, number: list[Character]) -> None:
    """Draw a tight frame around a number, or two sides of one."""
    rng, size = sheet.rng, number[0].size
    left, top, right, bottom = np.array(_box(number)) + rng.uniform(TOUCHING, APART, 4) * size * (-1, -1, 1, 1)
    level, thick = rng.uniform(0.3, 1), max(1, round(size * rng.uniform(0.02, 0.1)))
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    start, sides = (0, 4) if rng.random() < 0.75 else (int(rng.integers(3)), 2)
    layer = sheet.written if rng.random() < 0.3 else sheet.rules
    for a, b in zip(corners[start : start + sides], corners[start + 1 : start + sides + 1], strict=True):
        line(layer, a, b, level, thick)


def stroke_beside(sheet: Sheet, number: list[Character]) -> None:
    """Draw a bar longer than a digit, or a stroke leaning back unlike any 1, after a number if there is room."""
    rng, size = sheet.rng, number[0].size
    _, top, right, bottom = _box(number)
    x = right + CELL + rng.uniform(0.2, 1.1) * size
    if rng.random() < 0.5:  # |
        path = np.array([[x, top - rng.uniform(0.3, 0.9) * size], [x, bottom + rng.uniform(0.3, 0.9) * size]])
        path[:, 0] += rng.normal(0, 0.05, 2) * size
    else:  # \
        path = np.array([[x, top - rng.uniform(0, 0.3) * size], [x + rng.uniform(0.45, 0.8) * size, bottom]])
    (left, top), (right, bottom) = path.min(axis=0), path.max(axis=0)
    if sheet.is_free(left, top, right + 0.2 * size, bottom):
        sheet.draw([path], size * rng.uniform(0.04, 0.13), level=rng.uniform(0.6, 1))
        sheet.take(left, top, right, bottom)


def draw_brace(sheet: Sheet, x: float, way: int, top: float, bottom: float, size: float) -> None:
    """Draw a brace from its open side at `x` to the right (`way` 1) or the left (−1), up to `size` pixels deep."""
    rng = sheet.rng
    points = np.array([p.split(",") for p in BRACES[str(rng.choice(BRACE_KINDS))].split()], float) / 100
    points += rng.normal(0, 0.012, points.shape)
    path = (points - (0.3, 0)) * (-way * size * rng.uniform(0.4, 1.6), bottom - top) + (x, top)
    sheet.draw([curve(path, 80)], size * rng.uniform(0.04, 0.12), level=rng.uniform(0.5, 1))
    sheet.take(path[:, 0].min(), top, path[:, 0].max(), bottom)


def _box(number: list[Character]) -> tuple[float, float, float, float]:
    """Return the left, top, right and bottom of a number's ink, in pixels."""
    return (
        min(one.x - one.width / 2 for one in number),
        min(one.y - one.height / 2 for one in number),
        max(one.x + one.width / 2 for one in number),
        max(one.y + one.height / 2 for one in number),
    )
