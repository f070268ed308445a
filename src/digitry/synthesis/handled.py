"""Traces of handling and photographing paper: folds, punch holes, a thumb, the shadow of a hand."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
"""Reflectance, float32 (h, w): 1 is the paper, 0 is black."""

FOLD_SHARE, HOLE_SHARE, THUMB_SHARE, SHADOW_SHARE = 0.1, 0.05, 0.06, 0.1
"""Shares of the windows with folds, punch holes, a thumb, and the shadow of a hand or a head."""


def handled(page: Grey, size: float, rng: np.random.Generator) -> tuple[Grey, NDArray[np.bool_]]:
    """Return the page, sometimes folded, punched, held or shadowed, and a mask of where its content is visible.

    `page` has digits `size` pixels high.
    """
    shown = np.ones(page.shape, bool)
    if rng.random() < FOLD_SHARE:
        for _ in range(1 if rng.random() < 0.6 else 2):
            page = creased(page, rng)
    if rng.random() < HOLE_SHARE:
        page, seen = punched(page, size, rng)
        shown &= seen
    if rng.random() < SHADOW_SHARE:
        page = shadowed(page, rng)
    if rng.random() < THUMB_SHARE:
        page, seen = held(page, rng)
        shown &= seen
    return page, shown


def creased(page: Grey, rng: np.random.Generator) -> Grey:
    """Return the page with a fold across it: a dark and a light line, and one side darker, especially near it."""
    angle = rng.choice([0.0, 0.5]) * np.pi + (rng.normal(0, 0.04) if rng.random() < 0.8 else rng.normal(0, 0.5))
    away = _away(page.shape, angle) - np.float32(rng.uniform(-0.4, 0.4) * page.shape[1])
    away *= np.float32(rng.choice([-1, 1]))
    reach = np.float32(rng.uniform(15, 200))
    light = 1 - np.float32(rng.uniform(0.02, 0.2)) * (away > 0) * (0.35 + 0.65 * np.exp(-np.maximum(away, 0) / reach))
    wide = np.float32(rng.uniform(0.5, 1.8))
    light -= np.float32(rng.uniform(0.03, 0.35)) * np.exp(-((away / wide) ** 2))
    light += np.float32(rng.uniform(0, 0.2)) * np.exp(-(((away + 2 * wide) / wide) ** 2))
    return np.asarray(page * light, np.float32)


def punched(page: Grey, size: float, rng: np.random.Generator) -> tuple[Grey, NDArray[np.bool_]]:
    """Return the page with one to four holes along a side that show the background, and a mask of where it is whole."""
    high, wide = page.shape
    radius = float(np.clip(size * rng.uniform(0.3, 1.1), 4, 45))
    apart = radius * rng.uniform(4, 16)
    along = rng.uniform(0, high) + apart * np.arange(int(rng.integers(1, 5)))
    across = rng.uniform(1.2 * radius, 0.25 * wide)
    centres = np.stack([np.full(len(along), across), along], 1)
    if rng.random() < 0.5:
        centres[:, 0] = wide - centres[:, 0]
    if rng.random() < 0.3:
        centres = centres[:, ::-1]
    ground, edge = np.float32(rng.uniform(0.03, 1.1)), np.float32(rng.uniform(0.4, 0.95))
    light = rng.uniform(0, 2 * np.pi)
    whole, page = np.ones(page.shape, bool), page.copy()
    for x, y in centres.tolist():
        away = np.hypot(*_from(page.shape, x, y))
        lit = np.hypot(*_from(page.shape, x + 0.25 * radius * np.cos(light), y + 0.25 * radius * np.sin(light)))
        # The rim of the hole casts a shadow on one side.
        behind = np.where(lit < 0.85 * radius, ground, ground * edge)
        share = np.clip(radius + 0.5 - away, 0, 1)
        page += share * (behind - page)
        whole &= away > radius
    return page, whole


def shadowed(page: Grey, rng: np.random.Generator) -> Grey:
    """Return the page in the shadow of a hand or head: a round shape from beyond the border, its edge soft or hard."""
    high, wide = page.shape
    angle = rng.uniform(0, 2 * np.pi)
    centre = np.array([wide, high]) * (0.5 + 0.55 * np.array([np.cos(angle), np.sin(angle)]))
    dark = np.zeros(page.shape, np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        x, y = np.rint(centre + rng.normal(0, 0.12, 2) * wide).astype(int).tolist()
        axes = np.rint(np.exp(rng.uniform(np.log(0.12), np.log(0.6), 2)) * wide).astype(int).tolist()
        cv2.ellipse(dark, (x, y), axes, rng.uniform(0, 180), 0, 360, 255, cv2.FILLED)
    soft = cv2.GaussianBlur(dark, (0, 0), np.exp(rng.uniform(np.log(1.5), np.log(40))))
    return np.asarray(page * (1 - np.float32(rng.uniform(0.2, 0.65) / 255) * soft), np.float32)


def held(page: Grey, rng: np.random.Generator) -> tuple[Grey, NDArray[np.bool_]]:
    """Return the page with a thumb on it, from beyond the border, and a mask of where it is not covered."""
    high, wide = page.shape
    angle = rng.uniform(0, 2 * np.pi)
    thick, long = rng.uniform(0.06, 0.2) * wide, rng.uniform(0.1, 0.35) * wide
    inward = -np.array([np.cos(angle), np.sin(angle)])
    border = np.array([wide, high]) * (0.5 - 0.5 * inward / np.abs(inward).max())
    tip = border + inward * long + rng.normal(0, 0.05, 2) * wide
    lean = rng.normal(0, 0.3)
    along = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]]) @ inward
    x, y = _from(page.shape, *(tip - along * thick).tolist())
    forth, aside = (
        x * np.float32(along[0]) + y * np.float32(along[1]),
        x * np.float32(-along[1]) + y * np.float32(along[0]),
    )
    # A round tip, and behind it a finger of the same width.
    away = np.where(forth > 0, np.hypot(forth / 1.15, aside), np.abs(aside)) / np.float32(thick)
    skin = np.float32(rng.uniform(0.25, 0.9)) * (1 - np.float32(rng.uniform(0.1, 0.5)) * np.minimum(away, 1) ** 3)
    if rng.random() < 0.6:  # the nail
        nail = np.hypot((forth - 0.35 * thick) / (0.65 * thick), aside / (0.6 * thick))
        skin *= 1 + np.float32(rng.uniform(0.05, 0.25)) * np.clip((1 - nail) * 6, 0, 1)
        skin *= 1 - np.float32(rng.uniform(0, 0.12)) * np.exp(-(((nail - 1) * 14) ** 2))
    shadow = np.float32(rng.uniform(0.1, 0.5)) * np.exp(-np.maximum(away - 1, 0) * np.float32(rng.uniform(3, 15)))
    share = np.clip((1 - away) * np.float32(thick / rng.uniform(1, 4)) + 0.5, 0, 1)
    return np.asarray((page * (1 - shadow)) * (1 - share) + skin * share, np.float32), away > 1


def _from(shape: tuple[int, ...], x: float, y: float) -> tuple[Grey, Grey]:
    """Return the offset of every pixel from x, to the right, and from y, downwards."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    return columns - np.float32(x), rows - np.float32(y)


def _away(shape: tuple[int, ...], angle: float) -> Grey:
    """Return the signed distance of every pixel from a line through the centre, in pixels."""
    x, y = _from(shape, shape[1] / 2, shape[0] / 2)
    return np.asarray(np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y, np.float32)
