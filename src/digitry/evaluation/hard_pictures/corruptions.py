"""The corruptions of MNIST-C (Mu and Gilmer, 2019), reimplemented, each at the strength its authors chose.

Each function takes images, float32 (n, 28, 28) from 0 (paper) to 1 (ink), and a generator, and returns the same shape;
the result is clipped to 0 to 1 at the end. The parameters (noise, widths, angles) are the published ones; the code and
the random numbers are our own, so single pictures differ from the published set.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.evaluation.hard_pictures.specimen import generator
from digitry.types import IMAGE_SIDE

Floats = NDArray[np.float32]

SIDE = IMAGE_SIDE
CENTRE = (SIDE - 1) / 2
LINE_REACH = 2.3
"""Distance in pixels over which the edge of a drawn line fades out."""


def corrupt(images: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Corrupt images, uint8 (n, 28, 28), in the way called `name`. Raises KeyError for an unknown name."""
    function, _ = CORRUPTIONS[name]
    changed = function(np.asarray(images / np.float32(255), np.float32), generator("corruption", name))
    return np.rint(255 * np.clip(changed, 0, 1)).astype(np.uint8)


def shot_noise(images: Floats, rng: np.random.Generator) -> Floats:
    """Add photon noise, with three photons to a full pixel."""
    return (rng.poisson(images * 3) / 3).astype(np.float32)


def impulse_noise(images: Floats, rng: np.random.Generator) -> Floats:
    """Turn 17% of the pixels black or white."""
    draw = rng.random(images.shape)
    return np.where(draw < 0.085, 0, np.where(draw > 0.915, 1, images)).astype(np.float32)


def glass_blur(images: Floats, rng: np.random.Generator) -> Floats:
    """Blur, swap pixels with neighbours twice over, blur again."""
    blurred = _blur(images, 0.7)
    everyone = np.arange(len(images))
    for _ in range(2):
        for row in range(SIDE - 1, 1, -1):
            for column in range(SIDE - 1, 1, -1):
                moves = rng.integers(-1, 1, (2, len(images))) * rng.integers(0, 2, len(images))
                here, there = (everyone, row, column), (everyone, row + moves[0], column + moves[1])
                blurred[here], blurred[there] = blurred[there], blurred[here]
    return _blur(blurred, 0.7)


def motion_blur(images: Floats, rng: np.random.Generator) -> Floats:
    """Smear to one side along a direction of up to ±45°, fading with a standard deviation of 3 pixels."""
    distances = np.arange(11)
    weights = np.exp(-(distances**2) / (2 * 3.0**2))
    out = np.empty_like(images)
    for index, angle in enumerate(np.deg2rad(rng.uniform(-45, 45, len(images)))):
        kernel = np.zeros((21, 21), np.float32)
        rows, columns = 10 + np.rint(distances * np.sin(angle)), 10 + np.rint(distances * np.cos(angle))
        np.add.at(kernel, (rows.astype(int), columns.astype(int)), weights / weights.sum())
        out[index] = cv2.filter2D(images[index], -1, kernel, borderType=cv2.BORDER_REPLICATE)
    return out


def shear(images: Floats, rng: np.random.Generator) -> Floats:
    """Shear by 0.4 to either side."""
    angles = 0.4 * rng.choice([-1, 1], len(images))
    return _warp(images, [((1, -np.sin(angle)), (0, np.cos(angle))) for angle in angles])


def scale(images: Floats, rng: np.random.Generator) -> Floats:
    """Shrink to 70%."""
    return _warp(images, [((1 / 0.7, 0), (0, 1 / 0.7))] * len(images))


def rotate(images: Floats, rng: np.random.Generator) -> Floats:
    """Turn by 23° to either side."""
    turns = 0.4 * rng.choice([-1, 1], len(images))
    return _warp(images, [((np.cos(t), -np.sin(t)), (np.sin(t), np.cos(t))) for t in turns])


def brightness(images: Floats, rng: np.random.Generator) -> Floats:
    """Make everything brighter by half."""
    return images + 0.5


def translate(images: Floats, rng: np.random.Generator) -> Floats:
    """Move by 3 pixels in both directions."""
    moves = 3 * rng.choice([-1, 1], (len(images), 2))
    return np.stack([_moved(image, *move) for image, move in zip(images, moves, strict=True)])


def stripe(images: Floats, rng: np.random.Generator) -> Floats:
    """Invert the left and right quarter."""
    out = images.copy()
    out[:, :, :7], out[:, :, 21:] = 1 - out[:, :, :7], 1 - out[:, :, 21:]
    return out


def fog(images: Floats, rng: np.random.Generator) -> Floats:
    """Add three times as much cloud as ink, rescaled to the range of the image."""
    clouds = np.stack([clouds_of(rng, 256, decay=1.4) for _ in range(min(len(images), 64))])
    which = rng.integers(0, len(clouds), len(images))
    corners = rng.integers(0, 256 - SIDE, (len(images), 2))
    patches = [clouds[w, y : y + SIDE, x : x + SIDE] for w, (y, x) in zip(which, corners, strict=True)]
    return np.asarray((images + 3 * np.stack(patches)) / 4, np.float32)


def spatter(images: Floats, rng: np.random.Generator) -> Floats:
    """Throw drops of mud, a quarter as bright as ink, that hide what is below."""
    liquid = _blur(rng.normal(0.65, 0.3, images.shape).astype(np.float32), 1)
    mud = _blur((liquid > 0.65).astype(np.float32), 1.5)
    mud[mud < 0.8] = 0
    return images * (1 - mud) + 63 / 255 * mud


