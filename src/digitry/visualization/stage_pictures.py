"""Arrays → small pictures for a page: stages, crops, canonical digits, heat maps."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.pages.html import PagePicture
from digitry.types import IMAGE_SIDE, Box
from digitry.visualization.colour import Colour
from digitry.visualization.saliency import PATCH_SIDE, ErasedPatch

PAGE_SIDE = 1400
"""Longest side of the page in the explanation, in pixels."""

MARGIN_SHARE = 0.12
"""Margin shown around a box, as a share of its longer side."""

CROP_SIDE = 200
ENLARGED = 8
"""Screen pixels per pixel of a canonical digit."""

FOR = (0, 94, 158)
"""Blue: ink that supports the answer."""
AGAINST = (213, 94, 0)
"""Vermilion: ink that speaks against it. Distinguishable for the colour-blind."""

QUIET_NATS = 0.1
"""The strongest colour stands for at least this drop, so that smaller ones stay pale."""


def picture_of_pixels(
    pixels: NDArray[np.uint8], alt: str, caption: str = "", *, longest: int = PAGE_SIDE, exact: bool = False
) -> PagePicture:
    """Make a picture of a grey (h, w) or RGB (h, w, 3) array, shrunk to `longest`.

    JPEG where that is far smaller, unless `exact` pixels are asked for.
    """
    pixels = shrunk(pixels, longest)
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    png = _encoded(".png", bgr)
    jpeg = b"" if exact else _encoded(".jpg", bgr, cv2.IMWRITE_JPEG_QUALITY, 88)
    if jpeg and 2 * len(jpeg) < len(png):
        return PagePicture(jpeg, "image/jpeg", alt, caption)
    return PagePicture(png, "image/png", alt, caption)


def _encoded(kind: str, pixels: object, *options: int) -> bytes:
    _, data = cv2.imencode(kind, pixels, options)  # type: ignore[call-overload]
    return bytes(data.tobytes())


def shrunk(pixels: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    """Shrink `pixels` so that the longer side is at most `longest`."""
    factor = longest / max(pixels.shape[:2])
    if factor >= 1:
        return pixels
    size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def cut(page: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Crop a page (h, w) or (h, w, 3) to a box with a margin of `MARGIN_SHARE`."""
    x, y, width, height = box
    edge = round(MARGIN_SHARE * max(width, height)) + 1
    top, left = max(0, y - edge), max(0, x - edge)
    return page[top : max(top + 1, y + height + edge), left : max(left + 1, x + width + edge)]


def crop(page: Colour, box: Box, alt: str, caption: str) -> PagePicture:
    """Crop a digit from the picture, about as large as its 28×28 image is shown."""
    part = cut(page, box)
    factor = CROP_SIDE // max(part.shape[:2])
    if factor > 1:
        part = np.repeat(np.repeat(part, factor, axis=0), factor, axis=1)
    return picture_of_pixels(part, alt, caption, longest=CROP_SIDE)


def pixelated(image: NDArray[np.uint8], alt: str, caption: str) -> PagePicture:
    """Draw a canonical digit, uint8 (28, 28), with every pixel as a square."""
    return picture_of_pixels(_enlarged(image), alt, caption, exact=True)


def heat(
    image: NDArray[np.uint8], drop: NDArray[np.float32], marked: ErasedPatch | None, alt: str, caption: str
) -> PagePicture:
    """Draw a canonical digit in grey below a heat map of the drop that each erased patch causes, (28, 28) in nats.

    Blue where erasing lowers the answer's probability, vermilion where it raises it; `marked` gets a frame.
    """
    strength = np.abs(drop) / max(float(np.abs(drop).max()), QUIET_NATS)
    share = (0.9 * strength**0.7)[..., np.newaxis]
    colour = np.where(drop[..., np.newaxis] > 0, np.array(FOR), np.array(AGAINST))
    ground = np.repeat(255 - 0.5 * image.astype(np.float32)[..., np.newaxis], 3, axis=2)
    mixed = np.asarray(np.rint(ground * (1 - share) + colour * share), np.uint8)
    large = _enlarged(mixed)
    if marked is not None:
        reach = PATCH_SIDE // 2
        ends = np.array([marked.column, marked.row])[:, np.newaxis] + (-reach, reach + 1)
        (left, right), (top, bottom) = (np.clip(ends, 0, IMAGE_SIDE) * ENLARGED).tolist()
        for frame, width in (((255, 255, 255), 4), ((20, 20, 20), 2)):
            cv2.rectangle(large, (left, top), (right, bottom), frame, width)
    return picture_of_pixels(large, alt, caption, exact=True)


def _enlarged(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.repeat(np.repeat(pixels, ENLARGED, axis=0), ENLARGED, axis=1))
