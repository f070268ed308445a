"""A page, seen by the network at several sizes → its characters: their classes, places and neighbours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitry.images.contrast import even_contrast
from digitry.networks.page_answer import (
    AFTER,
    BEFORE,
    CENTRE,
    CLASSES,
    DOWN,
    HEIGHT,
    READABLE,
    RIGHT,
    SIZE,
    STRIDE,
    STRUCK,
    TURN,
    USUAL_SIZE,
    WIDTH,
    WRITTEN,
)
from digitry.reading.near_places import near_places

PageNetworkAnswer = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A page of even contrast, float32 (h, w), h and w multiples of `BLOCK` → outputs, float32 (channels, h/4, w/4)."""

BLOCK = 32
"""In pixels: a page's sides must be multiples of this."""

LARGEST = 1408 * 1056
"""Number of pixels of the largest size at which a page is seen."""

ENLARGED = 2.0
"""Largest factor by which a small picture is enlarged."""

LEAST = 0.3
"""Least probability of a character's centre."""

APART = 0.22
"""Two centres nearer than this, in digit heights, belong to one character."""

ALIKE = 1.4
"""Of two spots of one character, both are averaged only if their sizes differ by less than this factor."""

INNER = 0.8
"""Central share of a character's box, along both axes, in which no other character has its centre."""


class Spots(NamedTuple):
    """Characters found on a page, most probable first; lengths in its pixels."""

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    """Centres, float32 (n,)."""
    size: NDArray[np.float32]
    """Height of a digit in the same writing, float32 (n,)."""
    box: NDArray[np.float32]
    """Left, top, width, height, float32 (n, 4)."""
    found: NDArray[np.float32]
    """Probability that a character is there, float32 (n,)."""
    classes: NDArray[np.float32]
    """Probability of each character, float32 (n, classes); rows sum to 1."""
    after: NDArray[np.float32]
    before: NDArray[np.float32]
    """Probability of a neighbour in the same number, and its centre x, y on the page, float32 (n, 3)."""
    written: NDArray[np.float32]
    struck: NDArray[np.float32]
    turn: NDArray[np.float32]
    """Probability of 0 to 3 clockwise quarter turns that make it upright, float32 (n, 4)."""

    def take(self, places: NDArray[np.integer] | NDArray[np.bool_]) -> Spots:
        """Return some of the spots."""
        return Spots(*(values[places] for values in self))


def find_spots(grey: NDArray[np.uint8], answer: PageNetworkAnswer, *, largest: int = LARGEST) -> Spots:
    """Find the characters on a grey page, uint8 (h, w), at sizes that halve.

    The smallest is such that a digit as high as the page can be read. `largest`: pixels of the largest size.
    """
    scale = min(float(np.sqrt(largest / grey.size)), ENLARGED)
    found = [_seen(level, one, answer) for one, level in _levels(grey, scale)]
    return _one_each(Spots(*(np.concatenate(values) for values in zip(*found, strict=True))))


def spots_at(grey: NDArray[np.uint8], scale: float, answer: PageNetworkAnswer) -> Spots:
    """Find the characters on a grey page, uint8 (h, w), at one `scale`."""
    return _one_each(_seen(_scaled(grey, scale), scale, answer))


def _seen(level: NDArray[np.uint8], scale: float, answer: PageNetworkAnswer) -> Spots:
    return _on_page(spots_of(answer(padded(even_contrast(level)))), level.shape, scale)


def _levels(grey: NDArray[np.uint8], scale: float) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Yield a page at `scale` and at sizes that halve, each with its scale."""
    scales = [scale]
    while min(grey.shape) * scales[-1] > READABLE[1]:
        scales.append(scales[-1] / 2)
    yield scale, _scaled(grey, scale)
    sizes = [_size(grey.shape, one) for one in scales[1:]]
    # A photograph's sizes usually halve exactly: then each is made from the last, not from all the original's pixels.
    halve = scale < 0.5 and all(size == (2 * half[0], 2 * half[1]) for size, half in pairwise(sizes))
    level: NDArray[np.float32] | None = None
    for one, size in zip(scales[1:], sizes, strict=True):
        if halve:
            level = _shrunk(grey, size) if level is None else _area(level, size)
            yield one, np.rint(level).astype(np.uint8)
        else:
            yield one, _scaled(grey, one)


def spots_of(answers: NDArray[np.float32]) -> Spots:
    """Return the peaks of the network's outputs, float32 (channels, h, w), in pixels of the page that it saw."""
    heat = answers[CENTRE]
    peaks = (heat >= cv2.dilate(heat, np.ones((3, 3), np.uint8))) & (heat > np.log(LEAST / (1 - LEAST)))
    row, column = np.nonzero(peaks)
    said = answers[:, row, column].T
    size = np.asarray(USUAL_SIZE * np.exp(np.clip(said[:, SIZE], -1.5, 1.8)), np.float32)
    x = (column + 0.5 + said[:, RIGHT]) * STRIDE
    y = (row + 0.5 + said[:, DOWN]) * STRIDE
    width, height = size * np.exp(np.clip(said[:, WIDTH], -4, 1.5)), size * np.exp(np.clip(said[:, HEIGHT], -4, 1.0))
    after, before = (
        np.stack([_sigmoid(link[:, 0]), x + link[:, 1] * size, y + link[:, 2] * size], 1)
        for link in (said[:, AFTER], said[:, BEFORE])
    )
    return Spots(
        x,
        y,
        size,
        box=np.stack([x - width / 2, y - height / 2, width, height], 1),
        found=_sigmoid(said[:, CENTRE]),
        classes=_softmax(said[:, CLASSES:]),
        after=after,
        before=before,
        written=_sigmoid(said[:, WRITTEN]),
        struck=_sigmoid(said[:, STRUCK]),
        turn=_softmax(said[:, TURN]),
    )


