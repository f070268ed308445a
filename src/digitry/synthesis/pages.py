"""Photographed windows of pages, with everything a network must learn about their characters."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.synthesis.close_marks import crowd
from digitry.synthesis.corrections import correct
from digitry.synthesis.handled import handled
from digitry.synthesis.hands import Glyphs
from digitry.synthesis.layouts import LAYOUTS, Layouts
from digitry.synthesis.marginalia import clutter
from digitry.synthesis.paper import light_on_paper, security_print, soft_patches
from digitry.synthesis.sheet import NO_NEIGHBOUR, Character, Sheet, is_digit

SIDE = 384
"""Largest side of a window, in pixels."""

MARGIN = 40
"""Pixels drawn around a window, so that it can be rotated slightly."""

SIZES, FAR_SIZES, FAR_SHARE = (9.0, 42.0), (7.0, 170.0), 0.33
"""Range of digit heights in a window, in pixels: a page is read at several sizes, each half the one before.

In a share of the windows, digits may also be too small or too large to be read at this size."""

FAINTEST = 9
"""Least contrast of a character, in grey levels; fainter ones count neither as present nor as absent."""

TURNED_SHARE = 0.2
"""Share of the windows that lie on their side or upside down."""

CROPPED_SHARE, TIGHT_SHARE = 0.13, 0.3
"""Share of windows that are small pictures, cropped around a number; share of their sides that touch its ink."""


class PhotographedPage(NamedTuple):
    """A photographed window."""

    grey: NDArray[np.uint8]
    """uint8 (h, w), at most SIDE each."""
    characters: list[Character]
    """Those whose centre lies within it, linked by their indices in this list."""
    turn: int
    """Clockwise quarter turns, 0 to 3, that make it upright."""


def made_page(
    glyphs: Glyphs, rng: np.random.Generator, *, layouts: Layouts = LAYOUTS, marred: bool = False
) -> PhotographedPage:
    """Draw and photograph a window of a random page; `layouts` are the possible layouts with their shares.

    The same generator state gives the same page. With `marred`, used only in training, some pages have corrections,
    close marks, folds, punch holes, a thumb or a shadow.
    """
    size = float(np.exp(rng.uniform(*np.log(FAR_SIZES if rng.random() < FAR_SHARE else SIZES))))
    sheet = Sheet(SIDE + 2 * MARGIN, glyphs, rng)
    layout = layouts[int(rng.choice(len(layouts), p=np.array([share for _, share in layouts])))][0]
    layout(sheet, size)
    clutter(sheet, size)
    if marred:
        correct(sheet)
        crowd(sheet)
    matrix = _view(sheet.side, rng)
    page = cv2.warpAffine(_inked(sheet, size, rng), matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    shown = np.ones((SIDE, SIDE), bool)
    share = rng.random()
    if share < 0.15:
        page, shown = _beyond_the_edge(np.asarray(page, np.float32), rng)
    elif share < 0.2:  # background without paper
        page, shown = _ground(SIDE, SIDE, rng), np.zeros((SIDE, SIDE), bool)
    if marred:
        page, seen = handled(np.asarray(page, np.float32), size, rng)
        shown &= seen
    grey = _photograph(np.asarray(page, np.float32), size, rng)
    turn = int(rng.integers(1, 4)) if rng.random() < TURNED_SHARE else 0
    characters = _within(sheet.characters, (SIDE, SIDE), matrix)
    if rng.random() < CROPPED_SHARE:
        left, top, right, bottom = _cut(characters, size, rng)
        grey, shown = grey[top:bottom, left:right], shown[top:bottom, left:right]
        characters = _within(characters, grey.shape, np.array([[1.0, 0.0, -left], [0.0, 1.0, -top]]))
    for one in characters:
        one.visible = bool(shown[int(one.y), int(one.x)]) and is_visible(grey, one)
    return PhotographedPage(
        np.ascontiguousarray(np.rot90(grey, turn)), turned_characters(characters, grey.shape, turn), turn
    )


def _cut(characters: list[Character], size: float, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of a part of the window: around a number, or anywhere if there is none."""
    starts = [one for one in characters if one.before == NO_NEIGHBOUR and is_digit(one)]
    if not starts:
        left, top = rng.integers(0, SIDE - 48, 2).tolist()
        wide, high = rng.integers(48, SIDE, 2).tolist()
        return left, top, min(SIDE, left + wide), min(SIDE, top + high)
    chain = [starts[rng.integers(len(starts))]]
    while chain[-1].after != NO_NEIGHBOUR:
        chain.append(characters[chain[-1].after])
    margins = np.where(rng.random(4) < TIGHT_SHARE, 0.0, rng.uniform(0, 1.2, 4)) * size
    left = min(one.x - one.width / 2 for one in chain) - margins[0]
    top = min(one.y - one.height / 2 for one in chain) - margins[1]
    right = max(one.x + one.width / 2 for one in chain) + margins[2]
    bottom = max(one.y + one.height / 2 for one in chain) + margins[3]
    x, y = int(np.clip(left, 0, SIDE - 24)), int(np.clip(top, 0, SIDE - 24))
    return x, y, int(np.clip(right + 1, x + 24, SIDE)), int(np.clip(bottom + 1, y + 24, SIDE))


