"""A line of writing above what the network for numbers saw in it, frame by frame, as one inline SVG."""

from __future__ import annotations

from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from digitry.networks.decoding import BLANK_COLUMN
from digitry.pages.templates import render
from digitry.types import TEN_DIGITS
from digitry.visualization.stage_pictures import picture_of_pixels

_SCALE = 3
"""Screen pixels per pixel of the strip."""

_MARGIN, _ROW, _GAP = 10.0, 6.0, 4.0
"""Width of the row names, height of a row, and gap below the strip, in pixels of the strip."""

_VISIBLE = 0.02
"""Probabilities below this are not drawn."""


def strip_chart(strip: NDArray[np.uint8], frames: NDArray[np.float32] | None) -> str:
    """Draw the strip, uint8 (h, w), and below it a row per digit, darker where that digit is more probable.

    `frames`: float32 (t, 11), the blank first, t of them along the width; None shows the strip alone. Dashed lines
    separate the runs of frames in which the same digit is the most probable.
    """
    height, width = strip.shape
    rows, cuts, step = [], [], 0.0
    words = "The ink of one line of writing"
    if frames is not None and len(frames):
        step, spans = width / len(frames), runs(frames)
        classes = [("–", BLANK_COLUMN), *((name, 1 + i) for i, name in enumerate(TEN_DIGITS))]
        rows = [
            {
                "name": name,
                "kind": "blank" if column == BLANK_COLUMN else "seen",
                "y": height + _GAP + index * _ROW,
                "cells": [
                    (_MARGIN + at * step, frames[at, column]) for at in np.flatnonzero(frames[:, column] >= _VISIBLE)
                ],
            }
            for index, (name, column) in enumerate(classes)
        ]
        # Halfway between two neighbouring digits.
        cuts = [_MARGIN + step * (one[1] + other[0] + 1) / 2 for one, other in pairwise(spans)]
        seen = " ".join(TEN_DIGITS[i - 1] for _, _, i in spans)
        words += (
            f", and under it the probability of each digit along it. Most probable, left to right: {seen or 'none'}"
        )
    return render(
        "visualization/strip.svg.j2",
        ink=picture_of_pixels(255 - strip, "", longest=max(strip.shape)),
        ink_width=width,
        ink_height=height,
        left=_MARGIN,
        width=width + _MARGIN,
        height=height + (_GAP + len(rows) * _ROW if rows else 0),
        screen_width=(width + _MARGIN) * _SCALE,
        words=words,
        rows=rows,
        row_height=_ROW - 0.6,
        cell_width=step + 0.05,
        cuts=cuts,
    )


def runs(frames: NDArray[np.float32]) -> list[tuple[int, int, int]]:
    """Return the first frame, last frame and column of every run with the same most probable digit; blanks left out."""
    found, start = [], 0
    for column, run in groupby(frames.argmax(axis=1).tolist()):
        length = len(list(run))
        if column != BLANK_COLUMN:
            found.append((start, start + length - 1, int(column)))
        start += length
    return found
