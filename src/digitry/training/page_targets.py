"""Made pages → the training targets of the page network."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.images.contrast import even_contrast
from digitry.networks.page_answer import READABLE, STRIDE, USUAL_SIZE
from digitry.synthesis.hands import Glyphs
from digitry.synthesis.harder_layouts import HARDER_LAYOUTS
from digitry.synthesis.pages import SIDE, made_page

GRID = SIDE // STRIDE

FUZZY = 1.25
"""Characters too small or too large by up to this factor are ignored in the loss."""

COLUMNS = ("row", "column", "size", "width", "height", "right", "down", "after", "after_x", "after_y", "before",
           "before_x", "before_y", "written", "struck", "turn", "kind")  # fmt: skip
"""Columns of a character's row, in this order."""


class Example(NamedTuple):
    """One page and its targets."""

    page: NDArray[np.float32]
    """float32 (SIDE, SIDE)."""
    heat: NDArray[np.float32]
    """How near each position is to the middle of a character, float32 (GRID, GRID).

    1 there, 0 far from any, −1 where the loss ignores it.
    """
    characters: NDArray[np.float32]
    """float32 (n, COLUMNS)."""


def made_example(glyphs: Glyphs, rng: np.random.Generator) -> Example:
    """Draw a page and its targets. The same generator state gives the same example."""
    page = made_page(glyphs, rng, layouts=HARDER_LAYOUTS, marred=True)
    heat = np.zeros((GRID, GRID), np.float32)
    rows: list[list[float]] = []
    fuzzy: list[tuple[float, float, float]] = []
    for one in page.characters:
        x, y = one.x / STRIDE, one.y / STRIDE
        small, large = one.size / READABLE[0], one.size / READABLE[1]
        if not one.visible or 1 / FUZZY < small < 1 or 1 < large < FUZZY:
            fuzzy.append((x, y, max(one.width, one.height, 4.0) / STRIDE))
        if not one.visible or small < 1 or large > 1:
            continue
        column, row = int(x), int(y)
        _glow(heat, column, row, max(0.9, 0.13 * one.size / STRIDE))
        size = max(one.size, 1.0)
        links = []
        for place in (one.after, one.before):
            other = page.characters[place] if place >= 0 else None
            links += [1.0, (other.x - one.x) / size, (other.y - one.y) / size] if other else [0.0, 0.0, 0.0]
        wide, high = np.log(max(one.width, 1) / size), np.log(max(one.height, 1) / size)
        box = np.log(size / USUAL_SIZE), wide, high, x - column - 0.5, y - row - 0.5
        rows.append([row, column, *box, *links, one.written, one.struck, page.turn, one.kind])
    for x, y, reach in fuzzy:
        left, right = max(0, int(x - reach / 2)), int(x + reach / 2) + 1
        spots = heat[max(0, int(y - reach / 2)) : int(y + reach / 2) + 1, left:right]
        spots[spots < 0.3] = -1
    characters = np.array(rows, np.float32).reshape(-1, len(COLUMNS))
    # Around a small picture lies plain paper, as the reader pads it.
    shown = np.zeros((SIDE, SIDE), np.float32)
    shown[: page.grey.shape[0], : page.grey.shape[1]] = even_contrast(page.grey)
    return Example(shown, heat, characters)


def _glow(heat: NDArray[np.float32], column: int, row: int, spread: float) -> None:
    """Draw a soft peak of height 1 wherever it exceeds the heat."""
    reach = int(3 * spread) + 1
    x = np.arange(max(0, column - reach), min(GRID, column + reach + 1))
    y = np.arange(max(0, row - reach), min(GRID, row + reach + 1))
    peak = np.exp(-((x - column) ** 2 + (y[:, np.newaxis] - row) ** 2) / (2 * spread**2)).astype(np.float32)
    target = heat[y[0] : y[-1] + 1, x[0] : x[-1] + 1]
    np.maximum(target, peak, out=target)