def _view(side: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a random camera view of the sheet, an affine matrix: slightly rotated, sometimes more, and centred."""
    angle = rng.normal(0, 2.0) if rng.random() < 0.85 else rng.uniform(-14, 14)
    matrix = np.asarray(cv2.getRotationMatrix2D((side / 2, side / 2), angle, 1.0), np.float64)
    matrix[:, 2] -= (side - SIDE) / 2
    if rng.random() < 0.3:
        matrix[0, :2] += matrix[1, :2] * rng.normal(0, 0.05)
    return matrix


def _inked(sheet: Sheet, size: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the sheet's reflectance: 1 is its paper, 0 is black."""
    depth = float(rng.uniform(0.1, 0.55) if rng.random() < 0.35 else rng.uniform(0.45, 0.95))
    ink, rules, printed = (layer * np.float32(1 / 255) for layer in (sheet.written, sheet.rules, sheet.printed))
    if rng.random() < 0.3:  # varying pressure, and a pen running dry
        ink = ink * (
            1 - rng.uniform(0.1, 0.45) * soft_patches(sheet.side, sheet.side, size * rng.uniform(0.2, 1.5), rng)
        )
    page = 1 - np.float32(depth) * ink
    page *= 1 - np.float32(rng.uniform(0.1, 1.0) * min(1, depth * 1.3)) * rules
    page *= 1 - np.float32(rng.uniform(0.25, 0.95)) * printed
    if rng.random() < 0.2:
        page *= 1 - np.float32(rng.uniform(0.05, 0.6) * depth) * security_print(
            sheet.side, sheet.side, size * rng.uniform(0.06, 0.2), rng
        )
    if rng.random() < 0.1:  # the other side of the sheet shines through
        behind = np.fliplr(np.maximum(printed, ink) if rng.random() < 0.5 else printed)
        page *= 1 - np.float32(rng.uniform(0.03, 0.25)) * cv2.GaussianBlur(behind, (0, 0), rng.uniform(0.6, 2.5))
    for left, top, right, bottom in sheet.reversed:
        band = page[max(top, 0) : bottom, left:right]
        band[:] = rng.uniform(0.15, 0.6) + (1 - band) * rng.uniform(0.4, 0.9)
    if rng.random() < 0.06:  # a marker over part of it
        x, y = rng.uniform(0, sheet.side, 2).astype(int)
        page[y : y + int(size * 1.3), x : x + int(size * rng.uniform(2, 9))] *= np.float32(rng.uniform(0.6, 0.9))
    return page


def _photograph(page: NDArray[np.float32], size: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Add paper, light, lens and file: float32 (h, w), 1 for paper → uint8 (h, w)."""
    height, width = page.shape
    page = np.asarray(page * np.float32(rng.uniform(110, 252)) * light_on_paper(height, width, rng), np.float32)
    if rng.random() < 0.15:  # a second shadow
        page *= light_on_paper(height, width, rng)
    if rng.random() < 0.4:
        page += np.float32(rng.uniform(1, 10)) * (
            soft_patches(height, width, rng.uniform(1.5, 5), rng) - np.float32(0.5)
        )
    if rng.random() < 0.2:  # from a smaller picture
        factor = rng.uniform(0.45, 0.9)
        small = cv2.resize(page, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        page = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    elif rng.random() < 0.5:
        page = np.asarray(cv2.GaussianBlur(page, (0, 0), rng.uniform(0.3, 0.035 * size + 0.4)), np.float32)
    if rng.random() < 0.6:
        page += rng.standard_normal(page.shape, np.float32) * np.float32(rng.uniform(0.5, 7))
    if rng.random() < 0.12:
        page = 255 - page
    grey = np.clip(page, 0, 255).astype(np.uint8)
    if rng.random() < 0.07:  # a scan in black and white
        grey = np.asarray(
            cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 41, 12), np.uint8
        )
    if rng.random() < 0.4:
        _, file = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 95))])
        grey = np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8)
    return grey


def _beyond_the_edge(
    page: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the page with its paper ending within the picture, a table beyond, and a mask of that table."""
    height, width = page.shape
    angle = rng.choice([0, 0.5, 1, 1.5]) * np.pi + rng.normal(0, 0.1)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    side = np.float32(np.cos(angle)) * (x - width / 2) + np.float32(np.sin(angle)) * (y - height / 2)
    beyond = side > rng.uniform(0.25, 0.48) * width
    ground = _ground(height, width, rng)
    return np.where(beyond, ground, page).astype(np.float32), ~beyond


def _ground(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a background for paper: grained, mottled, striped like wood or cloth, or plain."""
    ground = np.full((height, width), rng.uniform(0.05, 1.1), np.float32)
    for _ in range(int(rng.integers(0, 4))):
        grain = float(np.exp(rng.uniform(np.log(1.5), np.log(80))))
        long = float(np.exp(rng.uniform(0, np.log(12)))) if rng.random() < 0.4 else 1.0
        mottled = soft_patches(round(height / long) + 1, width, grain, rng)
        ground += np.float32(rng.uniform(0.05, 0.5)) * (cv2.resize(mottled, (width, height)) - np.float32(0.5))
    if rng.random() < 0.3:
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        angle, period = rng.uniform(0, np.pi), rng.uniform(3, 60)
        across = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
        across += np.float32(rng.uniform(0, 3 * period)) * soft_patches(height, width, period * rng.uniform(1, 6), rng)
        ground += np.float32(rng.uniform(0.05, 0.3)) * np.sin(across * np.float32(2 * np.pi / period), dtype=np.float32)
    return np.maximum(ground, np.float32(0.02))


def is_visible(grey: NDArray[np.uint8], one: Character) -> bool:
    """Tell whether enough of a character is within the window and stands out from the paper."""
    left, right = one.x - one.width / 2, one.x + one.width / 2
    top, bottom = one.y - one.height / 2, one.y + one.height / 2
    high, wide = grey.shape
    within = (min(right, wide) - max(left, 0)) * (min(bottom, high) - max(top, 0))
    if within < 0.6 * (right - left) * (bottom - top):
        return False
    part = grey[max(0, int(top) - 1) : int(bottom) + 2, max(0, int(left) - 1) : int(right) + 2]
    small = cv2.blur(part, (2, 2))
    levels = np.sort(small, axis=None)
    outer = len(levels) // 25
    return int(levels[-1 - outer]) - int(levels[outer]) >= FAINTEST


def _within(characters: list[Character], shape: tuple[int, ...], matrix: NDArray[np.float64]) -> list[Character]:
    """Map characters into the camera's view; keep and renumber those with their centre in the window (h, w)."""
    kept: dict[int, Character] = {}
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    for place, one in enumerate(characters):
        x, y = matrix @ (one.x, one.y, 1.0)
        if 0 <= x <= shape[1] - 1 and 0 <= y <= shape[0] - 1:
            width, height, size = one.width * scale, one.height * scale, one.size * scale
            kept[place] = replace(one, x=float(x), y=float(y), width=width, height=height, size=size)
    places = {place: index for index, place in enumerate(kept)}
    for one in kept.values():
        one.before, one.after = places.get(one.before, -1), places.get(one.after, -1)
    return list(kept.values())


def turned_characters(characters: list[Character], shape: tuple[int, ...], turn: int) -> list[Character]:
    """Return the characters after `turn` counterclockwise quarter turns of a picture (h, w), as by NumPy's rot90."""
    height, width = shape
    for _ in range(turn):
        for one in characters:
            one.x, one.y = one.y, width - 1 - one.x
            one.width, one.height = one.height, one.width
        height, width = width, height
    return characters
