"""Any picture (file, bytes, array, Pillow image) → upright grey page."""

from __future__ import annotations

import contextlib
import io
import stat
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.console import native_stderr_muted
from digitry.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
"""What is read; no other parser ever sees a byte, whatever the file's name says."""

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".dib", ".webp", ".gif"})
"""File name endings of these formats, lower case: what counts as a picture in a folder."""

MAX_PIXELS = 64_000_000
"""Largest picture read on the command line, in pixels."""

MAX_BYTES = 512 * 2**20

_ORIENTATION = 0x0112
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

Grey = NDArray[np.uint8]
"""A grey page, uint8 (h, w): 0 is black, 255 is white."""


def decode_file(path: Path, *, max_pixels: int = MAX_PIXELS) -> Grey:
    """The grey page of a picture file; DataError, without the path, for anything that is not a readable picture."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DataError("not a file; give the path of a picture")
        if status.st_size > MAX_BYTES:
            raise DataError(f"the file has {status.st_size} bytes, at most {MAX_BYTES} are read; make it smaller")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DataError(f"cannot be read: {reason}") from error
    return decode(data, max_pixels=max_pixels)


def decode(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Grey:
    """The grey page of a picture's bytes. Its size is checked before any pixel is decoded.

    Raises DataError for an empty, foreign, broken, cut or too large picture.
    """
    if not data:
        raise DataError("the file is empty")
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings(), _quiet_tiff(data):
        warnings.simplefilter("ignore")  # Pillow speaks of odd metadata there; what matters raises
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                _check_size(picture.size, max_pixels)
                return grey_of_picture(picture)
        except DataError:
            raise
        except UnidentifiedImageError as error:
            raise DataError(f"not a picture of a known format ({', '.join(FORMATS)})") from error
        except Image.DecompressionBombError as error:
            raise DataError(_too_large("more than twice as many", max_pixels)) from error
        except MemoryError as error:
            raise DataError("the picture does not fit in memory; make it smaller") from error
        except Exception as error:  # decoders raise struct, zlib, index, key and many more errors on broken files
            raise DataError("the picture is broken or cut short; save or copy it again") from error


def grey_of_picture(picture: Image.Image) -> Grey:
    """The upright grey page of a Pillow image: EXIF orientation, alpha, palette, 16-bit, float, CMYK, 1-bit."""
    from PIL import ImageOps

    picture.load()
    if picture.getexif().get(_ORIENTATION, 1) != 1:  # else it would be a needless copy
        picture = ImageOps.exif_transpose(picture)
    if picture.mode in ("F", "I") or picture.mode.startswith("I;16"):
        return _to_eight_bit(np.asarray(picture))
    if picture.mode in ("LA", "PA", "La", "RGBA", "RGBa") or "transparency" in picture.info:
        return _on_background(np.asarray(picture.convert("RGBA")))
    if picture.mode in ("1", "L"):
        return np.asarray(picture.convert("L"))
    if picture.mode == "LAB":
        return np.asarray(picture.getchannel(0))
    return _grey_of_colour(np.asarray(picture.convert("RGB")))


def grey_of_array(array: NDArray[Any], *, max_pixels: int = MAX_PIXELS) -> Grey:
    """The grey page of an array: (h, w), (784,), with 1, 3 or 4 channels last, with leading axes of length 1.

    bool, integers of 8 or 16 bits, floats from 0 to 1, -1 to 1 or 0 to 255 are told apart by their range.
    Raises DataError for any other shape, and for values that are not numbers.
    """
    array = np.asarray(array)
    shape = array.shape
    if array.dtype.kind not in "buif":
        raise DataError(f"a picture array must hold numbers, not {array.dtype}")
    while array.ndim > 2 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.size == 784 and array.ndim in (1, 2) and 784 in array.shape:
        array = array.reshape(28, 28)
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or not array.size:
        raise DataError(f"a picture array must be (height, width), (784,) or have 1, 3 or 4 channels last, not {shape}")
    _check_size((array.shape[1], array.shape[0]), max_pixels)
    bytes_ = _to_eight_bit(array)
    if array.ndim == 2:
        return bytes_
    return _on_background(bytes_) if array.shape[2] == 4 else _grey_of_colour(bytes_)


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise DataError(_too_large(f"{width}×{height}", max_pixels))


def _too_large(size: str, max_pixels: int) -> str:
    return f"the picture has {size} pixels, at most {max_pixels / 1e6:g} million are read; make it smaller"


def _to_eight_bit(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Pixels of any number type as uint8; the value range tells which scale they are in."""
    if values.dtype == np.uint8 and values.max() > 1:
        return np.ascontiguousarray(values)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise DataError("the picture holds values that are not numbers (NaN or infinity)")
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind == "b" or (low >= 0 and high <= 1):
        offset, scale = 0.0, 255.0
    elif values.dtype.kind == "f" and low >= -1 and high <= 1:
        offset, scale = 1.0, 127.5
    elif low >= 0 and high <= 255:
        offset, scale = 0.0, 1.0
    elif low >= 0 and high <= 65535 and values.dtype.kind in "ui":
        offset, scale = 0.0, 1 / 257
    else:  # an unknown scale, such as standardised floats: the range itself
        offset, scale = -low, 255 / (high - low or 1.0)
    scaled = (values.astype(np.float32) + np.float32(offset)) * np.float32(scale)
    return np.asarray(np.clip(np.rint(scaled), 0, 255), np.uint8)


