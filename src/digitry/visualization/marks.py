"""The marks themselves: rounded boxes, labels and notes, smooth at every size, on dark and light pictures."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Colours = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

SURE: Colours = (0, 94, 158)
"""Blue and amber are distinguishable for the colour-blind; the "?" distinguishes them without colour."""
UNSURE: Colours = (255, 183, 43)
UNSURE_LINE: Colours = (204, 112, 0)
"""Darker than the label: a thin amber line is lost on paper."""
NOTHING: Colours = (91, 103, 112)
DARK_PAINT: Colours = (31, 41, 51)
LIGHT_PAINT: Colours = (255, 255, 255)

LABEL_HEIGHT = 1.42
"""Height of a label in heights of its letters."""

_FINE = 4
"""Labels are drawn this many times larger, then shrunk."""

DASH = 3.0
"""Length of a dash in line widths."""

_SHIFT = 4
_SUBSTITUTES = str.maketrans({"×": "x", "–": "-", "—": "-", "−": "-", "≥": ">", "≤": "<", "’": "'", "→": ">"})


@lru_cache(maxsize=64)
def font(size: int) -> Any:
    """Load Pillow's default font, `size` pixels high."""
    return ImageFont.load_default(size)


def in_font(text: str) -> str:
    """Replace characters that the font lacks by lookalikes or "?", line breaks and control characters by spaces."""
    clean = "".join(c if c.isprintable() else " " for c in text.translate(_SUBSTITUTES))
    return "".join(c if c.isascii() or c in "·…“”" else "?" for c in clean)


def text_width(text: str, size: int) -> float:
    """Return the width of `text` in pixels."""
    return float(font(size).getlength(text))


def draw_box(
    page: NDArray[np.uint8], box: tuple[float, float, float, float], colour: Colours, width: float, *,
    halo: bool = True, dashed: bool = False, square: bool = False,
) -> None:  # fmt: skip
    """Draw a frame (left, top, right, bottom) on `page`, uint8 (h, w, 3), in place; with round corners unless `square`.

    The pale halo around it keeps it visible on dark pictures.
    """
    radius = 0.0 if square else min(3.0 * width, (box[2] - box[0]) / 3, (box[3] - box[1]) / 3)
    reach = 2 * width + 2
    left, top = (max(0, int(v - reach)) for v in box[:2])
    around = page[top : int(box[3] + reach) + 1, left : int(box[2] + reach) + 1]
    points = np.rint((_rounded(box, radius) - (left, top)) * 2**_SHIFT).astype(np.int32)
    if halo:
        pale = around.copy()
        cv2.polylines(pale, [points], True, LIGHT_PAINT, max(1, round(width * 1.9)), cv2.LINE_AA, _SHIFT)
        around[:] = cv2.addWeighted(pale, 0.6, around, 0.4, 0)
    drawn = around.copy()
    lines = _dashes(points, DASH * max(width, 2.0) * 2**_SHIFT) if dashed else [points]
    cv2.polylines(drawn, lines, not dashed, colour, max(1, round(width)), cv2.LINE_AA, _SHIFT)
    around[:] = drawn


def draw_stroke(page: NDArray[np.uint8], box: tuple[float, float, float, float], colour: Colours, width: float) -> None:
    """Cross out a frame, from its lower left to its upper right corner, on `page`, uint8 (h, w, 3), in place."""
    start, end = ((round(x * 2**_SHIFT), round(y * 2**_SHIFT)) for x, y in ((box[0], box[3]), (box[2], box[1])))
    for paint, wide in ((LIGHT_PAINT, width * 1.9), (colour, width)):
        cv2.line(page, start, end, paint, max(1, round(wide)), cv2.LINE_AA, _SHIFT)


def _dashes(points: NDArray[np.int32], length: float) -> list[NDArray[np.int32]]:
    """Return the dashes of a closed line through `points`, (n, 2), each about `length` long."""
    closed = np.concatenate([points, points[:1]]).astype(np.float64)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    count = max(4, 2 * round(along[-1] / length / 2))
    edges = np.linspace(0, along[-1], count + 1)
    pieces = []
    for start, end in zip(edges[0:-1:2], edges[1::2], strict=True):
        inner = along[(along > start) & (along < end)]
        at = np.concatenate([[start], inner, [end]])
        piece = np.stack([np.interp(at, along, closed[:, axis]) for axis in (0, 1)], -1)
        pieces.append(np.rint(piece).astype(np.int32))
    return pieces


