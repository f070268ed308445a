"""A reading drawn onto its picture: boxes, labels, and why the reader was not sure."""

from __future__ import annotations

from digitry.arrays import Reading
from digitry.reading import Picture


def draw_reading(picture: Picture, reading: Reading) -> bytes:
    """The picture with its boxes and readings on it, as PNG bytes.

    `picture` is what was given to the Reader (a path, file bytes, an array, a Pillow image), or the upright page itself,
    uint8 (h, w) or (h, w, 3) RGB. None takes the grey page that the reading keeps. Raises DataError without either.
    """
    raise NotImplementedError
