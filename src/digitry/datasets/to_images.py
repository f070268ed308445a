"""Arrays of images of any usual kind → canonical digits: shape and values determine layout, range and polarity.

The only entry for arrays, in training and in reading. Shapes: (n, h·w) if square, (n, h, w), with one or three channels
first or last. Values: booleans; integers 0 to 255; floats 0 to 1, 0 to 255, -1 to 1, or standardised as a whole;
integers 0 to 16 for 8×8 pixels. Ambiguous arrays are refused, with the line of NumPy that decides it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.datasets import Progress
from digitry.datasets.raw import RawArray, check_pixels
from digitry.errors import DataError
from digitry.types import IMAGE_SIDE, Images

SIDES = (4, 256)
"""Range of an image's height and width in an array; give larger ones as pictures."""

_FAINTEST = 32.0
"""Values with a maximum below this may be part of 0 to 255, or of any other range."""

_PAPER_SHARE, _NEAR = 0.2, 25
"""If a range was stretched correctly, at least this share of the pixels is this near to paper or full ink: 88% in
MNIST."""

_SAME_PAPER = 6
"""Maximum difference in the paper of images that were standardised together."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_BLOCK = 2048


@dataclass(frozen=True)
class ValueRange:
    """How values become 0 to 255: minus `low`, times `factor`."""

    low: float
    factor: float
    is_stretched: bool = False
    """Whether the range was taken from the values themselves."""

    def apply(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the values as pixels, rounded."""
        if values.dtype == np.uint8 and (self.low, self.factor) == (0, 1):
            return np.asarray(values, np.uint8)
        scaled = (values.astype(np.float32) - np.float32(self.low)) * np.float32(self.factor)
        return np.asarray(np.rint(np.clip(scaled, 0, 255)), np.uint8)


_KNOWN_RANGES = ((-1.0, 1.0), (-0.1307 / 0.3081, (1 - 0.1307) / 0.3081))
"""For floats below 0: (x - 0.5) / 0.5, and MNIST's own mean and standard deviation."""


def to_images(
    arrays: Sequence[RawArray], invert: bool | None = None, progress: Progress | None = None
) -> tuple[list[Images], str]:
    """Return the images of each split as canonical digits, uint8 (n, 28, 28), and describe in words what was done.

    Splits with negative values share one range. Images of other sizes are fitted as pictures are. If most pixels, and
    most along the edges, are light, all splits are inverted; `invert` overrides that. Raises DataError for anything
    that is not an array of images, or is ambiguous, as when splits differ in polarity.
    """
    layouts = [_layout(array) for array in arrays]
    for array in arrays:
        check_pixels(array.name, array.shape)
    scales = _scales(arrays, layouts)
    pixels = [_pixels(*one) for one in zip(arrays, scales, layouts, strict=True)]
    for array, scale, split in zip(arrays, scales, pixels, strict=True):
        if scale.is_stretched:
            _check_paper(array, split)
    done = []
    dark = [are_dark_on_light(split) for split in pixels]
    if invert is None and len(set(dark)) > 1:
        raise DataError(
            f"{arrays[0].name} looks {_polarity(dark[0])} and {arrays[1].name} {_polarity(dark[1])}; invert one: "
            "x = 255 - x"
        )
    if dark[0] if invert is None else invert:
        pixels = [np.subtract(255, split, out=split) for split in pixels]
        done.append("inverted" if invert else "dark on light, so inverted")
    for place, split in enumerate(pixels):
        if split.shape[1:] != (IMAGE_SIDE, IMAGE_SIDE):
            pixels[place] = fitted(split, progress)
            height, width = split.shape[1:]
            done.append(f"fitted from {height}×{width}")
    return pixels, ", ".join(dict.fromkeys(done))


def are_dark_on_light(images: NDArray[np.uint8]) -> bool:
    """Return whether most pixels, and most along the edges, are light: in MNIST 0.02% of the edges are, in
    Fashion-MNIST 4%.
    """
    edges = (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])
    light = sum(int(np.count_nonzero(edge >= 128)) for edge in edges)
    return 2 * light > sum(edge.size for edge in edges) and 2 * int(np.count_nonzero(images >= 128)) > images.size


