"""The strokes of two Hershey fonts: letters and signs, without the digits."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CAPITAL = 21
"""Height in units of the capitals, and of the digits in the original fonts."""

FEET = {".": 0, ",": 4, "-": -9, "/": 7, ":": 0, "%": 0, "$": 4}
"""Sign of the face `roman` → units from the digits' baseline down to its lowest point."""


@cache
def fonts() -> dict[tuple[str, str], list[NDArray[np.float64]]]:
    """Load (face, sign) → strokes of points (n, 2), y downwards, each sign in the corner of its own box."""
    found = {}
    for line in Path(__file__).with_name("hershey.txt").read_text().splitlines():
        if line.startswith("# "):
            continue
        face, sign, strokes = line.split(" ", 2)
        found[face, sign] = [
            np.array([[float(v) for v in point.split(",")] for point in stroke.split()])
            for stroke in strokes.split("; ")
        ]
    return found