def _grey_of_colour(rgb: NDArray[np.uint8]) -> Grey:
    """Luma, or the one channel in which coloured ink stands out far better (yellow on white, red on black)."""
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    small = rgb[:: max(1, rgb.shape[0] // 256), :: max(1, rgb.shape[1] // 256)].reshape(-1, 3)
    spread = np.subtract(*np.percentile(small, [99.5, 0.5], axis=0))
    luma_spread = np.subtract(*np.percentile(small @ np.array([0.299, 0.587, 0.114]), [99.5, 0.5]))
    best = int(spread.argmax())
    return np.ascontiguousarray(rgb[..., best]) if spread[best] > 2 * luma_spread + 8 else np.asarray(luma, np.uint8)


def _on_background(rgba: NDArray[np.uint8]) -> Grey:
    """Composited on paper: what is left transparent is paper, so it contrasts with what is drawn."""
    colours, alpha = rgba[..., :3], rgba[..., 3]
    if alpha.min() == 255:
        return _grey_of_colour(np.ascontiguousarray(colours))
    step = max(1, max(alpha.shape) // 1000)
    sample, weights = colours[::step, ::step].astype(np.float32), alpha[::step, ::step].astype(np.float32)
    if weights.mean() > 0.7 * 255:  # mostly opaque: only corners or edges are cut out, the paper is drawn too
        paper = np.median(sample[weights > 127], axis=0).astype(np.uint16)
    else:
        drawn = float((sample.mean(axis=-1) * weights).sum()) / max(float(weights.sum()), 1.0)
        paper = np.full(3, 255 if drawn < 128 else 0, np.uint16)
    mixed = np.empty(colours.shape, np.uint8)
    for row in range(0, len(rgba), 256):  # in strips, so that a large picture needs no large intermediate
        share = alpha[row : row + 256, :, np.newaxis].astype(np.uint16)
        mixed[row : row + 256] = (colours[row : row + 256] * share + paper * (255 - share) + 127) // 255
    return _grey_of_colour(mixed)


def _quiet_tiff(data: bytes) -> contextlib.AbstractContextManager[None]:
    """libtiff prints its own words on broken files straight to the process's stderr; for a TIFF they go nowhere."""
    return native_stderr_muted() if data[:4] in _TIFF_STARTS else contextlib.nullcontext()
