"""Pixels of any mode, data type or colour → upright grey page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.errors import DataError
from digitry.images.sniff import MAX_PIXELS, check_size
from digitry.types import IMAGE_PIXELS, IMAGE_SIDE

if TYPE_CHECKING:
    from PIL import Image

Grey = NDArray[np.uint8]
"""A grey page, uint8 (h, w): 0 is black, 255 is white."""

_ORIENTATION = 0x0112
_SMALL = 2**19
"""A picture of at most this many pixels is not worth processing in strips."""

_STRIP_PIXELS = 2**20
_SAMPLE_SIDE = 1000
_LEAST_ROWS = 20
"""A picture with fewer rows holds no legible digit."""

_TURNS: dict[int, Callable[[Any], Any]] = {
    2: lambda page: cv2.flip(page, 1),
    3: lambda page: cv2.rotate(page, cv2.ROTATE_180),
    4: lambda page: cv2.flip(page, 0),
    5: cv2.transpose,
    6: lambda page: cv2.rotate(page, cv2.ROTATE_90_CLOCKWISE),
    7: lambda page: cv2.rotate(cv2.transpose(page), cv2.ROTATE_180),
    8: lambda page: cv2.rotate(page, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
"""EXIF orientation → the function that makes the page upright."""


def grey_of_picture(picture: Image.Image) -> Grey:
    """Return the upright grey page of a Pillow image: EXIF orientation, alpha, palette, 16-bit, float, CMYK, 1-bit."""
    picture.load()
    mode = picture.mode
    if mode in ("F", "I") or mode.startswith("I;16"):
        page = _to_eight_bit(_array_of(picture))
    elif mode in ("LA", "PA", "La", "RGBA", "RGBa") or "transparency" in picture.info:
        page = _grey_of_mode(picture, "RGBA")
    elif mode in ("1", "L"):
        page = _array_of(picture if mode == "L" else picture.convert("L"))
    elif mode == "LAB":
        page = _array_of(picture.getchannel(0))
    else:
        page = _grey_of_mode(picture, "RGB")
    turn = _TURNS.get(_orientation(picture))
    return page if turn is None else np.asarray(turn(page), np.uint8)


def grey_of_array(array: NDArray[Any], *, max_pixels: int = MAX_PIXELS) -> Grey:
    """Convert an array to a grey page: (h, w), (784,), or with 1 to 4 channels last (grey, grey + alpha, RGB, RGBA).

    Leading axes of length 1 are dropped. Booleans, integers of 8 to 16 bits, and floats from 0 to 1, -1 to 1 or 0 to
    255 are distinguished by their range. Raises DataError for any other shape, for several pictures in one array, and
    for values that are not numbers.
    """
    array = np.asarray(array)
    shape = array.shape
    if array.dtype.kind not in "buif":
        raise DataError(f"a picture array must hold numbers, not {array.dtype}")
    while array.ndim > 2 and array.shape[0] == 1:
        array = array[0]
    if array.size == IMAGE_PIXELS and array.ndim <= 2 and IMAGE_PIXELS in shape:
        array = array.reshape(IMAGE_SIDE, IMAGE_SIDE)
    if not array.size or array.ndim < 2:
        raise DataError(
            f"a picture array must be (height, width), ({IMAGE_PIXELS},) or have 1 to 4 channels last, not {shape}"
        )
    if array.ndim > 3 or (array.ndim == 3 and array.shape[2] > 4):
        raise DataError(_several(shape))
    check_size((array.shape[1], array.shape[0]), max_pixels)
    if array.ndim == 2 and _is_flat_batch(array):
        raise DataError(_several(shape))
    return grey_of_bytes(_to_eight_bit(array))


def grey_of_bytes(pixels: NDArray[np.uint8]) -> Grey:
    """Convert 8-bit pixels, uint8 (h, w) or with 1 to 4 channels: grey, grey + alpha, RGB, RGBA, to a grey page."""
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return np.ascontiguousarray(pixels.reshape(pixels.shape[:2]))
    if pixels.shape[2] == 2:
        pixels = pixels[..., [0, 0, 0, 1]]
    if pixels.shape[2] == 4 and pixels[..., 3].min() == 255:
        pixels = pixels[..., :3]
    height, width = pixels.shape[:2]
    step = max(1, -(-max(height, width) // _SAMPLE_SIDE))
    return _grey_of_colour((width, height), pixels[::step, ::step], _array_strips(pixels))


def _several(shape: tuple[int, ...]) -> str:
    return (
        f"an array {shape} holds several pictures or none, one is read: give (height, width) or 1 to 4 channels last, "
        f"a list of pictures, or canonical digits, uint8 (n, {IMAGE_SIDE}, {IMAGE_SIDE}), to Reader.read_digits"
    )


def _is_flat_batch(array: NDArray[Any]) -> bool:
    """Tell whether (n, 784) is n flattened digits rather than a picture 784 wide.

    In flattened digits, the borders of all digits fall on the same columns, blank in nearly all rows; writing on a page
    does not follow such a grid.
    """
    if array.shape[1] != IMAGE_PIXELS:
        return False
    if len(array) < _LEAST_ROWS:
        return True
    inked = (array != array[0, 0]).mean(axis=0).reshape(IMAGE_SIDE, IMAGE_SIDE)
    border = np.concatenate([inked[0], inked[-1], inked[1:-1, 0], inked[1:-1, -1]])
    return bool(border.mean() < 0.005 and inked.mean() > 0.06)


def _orientation(picture: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1, which leaves the pixels unchanged, if the metadata is unreadable."""
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # broken EXIF raises struct, key, type and many other errors; the pixels are fine
        return 1


