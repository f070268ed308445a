"""A line of writing under what the string network saw in it, frame by frame, as one inline SVG."""

from __future__ import annotations

from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from digitry.decoding import BLANK
from digitry.explaining.markup import attribute, escaped, tag
from digitry.explaining.pictures import picture

_SCALE = 3
"""Screen pixels per pixel of the strip."""

_MARGIN, _ROW, _GAP = 10.0, 6.0, 4.0
"""Room for the row names, height of a row, and room under the strip, in pixels of the strip."""

_VISIBLE = 0.02
"""Probabilities below this are not drawn."""


def strip_chart(strip: NDArray[np.uint8], frames: NDArray[np.float32] | None, names: tuple[str, ...]) -> str:
    """The strip, uint8 (h, w), and under it a row per class, darker where that class is more probable.

    `frames`: float32 (t, 1 + classes), the blank first, t of them along the width; None shows the strip alone. `names`:
    the classes. Dashed lines part the runs of frames in which the same digit is the most probable.
    """
    height, width = strip.shape
    ink = picture(255 - strip, "", longest=max(strip.shape))
    drawn = [f'<image href="{ink.address}" x="{_MARGIN}" width="{width}" height="{height}"/>']
    total = float(height)
    words = "The ink of one line of writing"
    if frames is not None and len(frames):
        rows = [("none", BLANK), *((name, 1 + i) for i, name in enumerate(names[: frames.shape[1] - 1]))]
        spans = runs(frames)
        drawn += _heat_map(frames, rows, width, height + _GAP)
        drawn += _cuts(spans, width / len(frames), height + _GAP + len(rows) * _ROW)
        total += _GAP + len(rows) * _ROW
        seen = " ".join(names[i - 1] for _, _, i in spans)
        words += (
            f", and under it the probability of each digit along it. Most probable, left to right: {seen or 'none'}"
        )
    size = f"{(width + _MARGIN) * _SCALE:.0f}"
    return tag(
        "svg",
        "".join(drawn),
        role="img",
        viewBox=f"0 0 {width + _MARGIN:g} {total:g}",
        width=size,
        aria_label=words,
    )


def runs(frames: NDArray[np.float32]) -> list[tuple[int, int, int]]:
    """First frame, last frame and column of every run in which the same digit is the most probable; blanks left out."""
    found, start = [], 0
    for column, run in groupby(frames.argmax(axis=1).tolist()):
        length = len(list(run))
        if column != BLANK:
            found.append((start, start + length - 1, int(column)))
        start += length
    return found


def _heat_map(frames: NDArray[np.float32], rows: list[tuple[str, int]], width: int, top: float) -> list[str]:
    step = width / len(frames)
    drawn = []
    for row, (name, column) in enumerate(rows):
        y = top + row * _ROW
        drawn.append(f'<rect class="track" x="{_MARGIN}" y="{y:g}" width="{width}" height="{_ROW - 0.6:g}"/>')
        drawn.append(f'<text x="{_MARGIN - 1.5}" y="{y + 4.4:g}">{escaped(name if column else "–")}</text>')
        for frame in np.flatnonzero(frames[:, column] >= _VISIBLE).tolist():
            opacity = attribute(f"{float(frames[frame, column]):.2f}")
            kind = "blank" if column == BLANK else "seen"
            x = _MARGIN + frame * step
            drawn.append(
                f'<rect class="{kind}" x="{x:.2f}" y="{y:g}" width="{step + 0.05:.2f}" height="{_ROW - 0.6:g}" '
                f'opacity="{opacity}"/>'
            )
    return drawn


def _cuts(spans: list[tuple[int, int, int]], step: float, bottom: float) -> list[str]:
    """A dashed line between two neighbouring digits, halfway."""
    middles = [(one[1] + other[0] + 1) / 2 for one, other in pairwise(spans)]
    return [
        f'<line x1="{_MARGIN + m * step:.2f}" x2="{_MARGIN + m * step:.2f}" y1="0" y2="{bottom:g}"/>' for m in middles
    ]
