"""Many small pictures in one image, so that a page can show thousands of them and stay small."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ACROSS = 50
"""Pictures in a row of the sheet."""

_SHADES = 16
"""Grey levels: more would be indistinguishable at this size, and take twice the bytes."""


def image_sheet(images: NDArray[np.uint8]) -> bytes:
    """Tile pictures, uint8 (n, height, width), `ACROSS` in a row, in one PNG of sixteen greys."""
    count, height, width = images.shape
    down = -(-count // ACROSS)
    filled = np.zeros((down * ACROSS, height, width), np.uint8)
    filled[:count] = np.rint(images / 255 * (_SHADES - 1)).astype(np.uint8)
    mosaic = filled.reshape(down, ACROSS, height, width).swapaxes(1, 2).reshape(down * height, ACROSS * width)
    picture = Image.fromarray(mosaic, "P")
    picture.putpalette(np.repeat(np.linspace(0, 255, _SHADES).round().astype(np.uint8), 3).tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", bits=4, optimize=True)
    return buffer.getvalue()


def place_in_sheet(index: int) -> tuple[int, int]:
    """Return the column and row of picture `index` in its sheet."""
    return index % ACROSS, index // ACROSS


def sheet_rule(png: bytes) -> str:
    """Return the CSS that makes the sheet the background of elements, each showing one picture by --x and --y."""
    address = base64.b64encode(png).decode("ascii")
    return f"background-image: url(data:image/png;base64,{address}); background-size: {100 * ACROSS}% auto"