def _size(shape: tuple[int, ...], scale: float) -> tuple[int, int]:
    """Return width and height."""
    return max(8, round(shape[1] * scale)), max(8, round(shape[0] * scale))


def _scaled(grey: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    if scale == 1:
        return grey
    size = _size(grey.shape, scale)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8)


def _shrunk(grey: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float32]:
    """Shrink a page without rounding, one band at a time, as float32 takes four times the memory."""
    bands = math.gcd(grey.shape[0], size[1])
    shape = (size[0], size[1] // bands)
    return np.concatenate([_area(band.astype(np.float32), shape) for band in np.split(grey, bands)])


def _area(page: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.float32)


def padded(page: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pad the page with blank paper at its right and bottom to whole blocks."""
    height, width = page.shape
    return np.pad(page, ((0, -height % BLOCK), (0, -width % BLOCK)))


def _on_page(spots: Spots, shape: tuple[int, ...], scale: float) -> Spots:
    """Return the spots that are readable at this size, in pixels of the original page."""
    low, high = READABLE
    inside = (spots.x < shape[1]) & (spots.y < shape[0]) & (spots.size > low * 0.9) & (spots.size < high * 1.1)
    spots = spots.take(inside)
    grown = np.float32(1 / scale)
    places = np.array([1, grown, grown])
    return spots._replace(
        x=spots.x * grown,
        y=spots.y * grown,
        size=spots.size * grown,
        box=spots.box * grown,
        after=spots.after * places,
        before=spots.before * places,
    )


def _one_each(spots: Spots) -> Spots:
    """Merge the spots of each character: in the place of the surest one, with the average of all outputs."""
    spots = spots.take(np.argsort(-spots.found, kind="stable"))
    of = list(range(len(spots.x)))  # index of the spot that represents its character, -1 for none
    for place, surer in enumerate(_on_each_other(spots)):
        kept = [(away, other) for away, other in surer if of[other] == other]
        if kept:
            away, nearest = min(kept)
            of[place] = nearest if away < np.inf else -1
    stands_for = np.array(of, np.intp)
    return _agreed(spots, np.flatnonzero(stands_for == np.arange(len(of))), stands_for)


def _on_each_other(spots: Spots) -> list[list[tuple[float, int]]]:
    """Find for every spot the surer ones that it conflicts with: the distance in pixels if both may be the same
    character, else infinity, and the index.
    """
    found: list[list[tuple[float, int]]] = [[] for _ in spots.x]
    reach = np.maximum(APART * spots.size, INNER / 2 * spots.box[:, 2:].max(axis=1))
    for one, other in near_places(spots.x, spots.y, np.stack([spots.x, spots.y], 1), reach):
        apart = one != other
        surer, later = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
        away = np.hypot(spots.x[surer] - spots.x[later], spots.y[surer] - spots.y[later])
        near = away < APART * np.minimum(spots.size[surer], spots.size[later])
        within = _holds(spots.box[surer], spots.x[later], spots.y[later])
        within |= _holds(spots.box[later], spots.x[surer], spots.y[surer])
        said = np.where(near, away, np.inf)
        for place in np.flatnonzero(near | within).tolist():
            found[later[place]].append((float(said[place]), int(surer[place])))
    return found


def _agreed(spots: Spots, kept: NDArray[np.integer], of: NDArray[np.integer]) -> Spots:
    """Return the `kept` spots with outputs averaged over all spots of the same character, weighted by probability."""
    kind, size = spots.classes.argmax(axis=1), np.log(spots.size)
    # A point alone does not reveal the size of the digits beside it.
    alike = (abs(size - size[of]) < np.log(ALIKE)) | (kind == kind[of])
    said = np.flatnonzero((of >= 0) & alike)

    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        flat = values.reshape(len(values), math.prod(values.shape[1:]))
        total = np.zeros_like(flat)
        np.add.at(total, of[said], spots.found[said, np.newaxis] * flat[said])
        return np.asarray((total[kept] / weight).reshape(len(kept), *values.shape[1:]), np.float32)

    weight = np.bincount(of[said], spots.found[said], len(of))[kept, np.newaxis]
    names = ("size", "classes", "after", "before", "written", "struck", "turn")
    return spots.take(kept)._replace(**{name: mean(getattr(spots, name)) for name in names})


def _holds(box: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which points lie well inside boxes, float32 (…, 4): characters may touch, but not cover another's centre."""
    left, top, width, height = np.moveaxis(box, -1, 0)
    sideways = np.abs(x - left - width / 2) < INNER / 2 * width
    return np.asarray(sideways & (np.abs(y - top - height / 2) < INNER / 2 * height))


def _sigmoid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))), np.float32)


def _softmax(values: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
