"""Ink → a synthetic photograph of it: paper, print, light, lens and file."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def photograph(ink: NDArray[np.uint8], stroke: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a grey picture, uint8 (h, w), of dark ink on paper. `stroke` is the width of the pen in pixels.

    Half of the pictures have fairly plain paper; the others rules, security print, uneven light, blur, noise and JPEG.
    """
    height, width = ink.shape
    paper = float(rng.uniform(110, 250))
    depth = float(rng.uniform(0.12, 0.9)) if rng.random() < 0.5 else float(rng.uniform(0.5, 0.95))
    inked = ink.astype(np.float32) * np.float32(depth / 255)
    if rng.random() < 0.4:  # varying pressure, and a pen running dry
        inked *= 1 - rng.uniform(0.1, 0.45) * soft_patches(height, width, max(height / rng.uniform(1, 4), 3), rng)
    page = 1 - inked
    if rng.random() < 0.5:
        page *= 1 - np.float32(depth) * _rules(height, width, stroke, rng)
    if rng.random() < 0.45:
        page *= 1 - np.float32(rng.uniform(0.05, 0.55) * depth) * security_print(height, width, stroke, rng)
    page *= np.float32(paper)
    page *= light_on_paper(height, width, rng)
    if rng.random() < 0.5:
        page += np.float32(rng.uniform(1, 8)) * (
            soft_patches(height, width, rng.uniform(1.5, 4), rng) - np.float32(0.5)
        )
    if rng.random() < 0.6:
        page = np.asarray(cv2.GaussianBlur(page, (0, 0), rng.uniform(0.3, 0.35 * stroke + 0.31)), np.float32)
    if rng.random() < 0.6:
        page += rng.standard_normal(page.shape, np.float32) * np.float32(rng.uniform(0.5, 9) * min(1, 2 * depth))
    picture = np.clip(page, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        _, file = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 92))])
        picture = np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8)
    return np.asarray(picture, np.uint8)


def soft_patches(height: int, width: int, grain: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return smooth random values from 0 to 1 in patches of `grain` pixels, float32 (h, w)."""
    size = (max(2, round(height / grain)), max(2, round(width / grain)))
    return np.asarray(cv2.resize(rng.random(size, np.float32), (width, height), interpolation=cv2.INTER_LINEAR))


def light_on_paper(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the light on every pixel, relative to full light: a gradient, and sometimes the edge of a shadow."""
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = 1 + np.float32(rng.normal(0, 0.08)) * x + np.float32(rng.normal(0, 0.06)) * y
    if rng.random() < 0.2:
        angle, softness = rng.uniform(0, 2 * np.pi), rng.uniform(0.02, 0.5)
        side = np.cos(angle) * x + np.sin(angle) * y - rng.uniform(-0.8, 0.8)
        light *= 1 - rng.uniform(0.1, 0.5) / (1 + np.exp(-np.clip(side / softness, -30, 30)))
    return np.clip(light, 0.3, 1.3).astype(np.float32)


def _rules(height: int, width: int, stroke: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw printed lines, 0 to 1 of the ink's depth: below, above and through the writing, vertical at its ends."""
    drawn = np.zeros((height, width), np.uint8)
    level = int(rng.uniform(60, 255))
    thick = max(1, round(stroke * rng.uniform(0.25, 1.1)))
    fine = 6
    for across in (True, False):
        reach, other = (height, width) if across else (width, height)
        count = int(rng.integers(1, 4)) if across or rng.random() < 0.5 else 0
        for _ in range(count):
            # Rules are far more often at the edges of the writing than through it.
            at = reach * (rng.beta(0.35, 0.35) if across else rng.beta(0.25, 0.25))
            tilt = rng.normal(0, 0.012) * other
            start, end = (0.0, 1.0) if rng.random() < 0.7 else sorted(rng.random(2))
            if not across:
                # A vertical line that ends within the picture would be a 1, except at the very side, as of a frame.
                if min(at, reach - at) >= 0.03 * min(width, height):
                    start, end = 0.0, 1.0
                elif rng.random() < 0.5:
                    start = 0.0
                else:
                    end = 1.0
            a, b = np.array([start * other, at]), np.array([end * other, at + tilt])
            if not across:
                a, b = a[::-1], b[::-1]
            cv2.line(drawn, _fixed(a, fine), _fixed(b, fine), level, thick, cv2.LINE_AA, fine)
    if rng.random() < 0.1:
        drawn[:, :: int(rng.integers(2, 6))] //= 3  # dotted
    return drawn.astype(np.float32) / np.float32(255)


def _fixed(point: NDArray[np.float64], fine: int) -> tuple[int, int]:
    x, y = np.rint(point * (1 << fine)).astype(int)
    return int(x), int(y)


def security_print(height: int, width: int, stroke: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw families of fine waves, as on cheques and bank notes, 0 to 1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    total = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        angle = rng.uniform(0, np.pi)
        along = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
        across = np.float32(-np.sin(angle)) * x + np.float32(np.cos(angle)) * y
        period = stroke * rng.uniform(1.0, 4.5)
        bend, bend_period = stroke * rng.uniform(0, 5), stroke * rng.uniform(6, 40)
        phase = (across + bend * np.sin(along * np.float32(2 * np.pi / bend_period))) * np.float32(2 * np.pi / period)
        wave = np.cos(phase + np.float32(rng.uniform(0, 6)), dtype=np.float32)
        sharp = np.float32(rng.uniform(0, 0.8))
        np.maximum(total, (wave - sharp) / (1 - sharp), out=total)
    return total
