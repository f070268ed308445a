"""Random variants of canonical digits, for training only: other hands and pens, normalised like all pictures."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.canonical import centre, fit, sharpen, tight
from digitry.synthesis.steps import steps
from digitry.types import IMAGE_SIDE, Images

ROTATION_DEGREES = 8.0
SHEAR = 0.10
ASPECT = 0.06
"""Standard deviations of rotation, horizontal shear and log aspect ratio."""

ELASTIC_PIXELS = 0.8
"""Standard deviation of the elastic displacement of control points, in canonical pixels."""

DISTORT_DEGREES, DISTORT_SHEAR, DISTORT_STRETCH = 5.0, 0.06, 0.04
DISTORT_SHIFT, DISTORT_ELASTIC = 0.7, 0.4
"""Standard deviations for `distort`: rotation, shear, log stretch along each axis; shift and bends in pixels."""

UNCHANGED_SHARE = 0.1
"""Share of the images that are left unchanged."""

WORN_SHARE = 0.02
"""Share of the images that `wear` changes."""

_CANVAS = 44
_REACH = 32
"""Images are warped onto a finer canvas that covers 32 of their pixels: pens can change by less than a pixel, the
second resize stays sharp, and a rotated digit may reach beyond its border."""

_CONTROL_POINTS = 5
_CHUNK = 128


def augment(images: Images, rng: np.random.Generator) -> Images:
    """Return a random variant of every canonical digit, uint8 (n, 28, 28).

    Rotation, shear, aspect ratio, small elastic deformations, thinner or thicker pens, softer or harder edges; then
    fitted and centred again (20×20 box, centre of mass). The same generator state gives the same images.
    """
    if images.dtype != np.uint8 or images.shape[1:] != (IMAGE_SIDE, IMAGE_SIDE):
        raise ValueError(f"images must be uint8 (n, {IMAGE_SIDE}, {IMAGE_SIDE}), not {images.dtype} {images.shape}")
    count = len(images)
    result = images.copy()
    points = _control_points(count, rng)
    changed = rng.random(count) >= UNCHANGED_SHARE
    pen, edge = rng.uniform(-1.0, 1.0, count), rng.uniform(-1.0, 1.0, count)
    basis = _spline_basis(_CANVAS)
    for start in steps(range(0, count, _CHUNK)):  # the maps of a chunk fit into the processor's cache
        maps = (points[start : start + _CHUNK] @ basis).reshape(-1, 2, _CANVAS, _CANVAS)
        for index, (x, y) in enumerate(maps, start):
            if changed[index]:
                ink = cv2.remap(images[index], x, y, cv2.INTER_LINEAR)
                ink = _change_edge(_change_pen(ink, pen[index]), edge[index])
                if ink.max() >= 128:  # a hair-thin stroke may vanish: then the image stays unchanged
                    result[index] = centre(fit(tight(ink)))
    return result


def wear(images: Images, rng: np.random.Generator) -> Images:
    """Degrade a share of canonical digits, uint8 (n, 28, 28), like a poor camera or scanner.

    Of these, half lie on grey, unevenly lit paper, half have grain, a third have dead pixels; all have paler ink.
    """
    result = images.copy()
    worn = np.flatnonzero(rng.random(len(images)) < WORN_SHARE)
    shape = (len(worn), 1, 1)
    paper = rng.uniform(0, 0.6, shape) * (rng.random(shape) < 1 / 2)
    full = paper + (1 - paper) * rng.uniform(0.5, 1, shape)
    grain = rng.uniform(0, 0.25, shape) * (rng.random(shape) < 1 / 2)
    dead = rng.uniform(0, 0.2, shape) * (rng.random(shape) < 1 / 3)
    # The paper is lighter on one side.
    slope = rng.uniform(-0.5, 0.5, (len(worn), 2, 1)) * np.linspace(-1, 1, IMAGE_SIDE)
    light = 1 + slope[:, 0, np.newaxis, :] + slope[:, 1, :, np.newaxis]
    ink = images[worn] / 255
    level = paper * light * (1 - ink) + full * ink + grain * rng.standard_normal(ink.shape)
    level = np.where(rng.random(ink.shape) < dead, rng.integers(0, 2, ink.shape), level)
    result[worn] = np.rint(255 * level.clip(0, 1)).astype(np.uint8)
    return result


def distort(images: Images, strength: float, rng: np.random.Generator) -> Images:
    """Distort every image slightly, uint8 (n, 28, 28): rotation, shear, stretch, shift and elastic deformation.

    `strength` multiplies the `DISTORT` standard deviations. Unlike `augment`, it keeps the pen and does not centre
    again, so that it also suits data other than digits.
    """
    count = len(images)
    turn = np.deg2rad(rng.normal(0, DISTORT_DEGREES * strength, count))
    slant = rng.normal(0, DISTORT_SHEAR * strength, count)
    wide, tall = np.exp(rng.normal(0, DISTORT_STRETCH * strength, (2, count)))
    cos, sin, none = np.cos(turn), np.sin(turn), np.zeros(count)
    points = np.einsum("ijn,jkn,kp->nip", [[cos, -sin], [sin, cos]], [[wide, slant], [none, tall]], _grid(IMAGE_SIDE))
    points += (IMAGE_SIDE - 1) / 2 + rng.normal(0, DISTORT_SHIFT * strength, (count, 2, 1))
    points += rng.normal(0, DISTORT_ELASTIC * strength, points.shape)
    points, basis, result = points.astype(np.float32), _spline_basis(IMAGE_SIDE), np.empty_like(images)
    for start in steps(range(0, count, _CHUNK)):
        maps = (points[start : start + _CHUNK] @ basis).reshape(-1, 2, IMAGE_SIDE, IMAGE_SIDE)
        for index, (x, y) in enumerate(maps, start):
            # Cubic, because linear interpolation blurs, and test images are not blurred (docs/log.md).
            result[index] = cv2.remap(images[index], x, y, cv2.INTER_CUBIC)
    return result


def shift(images: Images, reach: int, rng: np.random.Generator) -> Images:
    """Shift every image, uint8 (n, 28, 28), by up to `reach` pixels along both axes, filling with black."""
    down, right = rng.integers(-reach, reach + 1, (2, len(images)))
    page = np.pad(images, ((0, 0), (reach, reach), (reach, reach)))
    result = np.empty_like(images)
    for y in range(-reach, reach + 1):
        for x in range(-reach, reach + 1):
            moved = np.flatnonzero((down == y) & (right == x))
            result[moved] = page[moved, reach - y : reach - y + IMAGE_SIDE, reach - x : reach - x + IMAGE_SIDE]
    return result


def _control_points(count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the source in the image of each control point of the canvas, float32 (n, 2, points): x, then y."""
    angle = np.deg2rad(rng.normal(0, ROTATION_DEGREES, count).clip(-25, 25))
    shear = rng.normal(0, SHEAR, count).clip(-0.35, 0.35)
    stretch = np.exp(rng.normal(0, ASPECT, count).clip(-0.35, 0.35) / 2)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    slant = np.array([[stretch, shear], [np.zeros(count), 1 / stretch]])
    points = np.einsum("ijn,jkn,kp->nip", turn, slant, _grid(_REACH)) + (IMAGE_SIDE - 1) / 2
    points += rng.normal(0, ELASTIC_PIXELS, points.shape)
    return np.asarray(points, np.float32)


