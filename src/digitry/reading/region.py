"""A part of a page, read for itself; its boxes are those of the whole page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from digitry.errors import DataError
from digitry.reading.boxes import move_boxes
from digitry.types import Box, Reading


def read_region(grey: NDArray[np.uint8], region: Box | None, read: Callable[[NDArray[np.uint8]], Reading]) -> Reading:
    """Read what a region, x, y, width, height in pixels, covers of a grey page, uint8 (h, w); None for all of it.

    Raises DataError where they share nothing.
    """
    if region is None:
        return read(grey)
    left, top, width, height = part_of_page(grey.shape, region)
    reading = read(np.ascontiguousarray(grey[top : top + height, left : left + width]))
    moved = move_boxes(reading, lambda box: (box[0] + left, box[1] + top, box[2], box[3]))
    return replace(moved, stages={**moved.stages, "grey": grey})


def part_of_page(shape: tuple[int, ...], region: Box) -> Box:
    """Return the part of a page (h, w) that a region covers. Raises DataError where they share nothing."""
    x, y, width, height = region
    high, wide = shape[:2]
    if x >= wide or y >= high:
        said = ",".join(map(str, region))
        raise DataError(f"the region {said} lies outside of the page, which has {wide}×{high} pixels")
    return x, y, min(width, wide - x), min(height, high - y)