def _rounded(box: tuple[float, float, float, float], radius: float) -> NDArray[np.float64]:
    left, top, right, bottom = box
    turn = np.radians(np.linspace(0, 90, 8))
    corners = [
        (right - radius, bottom - radius, 0.0),
        (left + radius, bottom - radius, 90.0),
        (left + radius, top + radius, 180.0),
        (right - radius, top + radius, 270.0),
    ]
    return np.concatenate(
        [
            np.stack([x + radius * np.cos(turn + np.radians(a)), y + radius * np.sin(turn + np.radians(a))], -1)
            for x, y, a in corners
        ]
    )


def label_size(text: str, note: str, size: int) -> tuple[int, int]:
    """Return the width and height in pixels of the label that `draw_label` draws."""
    width = text_width(text, size) + (0.45 * size + text_width(note, _note_size(size)) if note else 0)
    return round(width + 0.9 * size), round(LABEL_HEIGHT * size)


def draw_label(text: str, note: str, size: int, fill: Colours, *, struck: bool = False) -> NDArray[np.uint8]:
    """Draw a rounded label: `text` in letters of `size` pixels, struck through if `struck`, then a smaller `note`;
    uint8 (h, w, 4), RGBA.
    """
    width, height = label_size(text, note, size)
    ink = DARK_PAINT if sum(fill) > 380 else LIGHT_PAINT
    image = Image.new("RGBA", (width * _FINE, height * _FINE), (*fill, 0))
    canvas = ImageDraw.Draw(image)
    rim = max(1, round(0.06 * size)) * _FINE
    canvas.rounded_rectangle(
        (0, 0, width * _FINE - 1, height * _FINE - 1), 0.34 * height * _FINE, (*LIGHT_PAINT, 200), None, 0
    )
    canvas.rounded_rectangle(
        (rim // 2, rim // 2, width * _FINE - 1 - rim // 2, height * _FINE - 1 - rim // 2),
        0.32 * height * _FINE,
        (*fill, 255),
    )
    middle = height * _FINE / 2
    at = 0.45 * size * _FINE
    # Digits have no descenders, so they are centred by the height of a digit, not of all letters.
    canvas.text((at, middle + 0.36 * size * _FINE), text, (*ink, 255), font(size * _FINE), anchor="ls",
                stroke_width=max(1, round(0.018 * size * _FINE)))  # fmt: skip
    if struck:
        line = (at - 0.1 * size * _FINE, middle, at + (text_width(text, size) + 0.1 * size) * _FINE, middle)
        canvas.line(line, (*ink, 255), max(1, round(0.1 * size * _FINE)))
    if note:
        at += (text_width(text, size) + 0.45 * size) * _FINE
        canvas.text((at, middle + 0.36 * size * _FINE), note, (*ink, 255), font(_note_size(size) * _FINE), anchor="ls")
    return np.asarray(image.resize((width, height), Image.Resampling.BOX))


def _note_size(size: int) -> int:
    return max(10, round(0.68 * size))


def note(text: str, width: int, size: int, stripe: Colours) -> NDArray[np.uint8]:
    """Draw a strip of `width` pixels with `text` wrapped in it, to go below a picture; uint8 (h, width, 3)."""
    pad = round(0.7 * size)
    lines = wrapped(text, width - 3 * pad, size)
    step = round(1.35 * size)
    strip = Image.new("RGB", (width, len(lines) * step + round(1.1 * pad)), (250, 250, 248))
    canvas = ImageDraw.Draw(strip)
    canvas.rectangle((0, 0, max(3, round(0.35 * size)), strip.height), stripe)
    for row, line in enumerate(lines):
        canvas.text((1.6 * pad, 0.55 * pad + (row + 0.78) * step), line, DARK_PAINT, font(size), anchor="ls")
    return np.asarray(strip)


def wrapped(text: str, width: float, size: int) -> list[str]:
    """Break `text` into lines of at most `width` pixels; a wider word is truncated with "…"."""
    lines: list[str] = []
    for word in text.split():
        while text_width(word, size) > width and len(word) > 2:
            word = f"{word.rstrip('…')[:-1]}…"
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def paste(page: NDArray[np.uint8], mark: NDArray[np.uint8], left: int, top: int) -> None:
    """Paste a mark, RGBA, onto `page`, RGB, in place; what lies beyond the page is clipped."""
    y0, x0 = max(0, -top), max(0, -left)
    y1, x1 = min(mark.shape[0], page.shape[0] - top), min(mark.shape[1], page.shape[1] - left)
    if y1 <= y0 or x1 <= x0:
        return
    mark = mark[y0:y1, x0:x1]
    under = page[top + y0 : top + y1, left + x0 : left + x1]
    share = mark[..., 3:].astype(np.float32) / 255
    under[:] = np.rint(mark[..., :3] * share + under * (1 - share)).astype(np.uint8)
