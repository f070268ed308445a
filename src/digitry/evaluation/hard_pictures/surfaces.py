"""Paper and boards, what is printed on them, the light that falls on them, and the camera."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Scene = NDArray[np.float32]
"""Red, green and blue, float32 (h, w, 3), 0 to 1."""

PAPERS = {
    "white": (0.97, 0.97, 0.96),
    "cream": (0.96, 0.92, 0.82),
    "grey": (0.82, 0.82, 0.80),
    "brown": (0.78, 0.66, 0.50),
}
BOARDS = {"green": (0.14, 0.27, 0.21), "black": (0.12, 0.12, 0.13), "blue": (0.13, 0.20, 0.36)}
"""Colours of light and of dark surfaces."""

RULINGS = ("none", "lines", "squares")
INKS_OF_RULINGS = ((0.45, 0.60, 0.85), (0.60, 0.60, 0.62), (0.85, 0.55, 0.55))


def surface(shape: tuple[int, int], colour: tuple[float, float, float], rng: np.random.Generator) -> Scene:
    """Make a sheet (h, w) of one colour with fibres and stains."""
    fine = cv2.GaussianBlur(rng.standard_normal(shape, np.float32), (0, 0), 1.0)
    coarse = rng.standard_normal((1 + shape[0] // 24, 1 + shape[1] // 24), np.float32)
    stains = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    texture = rng.uniform(0.005, 0.05) * fine + rng.uniform(0, 0.015) * stains
    return np.asarray(np.asarray(colour, np.float32) * (1 + texture)[..., np.newaxis], np.float32)


def rule(sheet: Scene, ruling: str, spacing: float, rng: np.random.Generator, *, first: float | None = None) -> None:
    """Print lines or squares on the sheet, in place, `spacing` pixels apart; the first line at `first`."""
    if ruling == "none":
        return
    height, width = sheet.shape[:2]
    thick = max(1, round(spacing * rng.uniform(0.01, 0.03)))
    cover = np.zeros((height, width), np.float32)
    start = rng.uniform(0, spacing) if first is None else first
    for y in np.arange(start, height, spacing):
        cover[round(y) : round(y) + thick] = 1
    if ruling == "squares":
        for x in np.arange(rng.uniform(0, spacing), width, spacing):
            cover[:, round(x) : round(x) + thick] = 1
    cover *= rng.uniform(0.3, 0.7)
    ink = np.asarray(INKS_OF_RULINGS[rng.integers(len(INKS_OF_RULINGS))], np.float32)
    sheet += cover[..., np.newaxis] * (ink - sheet)


def light(scene: Scene, strength: float, rng: np.random.Generator) -> Scene:
    """Light the scene from one side, perhaps warmly: the far side loses up to `strength` (0 to 1) of the light."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = _places(scene)
    slope = (x * np.cos(angle) + y * np.sin(angle)) / (abs(np.cos(angle)) + abs(np.sin(angle)))
    warm = np.asarray((1, 1 - 0.5 * (tint := rng.uniform(0, 0.12)), 1 - tint), np.float32)
    return np.asarray(scene * (1 - strength * (slope + 1) / 2)[..., np.newaxis] * warm, np.float32)


def shadow(scene: Scene, rng: np.random.Generator) -> Scene:
    """Cast the shadow of a hand or head: one soft-edged half of the picture keeps 55 to 85% of the light."""
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.5, 0.5)
    y, x = _places(scene)
    bend = rng.uniform(-0.4, 0.4)
    distance = x * np.cos(angle) + y * np.sin(angle) - offset + bend * (x * np.sin(angle) - y * np.cos(angle)) ** 2
    softness = rng.uniform(0.03, 0.25)
    inside = np.clip(distance / softness + 0.5, 0, 1)
    kept = rng.uniform(0.55, 0.85)
    return np.asarray(scene * (1 - (1 - kept) * inside)[..., np.newaxis], np.float32)


def _places(scene: Scene) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return each pixel's vertical (h, 1) and horizontal (1, w) position, −1 to 1."""
    height, width = scene.shape[:2]
    down, right = np.linspace(-1, 1, height, dtype=np.float32), np.linspace(-1, 1, width, dtype=np.float32)
    return down[:, np.newaxis], right[np.newaxis]


def camera(scene: Scene, blur: float, quality: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Photograph the scene: blurred by `blur` pixels, noisy, exposed, saved as JPEG and opened again."""
    if blur > 0.2:
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), blur), np.float32)
    exposure, noise = np.float32(rng.uniform(0.85, 1.05)), np.float32(rng.uniform(0.003, 0.025))
    grain = noise * rng.standard_normal(scene.shape[:2], np.float32)
    pixels = np.rint(255 * np.clip(scene * exposure + grain[..., np.newaxis], 0, 1)).astype(np.uint8)
    written, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert written
    return np.asarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1], np.uint8)
