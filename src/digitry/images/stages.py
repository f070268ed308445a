"""Grey page → canonical digit in one call, keeping every stage in between."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.canonical import canonical
from digitry.images.ink import find_ink, shrink
from digitry.images.margin import paper_around
from digitry.images.panel import Panel, find_panel, whole_page
from digitry.images.segment import find_digit
from digitry.images.strokes import stroke_mask
from digitry.types import Box

MIN_SIDE = 5
"""Least height of a page, and of a legible digit in page pixels."""

SLIMMEST = 8.0
"""Largest ratio of height to width of a 1, and thus of a page narrower than `MIN_SIDE`."""

MIN_SMOOTHNESS = 0.35
"""Least correlation of a canonical digit with itself shifted by a pixel: neighbours agree in a digit, not in noise."""

MAX_HOLES = 8
"""Most patches of paper that a digit encloses: usually one or two, a few more if scribbled; noise has many."""

BLANK = "the picture is blank: nothing stands out from the paper"
"""The reason if there is no ink at all."""

TEXTURE = "there is texture or noise, but no stroke large enough to be a digit"
SPECKS = "there are specks, but no stroke large enough to be a digit"
NOISE = "there is noise, but no clear stroke"
"""The reasons if there is some ink."""

HOLE_LEVEL, _HOLE_SIDE = 128, 64


class Stages(NamedTuple):
    """The stages of a page. If there is no digit, `canonical` is None and `reason` says why."""

    ink: NDArray[np.uint8] | None
    crop: NDArray[np.uint8] | None
    canonical: NDArray[np.uint8] | None
    box: Box
    """Of the digit, in pixels of the grey page."""
    rivals: int
    reason: str | None


def canonical_stages(grey: NDArray[np.uint8]) -> Stages:
    """Find the one digit on a grey page (h, w) and convert it to canonical form."""
    if is_too_small(grey.shape):
        return too_small(grey.shape)
    close = paper_around(grey)
    if close is not None:
        page, margin = close
        found = _without_margin(_read_panel(whole_page(page)), margin, grey.shape)
        if found.canonical is not None:
            return found
    panel = find_panel(grey)
    found = _read_panel(panel)
    if found.canonical is None and panel.grey is not grey:
        found = _read_panel(whole_page(grey))
    return found


def _without_margin(found: Stages, margin: int, shape: tuple[int, ...]) -> Stages:
    """Map what was found with paper around a picture back to the picture, of this shape."""
    height, width = shape
    if found.ink is not None:
        scale = (height + 2 * margin) / found.ink.shape[0]
        top, bottom = round(margin / scale), round((margin + height) / scale)
        left, right = round(margin / scale), round((margin + width) / scale)
        found = found._replace(ink=found.ink[top:bottom, left:right])
    if found.canonical is None:
        return found
    x, y, wide, tall = found.box
    left, top = max(x - margin, 0), max(y - margin, 0)
    return found._replace(box=(left, top, min(x - margin + wide, width) - left, min(y - margin + tall, height) - top))


def _read_panel(panel: Panel) -> Stages:
    left, top, width, height = panel.box
    page = find_ink(panel.grey)
    found = ink_stages(page.ink, page.scale, (height, width))
    if found.canonical is None:
        return found
    x, y, wide, tall = found.box
    return found._replace(box=(left + x, top + y, wide, tall))


def ink_stages(ink: NDArray[np.uint8], scale: float, shape: tuple[int, ...], *, ruled: bool = True) -> Stages:
    """Return the stages of the one digit on an ink page, shrunk by `scale` from `shape`; `ruled` as in `find_digit`."""
    if not ink.any():
        return _nothing(BLANK, ink)
    crop = find_digit(ink, ruled=ruled)
    if crop is None:
        return _nothing(TEXTURE, ink)
    if max(crop.box[2:]) < MIN_SIDE:
        return _nothing(SPECKS, ink)
    digit = canonical(crop.ink)
    if smoothness(digit) < MIN_SMOOTHNESS or hole_count(crop.ink) > MAX_HOLES:
        return _nothing(NOISE, ink)
    return Stages(ink, crop.ink, digit, _scaled(crop.box, scale, shape), crop.rivals, None)


def smoothness(digit: NDArray[np.uint8]) -> float:
    """Return the mean correlation of an image with itself shifted by one pixel, right and down: about 0 for noise."""
    values = digit.astype(np.float32) - float(digit.mean())
    energy = float((values**2).sum()) or 1.0
    return float((values[:, 1:] * values[:, :-1]).sum() + (values[1:] * values[:-1]).sum()) / (2 * energy)


def hole_count(ink: NDArray[np.uint8]) -> int:
    """Return the number of patches of paper enclosed by ink (h, w), ignoring pinholes in a large crop's strokes."""
    paper = 255 - stroke_mask(shrink(ink, _HOLE_SIDE)[0], HOLE_LEVEL)
    count, _ = cv2.connectedComponents(
        cv2.copyMakeBorder(paper, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=255), connectivity=4
    )
    return count - 2  # neither the ink nor the paper around it


def is_too_small(shape: tuple[int, ...]) -> bool:
    """Tell whether a page of this shape is too small for any digit; a narrow one has room for a 1."""
    height, width = shape[:2]
    return height < MIN_SIDE or (width < MIN_SIDE and height > SLIMMEST * width)


def too_small(shape: tuple[int, ...]) -> Stages:
    """Return the stages for a picture that is too small."""
    return _nothing(f"a picture of {shape[1]}×{shape[0]} pixels is too small to hold a digit")


def _nothing(reason: str, ink: NDArray[np.uint8] | None = None) -> Stages:
    return Stages(ink, None, None, (0, 0, 0, 0), 0, reason)


def _scaled(box: Box, scale: float, shape: tuple[int, ...]) -> Box:
    x, y, width, height = box
    left, top = int(x * scale), int(y * scale)
    right, bottom = min(shape[1], round((x + width) * scale)), min(shape[0], round((y + height) * scale))
    return left, top, right - left, bottom - top
