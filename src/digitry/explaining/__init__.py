"""One reading explained: every stage from picture to answer on one self-contained HTML page."""

from __future__ import annotations

from digitry.arrays import Reading
from digitry.reading import Picture, Reader


def explain_page(reader: Reader, picture: Picture, reading: Reading, *, title: str) -> str:
    """The page as HTML text: no script, no address, everything embedded.

    `reader` made `reading` from `picture`, which is what `draw_reading` takes. `title` heads the page; any text is safe.
    Stages that the reading does not keep are left out.
    """
    raise NotImplementedError
