"""Line charts of braille dots, for a terminal: each character is two dots wide and four high."""

from __future__ import annotations

import math
from collections.abc import Sequence

# Bit of each dot inside a braille character, by row then column; U+2800 is the empty one.
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


ChartRow = list[tuple[str, int]]
"""The characters of one line, each with the index of the curve last drawn in it, or -1."""


def braille_chart(series: Sequence[Sequence[float]], width: int, height: int) -> tuple[list[ChartRow], float, float]:
    """Draw several curves into one grid of characters.

    Each curve holds finite values, evenly spaced from left to right. Returns the rows, and the lowest and highest
    value, which are the bottom and top edge.
    """
    values = [value for curve in series for value in curve if math.isfinite(value)]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    span = (high - low) or 1.0
    bits = [[0] * width for _ in range(height)]
    owner = [[-1] * width for _ in range(height)]

    def dot(x: int, y: int, curve: int) -> None:
        bits[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
        owner[y // 4][x // 2] = curve

    longest = max((len(curve) for curve in series), default=0)
    for index, curve in enumerate(series):
        points = [
            (round(i / max(longest - 1, 1) * (2 * width - 1)), round((high - value) / span * (4 * height - 1)))
            for i, value in enumerate(curve)
            if math.isfinite(value)
        ]
        for (x0, y0), (x1, y1) in zip(points, points[1:] or points, strict=False):
            steps = max(abs(x1 - x0), abs(y1 - y0), 1)
            for step in range(steps + 1):
                dot(round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps), index)
    rows = [
        [(chr(0x2800 + cell), curve) for cell, curve in zip(line, owners, strict=True)]
        for line, owners in zip(bits, owner, strict=True)
    ]
    return rows, low, high
