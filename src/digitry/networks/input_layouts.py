"""Possible layouts of an image in a network's input, by its dimensions, most likely first."""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

from digitry.types import IMAGE_PIXELS, IMAGE_SIDE

INPUT_SIDES = range(8, 513)
"""Possible sides of an input image, in pixels."""

FREE = (IMAGE_SIDE, 1, IMAGE_PIXELS, 3)
"""Possible values of a dimension that the file leaves open."""

MOST_DIMENSIONS, USUAL_DIMENSIONS = 5, (4, 2, 3)


class Layout(NamedTuple):
    """The layout of an image in a network's input."""

    shape: tuple[int, ...]
    """Of one image, without the batch dimension."""
    several: bool
    """Whether there is a batch dimension before it."""
    side: int
    colours: int
    """1, or 3 equal channels."""

    @property
    def words(self) -> str:
        """The shape as written in code."""
        return f"({', '.join(map(str, (('n',) if self.several else ()) + self.shape))})"


def layouts_of(dimensions: list[int | None]) -> list[Layout]:
    """Return the possible layouts for an input of these dimensions, None for any length; most likely first.

    No dimensions mean that the file leaves even their number open.
    """
    if not dimensions:
        return [layout for count in USUAL_DIMENSIONS for layout in layouts_of([None] * count)]
    return _layouts(dimensions[1:], several=True) or _layouts(dimensions, several=False)


def _layouts(dimensions: list[int | None], *, several: bool) -> list[Layout]:
    if not 1 <= len(dimensions) <= MOST_DIMENSIONS:
        return []
    shapes = itertools.product(*((one,) if one else FREE for one in dimensions))
    return [layout for shape in shapes if (layout := _layout(shape, several))]


def _layout(shape: tuple[int, ...], several: bool) -> Layout | None:
    core = [one for one in shape if one != 1] or [1]
    colours = 1
    if core.count(3) == 1 and 3 in (core[0], core[-1]):
        core.remove(3)
        colours = 3
    side = core[0] if len(core) == 2 else math.isqrt(core[0]) if len(core) == 1 else 0
    if side not in INPUT_SIDES or core not in ([side, side], [side * side]):
        return None
    return Layout(shape, several, side, colours)