def dotted_line(images: Floats, rng: np.random.Generator) -> Floats:
    """Draw a dashed line across, as bright as ink."""
    rows = rng.integers(0, SIDE - 1, (2, len(images))).astype(np.float32)
    lines = _lines(np.zeros(len(images)), rows[0], np.full(len(images), SIDE - 1.0), rows[1])
    lines[:, :, np.arange(SIDE) // 2 % 2 == 0] = 0
    return images + lines


def zigzag(images: Floats, rng: np.random.Generator) -> Floats:
    """Draw a zigzag with teeth of 2 pixels from the left to the right edge, rising or falling by at most 5."""
    out = images.copy()
    for image in out:
        start, rise = rng.integers(0, SIDE - 1), rng.integers(-5, 5)
        angle = np.arctan2(rise, 23)
        teeth = int((23 / np.cos(angle) - 2) // 4) + 1
        along = np.concatenate([[0], 4 * np.arange(teeth) + 2])
        aside = np.concatenate([[0], 2.0 * (-1) ** np.arange(teeth)])
        columns = 2 + along * np.cos(angle) - aside * np.sin(angle)
        rows = start + along * np.sin(angle) + aside * np.cos(angle)
        image += _lines(columns[:-1], rows[:-1], columns[1:], rows[1:]).sum(axis=0)
    return out


def canny_edges(images: Floats, rng: np.random.Generator) -> Floats:
    """Keep only the outlines."""
    smooth = np.rint(255 * _blur(images, 1)).astype(np.uint8)
    edges = [cv2.Canny(image, 25.5, 51, apertureSize=3, L2gradient=True) for image in smooth]
    return np.asarray(np.stack(edges) / 255, np.float32)


def clouds_of(rng: np.random.Generator, side: int, *, decay: float) -> Floats:
    """Make plasma clouds, float32 (side, side) from 0 to 1: noise on ever finer grids, each weaker by `decay`."""
    total = np.zeros((side, side), np.float32)
    cells, weight = 2, 1.0
    while cells <= side:
        coarse = rng.uniform(-1, 1, (cells, cells)).astype(np.float32)
        total += weight * cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
        cells, weight = cells * 2, weight / decay
    return np.asarray((total - total.min()) / (total.max() - total.min()), np.float32)


def _blur(images: Floats, sigma: float) -> Floats:
    reach = 2 * round(4 * sigma) + 1
    edge = cv2.BORDER_REPLICATE
    return np.stack([cv2.GaussianBlur(image, (reach, reach), sigma, borderType=edge) for image in images])


def _warp(images: Floats, inverse: list[tuple[tuple[float, float], tuple[float, float]]]) -> Floats:
    """Sample each pixel from where its 2×2 matrix maps it; the centre of the image stays."""
    out = np.empty_like(images)
    for index, linear in enumerate(np.asarray(inverse, np.float64)):
        shift = CENTRE - linear @ [CENTRE, CENTRE]
        matrix = np.column_stack([linear, shift])
        out[index] = cv2.warpAffine(images[index], matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return out


def _moved(image: Floats, down: int, right: int) -> Floats:
    out = np.zeros_like(image)
    out[max(down, 0) : SIDE + min(down, 0), max(right, 0) : SIDE + min(right, 0)] = image[
        max(-down, 0) : SIDE - max(down, 0), max(-right, 0) : SIDE - max(right, 0)
    ]
    return out


def _lines(
    c0: NDArray[np.floating], r0: NDArray[np.floating], c1: NDArray[np.floating], r1: NDArray[np.floating]
) -> Floats:
    """Draw k soft lines, float32 (k, 28, 28), each from column c0, row r0 to column c1, row r1, c0 < c1."""
    columns, rows = np.arange(SIDE), np.arange(SIDE)[:, np.newaxis]
    slope = ((r1 - r0) / (c1 - c0))[:, np.newaxis, np.newaxis]
    middle = slope * (columns - c0[:, np.newaxis, np.newaxis]) + r0[:, np.newaxis, np.newaxis]
    distance = np.clip(np.abs(rows - middle), 0, LINE_REACH - 1e-6)
    line = np.clip(np.log(1 - distance / LINE_REACH) + 1, 0, 1)
    left, right = np.floor(c0)[:, np.newaxis, np.newaxis], np.ceil(c1)[:, np.newaxis, np.newaxis]
    return np.where((columns >= left) & (columns < right), line, 0).astype(np.float32)


Corruption = Callable[[Floats, np.random.Generator], Floats]

CORRUPTIONS: dict[str, tuple[Corruption, str]] = {
    "shot noise": (shot_noise, "every pixel counts three photons, more or less"),
    "impulse noise": (impulse_noise, "17% of the pixels turn black or white"),
    "glass blur": (glass_blur, "blurred, neighbours swapped twice, blurred again"),
    "motion blur": (motion_blur, "smeared to one side, at an angle of up to 45°"),
    "shear": (shear, "sheared by 0.4 to either side"),
    "scale": (scale, "shrunk to 70%"),
    "rotate": (rotate, "turned by 23° to either side"),
    "brightness": (brightness, "everything brighter by half"),
    "translate": (translate, "moved by 3 pixels in both directions"),
    "stripe": (stripe, "black and white swapped in the left and right quarter"),
    "fog": (fog, "three times as much cloud as ink"),
    "spatter": (spatter, "drops of mud over the ink"),
    "dotted line": (dotted_line, "a dashed line across, as bright as ink"),
    "zigzag": (zigzag, "a zigzag line across, as bright as ink"),
    "canny edges": (canny_edges, "only the outlines are left"),
}
"""Name → the function and a description; in the order of the paper."""