def _grid(side: int) -> NDArray[np.float64]:
    """Return the control points of a square that is `side` wide, around its centre, float64 (2, points): x, then y."""
    knots = np.linspace(-1, 1, _CONTROL_POINTS) * side / 2
    return np.stack(np.meshgrid(knots, knots)).reshape(2, -1)


def _spline_basis(canvas: int) -> NDArray[np.float32]:
    """Return the interpolation matrix of control points, float32 (points, canvas pixels); columns sum to 1."""
    places = (np.arange(canvas) + 0.5) / canvas * (_CONTROL_POINTS - 1)
    knots = np.arange(_CONTROL_POINTS)
    # Lagrange polynomials are exact for straight lines, so the affine part too is given by the control points.
    weights = np.stack(
        [np.prod([(places - other) / (knot - other) for other in knots if other != knot], axis=0) for knot in knots]
    )
    basis = np.einsum("ar,bc->abrc", weights, weights).reshape(_CONTROL_POINTS**2, canvas**2)
    return np.asarray(basis, np.float32)


def _change_pen(ink: NDArray[np.uint8], pen: float) -> NDArray[np.uint8]:
    """Make strokes thinner (-1 to -0.3) or thicker (0.3 to 1); in between they are unchanged."""
    if abs(pen) <= 0.3:
        return ink
    strength = (abs(pen) - 0.3) / 0.7
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3)) if pen < 0 else np.ones((3, 3), np.uint8)
    moved = cv2.dilate(ink, kernel) if pen > 0 else cv2.erode(ink, kernel)
    return np.asarray(cv2.addWeighted(moved, strength, ink, 1 - strength, 0), np.uint8)


def _change_edge(ink: NDArray[np.uint8], edge: float) -> NDArray[np.uint8]:
    """Make edges softer (below -0.3) or harder (above 0.3)."""
    if edge < -0.3:
        return np.asarray(cv2.GaussianBlur(ink, (5, 5), -1.3 * edge), np.uint8)
    return sharpen(ink, gain=1 + 3 * (edge - 0.3)) if edge > 0.3 else ink