def _grey_of_mode(picture: Image.Image, mode: str) -> Grey:
    if picture.width * picture.height <= _SMALL:
        return grey_of_bytes(np.asarray(_converted(picture, mode)))
    return _grey_of_colour(picture.size, _pillow_sample(picture, mode), _pillow_strips(picture, mode))


def _array_of(picture: Image.Image) -> NDArray[Any]:
    """Return `np.asarray(picture)` of one channel with one copy of the pixels, where Pillow would make three."""
    if picture.width * picture.height <= _SMALL:
        return np.asarray(picture)
    pixels: NDArray[Any] | None = None
    top = 0
    for strip in _pillow_strips(picture):
        if pixels is None:
            pixels = np.empty((picture.height, picture.width), strip.dtype)
        pixels[top : top + len(strip)] = strip
        top += len(strip)
    if pixels is None:
        raise DataError("the picture has no pixels")
    return pixels


def _pillow_strips(picture: Image.Image, mode: str = "") -> Iterator[NDArray[Any]]:
    """Yield the rows of a picture in strips, top to bottom, so that a large one needs no second copy."""
    rows = max(1, _STRIP_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        strip = picture.crop((0, top, picture.width, min(top + rows, picture.height)))
        yield np.asarray(_converted(strip, mode) if mode else strip)


def _pillow_sample(picture: Image.Image, mode: str) -> NDArray[np.uint8]:
    from PIL import Image

    scale = max(1.0, max(picture.size) / _SAMPLE_SIDE)
    size = (max(1, int(picture.width / scale)), max(1, int(picture.height / scale)))
    return np.asarray(_converted(picture.resize(size, Image.Resampling.NEAREST), mode))


def _converted(picture: Image.Image, mode: str) -> Image.Image:
    return (picture.convert("LA") if picture.mode == "La" else picture).convert(mode)


def _array_strips(pixels: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    rows = max(1, _STRIP_PIXELS // pixels.shape[1])
    for top in range(0, len(pixels), rows):
        yield np.ascontiguousarray(pixels[top : top + rows])


def _to_eight_bit(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Convert pixels of any data type to uint8; their range tells the scale."""
    if values.dtype == np.uint8 and values.max() > 1:
        return np.ascontiguousarray(values)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise DataError("the picture holds values that are not numbers (NaN or infinity)")
    offset, scale = _scale(values.dtype.kind, float(values.min()), float(values.max()))
    flat, page = values.ravel(), np.empty(values.size, np.uint8)
    for start in range(0, values.size, _STRIP_PIXELS):  # in strips, so that a large picture needs no large intermediate
        strip = flat[start : start + _STRIP_PIXELS].astype(np.float64)
        page[start : start + _STRIP_PIXELS] = np.clip(np.rint((strip + offset) * scale), 0, 255)
    return page.reshape(values.shape)


def _scale(kind: str, low: float, high: float) -> tuple[float, float]:
    """Return the offset to add to values from `low` to `high`, and the factor, that map them to 0 to 255."""
    if kind == "b" or (low >= 0 and high <= 1):
        return 0.0, 255.0
    if kind == "f" and low >= -1 and high <= 1:
        return 1.0, 127.5
    if low >= 0 and high <= 255 and (kind != "f" or high > 16):  # floats just above 1 are 0 to 1 with overshoot
        return 0.0, 1.0
    if low >= 0 and high <= 65535 and kind in "ui":  # scanners store 10, 12 and 14 bits in 16
        bits = next(bits for bits in (10, 12, 14, 16) if high < 2**bits)
        return 0.0, 255 / (2**bits - 1)
    return -low, 255 / (high - low or 1.0)  # an unknown scale, such as standardised floats: use the range itself


def _grey_of_colour(size: tuple[int, int], sample: NDArray[np.uint8], strips: Iterator[NDArray[np.uint8]]) -> Grey:
    """Convert RGB or RGBA strips to a grey page; a sample decides on the paper and the channel.

    Transparent parts become paper. Grey is luma, or the one channel in which coloured ink stands out far better (yellow
    on white, red on black).
    """
    width, height = size
    paper = _paper(sample) if sample.shape[2] == 4 else None
    channel = _telling_channel(_on_paper(sample, paper))
    page = np.empty((height, width), np.uint8)
    top = 0
    for strip in strips:
        colours = _on_paper(strip, paper)
        rows = page[top : top + len(strip)]
        rows[:] = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY) if channel is None else colours[..., channel]
        top += len(strip)
    return page


def _telling_channel(sample: NDArray[np.uint8]) -> int | None:
    """Return the channel in which ink stands out far better than in luma; None if there is none."""
    small = np.ascontiguousarray(sample[:: max(1, sample.shape[0] // 256), :: max(1, sample.shape[1] // 256)])
    channels = np.stack([*cv2.split(small), cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)]).reshape(4, -1)
    channels.sort(axis=1)
    last = channels.shape[1] - 1
    *spread, luma_spread = (int(row[round(0.995 * last)]) - int(row[round(0.005 * last)]) for row in channels)
    best = int(np.argmax(spread))
    return best if spread[best] > 2 * luma_spread + 8 else None


def _paper(sample: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return the paper colour, uint16 (3,), for transparent parts, which contrasts with the opaque ones."""
    colours, alpha = sample[..., :3].astype(np.float32), sample[..., 3].astype(np.float32)
    if alpha.mean() > 0.7 * 255:  # mostly opaque: only corners or edges are transparent, so the paper is drawn too
        return np.asarray(np.median(colours[alpha > 127], axis=0), np.uint16)
    drawn = float((colours.mean(axis=-1) * alpha).sum()) / max(float(alpha.sum()), 1.0)
    return np.full(3, 255 if drawn < 128 else 0, np.uint16)


def _on_paper(pixels: NDArray[np.uint8], paper: NDArray[np.uint16] | None) -> NDArray[np.uint8]:
    """Composite RGBA onto paper, as RGB; RGB is returned unchanged."""
    if paper is None:
        return pixels
    colours, alpha = pixels[..., :3], pixels[..., 3:]
    if alpha.min() == 255:
        return np.ascontiguousarray(colours)
    share = alpha.astype(np.uint16)
    return np.asarray((colours * share + paper * (255 - share) + 127) // 255, np.uint8)
