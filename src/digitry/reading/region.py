"""Read a part of a page on its own, with boxes on the whole page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from digitry.errors import DataError
from digitry.reading.boxes import move_boxes
from digitry.types import Box, Reading


def read_region(grey: NDArray[np.uint8], region: Box | None, read: Callable[[NDArray[np.uint8]], Reading]) -> Reading:
    """Read the part of a grey page, uint8 (h, w), in a region, x, y, width, height in pixels; None for the whole page.

    Raises DataError if the region lies outside the page.
    """
    if region is None:
        return read(grey)
    left, top, width, height = part_of_page(grey.shape, region)
    reading = read(np.ascontiguousarray(grey[top : top + height, left : left + width]))
    moved = move_boxes(reading, lambda box: (box[0] + left, box[1] + top, box[2], box[3]))
    return replace(moved, stages={**moved.stages, "grey": grey})


def part_of_page(shape: tuple[int, ...], region: Box) -> Box:
    """Clip a region to a page (h, w). Raises DataError if it lies outside the page."""
    x, y, width, height = region
    high, wide = shape[:2]
    if x >= wide or y >= high:
        said = ",".join(map(str, region))
        raise DataError(f"the region {said} is outside the page, which has {wide}×{high} pixels")
    return x, y, min(width, wide - x), min(height, high - y)
