"""Print: text in the typefaces that the dependencies include (DejaVu, STIX, Computer Modern, Aileron)."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_UNUSABLE = ("STIXNonUni", "STIXSiz", "cmex", "cmmi", "cmsy", "LastResort", "Display")
"""Fonts to skip: mostly ones with mathematical signs only."""


class Print(NamedTuple):
    """A typeset line."""

    ink: NDArray[np.uint8]
    """uint8 (h, w)."""
    boxes: NDArray[np.float64]
    """Left, top, width, height of each character's ink in pixels, float (n, 4); a space has no width."""
    height: float
    """Of a digit, in pixels."""


@cache
def typefaces() -> tuple[str, ...]:
    """Return the paths of the available typefaces, in a fixed order; an empty path is Pillow's own."""
    spec = find_spec("matplotlib")
    found: list[str] = [""]
    if spec and spec.origin:
        folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
        found += sorted(str(p) for p in folder.glob("*.ttf") if not any(name in p.name for name in _UNUSABLE))
    return tuple(found)


@cache
def _font(path: str, size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)


@cache
def _character_box(font: Any, character: str) -> tuple[float, float, float, float]:
    box: tuple[float, float, float, float] = font.getbbox(character)
    return box


def set_line(text: str, path: str, height: float) -> Print:
    """Typeset a line in a typeface of `typefaces()` so that its digits are `height` pixels high."""
    from PIL import Image, ImageDraw

    _, top, _, bottom = _character_box(_font(path, 100), "0")
    font = _font(path, max(4, round(100 * height / max(bottom - top, 1))))
    left, top, right, bottom = font.getbbox(text)
    picture = Image.new("L", (max(1, int(right - left) + 2), max(1, int(bottom - top) + 2)))
    ImageDraw.Draw(picture).text((1 - left, 1 - top), text, fill=255, font=font)
    boxes = np.zeros((len(text), 4))
    for place, character in enumerate(text):
        if character != " ":
            a, b, c, d = _character_box(font, character)
            x = font.getlength(text[:place]) + 1 - left
            boxes[place] = x + a, b + 1 - top, c - a, d - b
    _, top, _, bottom = _character_box(font, "0")
    return Print(np.asarray(picture, np.uint8), boxes, float(bottom - top))
