"""The levelled ink of a page, and where it lies on the page."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.images.ink import InkPage
from digitry.images.slope import Levelling
from digitry.types import Box


class InkSheet(NamedTuple):
    """The ink of a page, or of a panel on it, turned so that the writing is level."""

    page: InkPage
    ink: NDArray[np.uint8]
    turn: Levelling
    left: int
    top: int
    """Position of the panel's top left corner on the page."""

    def box_on_page(self, box: Box) -> Box:
        """Map a box on the turned ink to pixels of the grey page."""
        x, y, width, height = self.turn.back(box)
        scale = self.page.scale
        left, top = max(round(x * scale), 0), max(round(y * scale), 0)
        right, bottom = round((x + width) * scale), round((y + height) * scale)
        return self.left + left, self.top + top, max(1, right - left), max(1, bottom - top)