def fitted(images: NDArray[np.uint8], progress: Progress | None = None) -> Images:
    """Fit images of another size, uint8 (n, h, w), light on dark, as pictures are. Blank ones stay blank."""
    from digitry.images.canonical import canonical

    made = np.zeros((len(images), IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    for place, image in enumerate(images):
        if progress is not None and not place % _BLOCK:
            progress("fitting images", place, len(images))
        try:
            made[place] = canonical(image)
        except ValueError:
            continue
    return made


@dataclass(frozen=True)
class _ImageLayout:
    height: int
    width: int
    channels: int = 1
    channels_first: bool = False


def _layout(array: RawArray) -> _ImageLayout:
    """Return the meaning of the axes of an array of images."""
    least, most = SIDES
    if array.dtype.kind not in "buif":
        raise DataError(f"{array.described()}, expected the numbers of images")
    axes = [size for size in array.shape[1:] if size != 1]
    found = None
    if len(axes) == 1 and math.isqrt(axes[0]) ** 2 == axes[0]:
        found = _ImageLayout(math.isqrt(axes[0]), math.isqrt(axes[0]))
    elif len(axes) == 2:
        found = _ImageLayout(axes[0], axes[1])
    elif len(axes) == 3 and axes[2] == 3:
        found = _ImageLayout(axes[0], axes[1], 3)
    elif len(axes) == 3 and axes[0] == 3:
        found = _ImageLayout(axes[1], axes[2], 3, channels_first=True)
    if found is None or not (least <= found.height <= most and least <= found.width <= most):
        raise DataError(
            f"{array.described()}, expected images (n, h, w), (n, h, w, 1), (n, 1, h, w), (n, h, w, 3) or (n, h·w) "
            f"of a square, {least} to {most} pixels each way; for other layouts: x = x.reshape(n, h, w), or "
            "x = numpy.moveaxis(x, -1, 0) where the last axis counts the images; give larger ones as pictures"
        )
    return found


def _scales(arrays: Sequence[RawArray], layouts: Sequence[_ImageLayout]) -> list[ValueRange]:
    """Return how the values of each split become pixels; splits with values below 0 share one range."""
    ranges = [_range(array) for array in arrays]
    signed = [(low, high) for low, high in ranges if low < 0]
    scales = []
    for array, layout, (low, high) in zip(arrays, layouts, ranges, strict=True):
        if array.dtype.kind == "b":
            scales.append(ValueRange(0, 255))
            continue
        if high == low:
            raise DataError(f"{array.name} holds nothing but the value {high:g}: every image is blank")
        if low < 0:
            low, high = min(low for low, _ in signed), max(high for _, high in signed)
        is_small = (layout.height, layout.width) == (8, 8)
        scales.append(_scale(array.name, low, high, is_float=array.dtype.kind == "f", is_small=is_small))
    return scales


def _scale(name: str, low: float, high: float, *, is_float: bool, is_small: bool) -> ValueRange:
    said = f"{name} has values from {low:g} to {high:g}"
    if high > 255:
        raise DataError(f"{said}, expected 0 to 255, or 0 to 1; if {high:g} is full ink: x = x / {high:g}")
    if low < 0:
        for known_low, known_high in _KNOWN_RANGES:
            slack = 0.01 * (known_high - known_low)
            if abs(low - known_low) < slack and high < known_high + slack:
                return ValueRange(known_low, 255 / (known_high - known_low))
        return ValueRange(low, 255 / (high - low), is_stretched=True)
    if high <= 1:
        if is_float:
            return ValueRange(0, 255)
        raise DataError(
            f"{name} has no value above {high:g}; whole numbers must go up to 255, so multiply them by 255 "
            "(x = x * 255) if there are only two values; if x / 255 became whole numbers, the grey levels are lost: "
            "x = x_before / 255.0"
        )
    if is_small and high <= 16:
        return ValueRange(0, 255 / 16)
    if high < _FAINTEST:
        raise DataError(
            f"{said}, expected 0 to 255, or 0 to 1; say what full ink is: x = x * (255 / {high:g}) if it is {high:g}"
        )
    return ValueRange(0, 1)


def _range(array: RawArray) -> tuple[float, float]:
    low, high = math.inf, -math.inf
    for piece in array.pieces():
        least, most = float(piece.min()), float(piece.max())
        if not (math.isfinite(least) and math.isfinite(most)):
            raise DataError(f"{array.name} holds NaN or infinity")
        low, high = min(low, least), max(high, most)
    return low, high


def _pixels(array: RawArray, scale: ValueRange, layout: _ImageLayout) -> NDArray[np.uint8]:
    """Read the images of an array, uint8 (n, h, w)."""
    # Grows with the actual data; concatenating copies, so the caller's array is never changed.
    flat = np.concatenate([scale.apply(piece) for piece in (array.drain or array.pieces)()])
    count, height, width = array.shape[0], layout.height, layout.width
    if array.fortran_order:
        flat = np.ascontiguousarray(flat.reshape(array.shape[::-1]).T)
    if layout.channels == 1:
        return flat.reshape(count, height, width)
    grey = np.empty((count, height, width), np.uint8)
    for start in range(0, count, _BLOCK):
        if layout.channels_first:
            block = np.moveaxis(flat.reshape(count, 3, height, width)[start : start + _BLOCK], 1, -1)
        else:
            block = flat.reshape(count, height, width, 3)[start : start + _BLOCK]
        grey[start : start + _BLOCK] = np.rint(block @ _LUMA)
    return grey


def _check_paper(array: RawArray, pixels: NDArray[np.uint8]) -> None:
    """Raise DataError if a range stretched as a whole leaves no common paper, or hardly any ink: then each image, or
    each pixel, was scaled by itself.
    """
    sample = pixels[:: max(1, len(pixels) // _BLOCK)].reshape(-1, pixels[0].size)
    near_ends = np.count_nonzero((sample <= _NEAR) | (sample >= 255 - _NEAR))
    darkest, lightest = np.percentile(sample, (10, 90), axis=1)
    papers = [np.subtract(*np.percentile(levels, (90, 10))) for levels in (darkest, lightest)]
    contrast = np.median(np.ptp(sample, axis=1))
    if near_ends < _PAPER_SHARE * sample.size or min(papers) > _SAME_PAPER or contrast < 128:
        raise DataError(
            f"{array.name} looks standardised pixel by pixel, or image by image, so that no value stands for paper; "
            "give the values before that, or, if it was image by image: x = x - x.min(axis=(1, 2), keepdims=True); x "
            "= x / x.max(axis=(1, 2), keepdims=True)"
        )


def _polarity(is_dark: bool) -> str:
    return "dark on light" if is_dark else "light on dark"
