"""Synthetic images without any digit, so that a network learns to be unsure of other things (outlier exposure).

They are shown with the same target for every class, as by Hendrycks et al. 2019 (https://arxiv.org/abs/1812.04606) with
collected pictures. These are drawn, or made from digits.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.canonical import canonical
from digitry.images.stages import canonical_stages
from digitry.synthesis.allographs import UNLIKE_DIGITS
from digitry.synthesis.glyphs import curve, stroke
from digitry.synthesis.hands import Hand
from digitry.synthesis.steps import steps
from digitry.types import IMAGE_SIDE, Images

SIDE = 56
"""Side of the pages on which outliers are drawn, in pixels."""

GreyPage = NDArray[np.uint8]


def made_outliers(images: Images, count: int, rng: np.random.Generator) -> Images:
    """Return `count` canonical images of no digit, uint8 (n, 28, 28); some are made from the digits in `images`."""
    kinds = rng.choice(len(KINDS), count, p=np.array([share for _, share in KINDS]))
    made = np.empty((count, IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    for index, kind in enumerate(steps(kinds)):
        draw = KINDS[kind][0]
        while (outlier := draw(images, rng)) is None:
            draw = _scribble if draw in (_two_digits, _shuffled) else draw  # these fail if all digits are blank
        made[index] = outlier
    return made


def _character(images: Images, rng: np.random.Generator) -> GreyPage | None:
    """Write a letter or sign that nobody takes for a digit."""
    return as_canonical(Hand.of(rng).draw(str(rng.choice(UNLIKE_DIGITS)), SIDE, rng).ink)


def _scribble(images: Images, rng: np.random.Generator) -> GreyPage | None:
    """Draw one to three long smooth random lines."""
    page = np.zeros((SIDE, SIDE), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        points = rng.uniform(4, SIDE - 4, (int(rng.integers(6, 15)), 2))
        stroke(page, curve(points, 8 * len(points)), rng.uniform(1.5, 6))
    return as_canonical(page)


def _hatching(images: Images, rng: np.random.Generator) -> GreyPage | None:
    """Draw parallel or crossing lines, evenly spaced or not."""
    page = np.zeros((SIDE, SIDE), np.uint8)
    for angle in rng.uniform(0, np.pi, int(rng.integers(1, 3))):
        along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        for offset in np.linspace(-20, 20, int(rng.integers(3, 9))) + rng.normal(0, 1):
            middle = SIDE / 2 + across * offset
            ends = [middle - along * rng.uniform(8, 24), middle + along * rng.uniform(8, 24)]
            stroke(page, np.array(ends), rng.uniform(1.5, 4))
    return as_canonical(page)


def _strokes(images: Images, rng: np.random.Generator) -> GreyPage | None:
    """Draw four to eight short straight strokes between the points of a grid: signs of an unknown script."""
    page = np.zeros((SIDE, SIDE), np.uint8)
    grid = np.stack(np.meshgrid([10, 28, 46], [6, 20, 36, 50]), -1).reshape(-1, 2).astype(float)
    width = rng.uniform(2, 7)
    for _ in range(int(rng.integers(4, 9))):
        ends = grid[rng.choice(len(grid), 2, replace=False)] + rng.normal(0, 1.5, (2, 2))
        stroke(page, ends, width)
    return as_canonical(page)


def _shape(images: Images, rng: np.random.Generator) -> GreyPage | None:
    """Draw the outlines of one or two triangles or quadrangles; with more corners they would look like a 0."""
    page = np.zeros((SIDE, SIDE), np.uint8)
    for _ in range(int(rng.integers(1, 3))):
        points = _polygon(rng, corners=int(rng.integers(3, 5)))
        stroke(page, np.concatenate([points, points[:1]]), rng.uniform(2, 7))
    return as_canonical(page)


def _object(images: Images, rng: np.random.Generator) -> GreyPage | None:
    """Draw a filled, textured shape, like a photographed object, and process it like any other picture."""
    points = _polygon(rng, corners=int(rng.integers(4, 12)), mirrored=rng.random() < 0.7)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 255, cv2.LINE_AA)
    grain = int(rng.integers(2, 20))
    surface = cv2.resize(rng.random((grain, grain), np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.4:  # stripes, seams, checks
        period = rng.uniform(3, 16)
        axis = np.arange(SIDE)[:, np.newaxis] if rng.random() < 0.5 else np.arange(SIDE)
        surface = 0.5 * surface + 0.5 * (np.sin(axis * 2 * np.pi / period) > 0)
    shade = 1 - rng.uniform(0, 0.9) * surface
    page = np.clip(mask * shade * rng.uniform(0.4, 1), 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        page = np.asarray(cv2.resize(page, (IMAGE_SIDE, IMAGE_SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    return unless_slim(canonical_stages(page if rng.random() < 0.7 else 255 - page).canonical)


def _blobs(images: Images, rng: np.random.Generator) -> GreyPage | None:
    """Draw large or small blobs: smooth noise above a threshold."""
    grain = int(rng.integers(3, 24))
    clouds = cv2.resize(rng.random((grain, grain), np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    level = float(np.quantile(clouds, rng.uniform(0.5, 0.85)))
    return as_canonical(np.clip((clouds - level) * rng.uniform(400, 3000), 0, 255).astype(np.uint8))


def _two_digits(images: Images, rng: np.random.Generator) -> GreyPage | None:
    """Squeeze two digits, side by side or overlapping, into the space of one."""
    first, second = images[rng.integers(0, len(images), 2)]
    apart = int(rng.integers(6, 20))
    page = np.zeros((IMAGE_SIDE, IMAGE_SIDE + apart), np.uint8)
    page[:, :IMAGE_SIDE] = first
    np.maximum(page[:, apart:], second, out=page[:, apart:])
    return as_canonical(page if rng.random() < 0.7 else np.ascontiguousarray(page.T))


def _shuffled(images: Images, rng: np.random.Generator) -> GreyPage | None:
    """Rearrange the quarters of a digit."""
    digit, half = images[rng.integers(len(images))], IMAGE_SIDE // 2
    quarters = [digit[:half, :half], digit[:half, half:], digit[half:, :half], digit[half:, half:]]
    a, b, c, d = (quarters[i] for i in ([3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2])[int(rng.integers(3))])
    return as_canonical(np.block([[a, b], [c, d]]))


KINDS: tuple[tuple[Callable[[Images, np.random.Generator], GreyPage | None], float], ...] = (
    (_object, 0.27),
    (_character, 0.25),
    (_scribble, 0.11),
    (_strokes, 0.09),
    (_two_digits, 0.08),
    (_shape, 0.07),
    (_blobs, 0.06),
    (_hatching, 0.04),
    (_shuffled, 0.03),
)
"""All kinds of outliers, and their shares."""


def _polygon(rng: np.random.Generator, corners: int, *, mirrored: bool = False) -> NDArray[np.float64]:
    """Return random corners around the centre of the page, float (n, 2); `mirrored`: with left-right symmetry."""
    if mirrored:
        heights = np.sort(rng.uniform(4, SIDE - 4, corners))
        reach = rng.uniform(3, SIDE / 2 - 3, corners)
        right = np.stack([SIDE / 2 + reach, heights], -1)
        left = np.stack([SIDE / 2 - reach, heights], -1)
        return np.concatenate([right, left[::-1]])
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    reach = rng.uniform(8, SIDE / 2 - 3, (corners, 1))
    return np.asarray(SIDE / 2 + reach * np.stack([np.cos(angles), np.sin(angles)], -1))


def as_canonical(page: GreyPage) -> GreyPage | None:
    """Convert a drawing, light on black, to canonical form; None for next to no ink, and for a single bar."""
    return unless_slim(canonical(page)) if (page > 127).sum() > 20 else None


def unless_slim(found: GreyPage | None) -> GreyPage | None:
    """Return None for a single bar at any angle, which would be a 1; else the image."""
    if found is None:
        return None
    _, sides, _ = cv2.minAreaRect(cv2.findNonZero((found > 64).astype(np.uint8)))
    return None if min(sides) < 0.45 * max(sides) else found
