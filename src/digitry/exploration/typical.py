"""Find the images that are the most and the least like the rest of their class."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.types import Labels, Split

RULE = (
    "cosine similarity to the mean of the class, taken over unit-length images, so that the thickness and the "
    "brightness of the stroke count little; the least similar tenth of the class is left out of the mean"
)
EXAMPLES_SHOWN = 8
"""Number of images shown per class at each end."""

_TRIMMED = 0.1
_CHUNK = 2048


@dataclass(frozen=True, eq=False)
class Typical:
    """Positions in the split, by class: the most typical first in `most`, the least typical first in `least`."""

    most: tuple[Labels, ...]
    least: tuple[Labels, ...]
    similarity: NDArray[np.float32]
    """Of every image to its class, 0 to 1; 0 for a blank image."""

    def to_json(self) -> dict[str, Any]:
        """Return them as plain JSON values."""
        return {
            "rule": RULE,
            "most": [_positions_json(positions, self.similarity) for positions in self.most],
            "least": [_positions_json(positions, self.similarity) for positions in self.least],
        }


def find_typical(
    split: Split, classes: int, count: int = EXAMPLES_SHOWN, tick: Callable[[float], None] = lambda share: None
) -> Typical:
    """Find up to `count` most and least typical images per class, by RULE; no image is in both lists of its class."""
    flat = split.images.reshape(len(split), math.prod(split.images.shape[1:]))
    similarity = np.zeros(len(split), np.float32)
    most, least = [], []
    for label in range(classes):
        members = np.flatnonzero(split.labels == label)
        images = flat[members]
        rough = _similarity(images, _direction(images))
        kept = np.sort(np.argsort(rough, kind="stable")[int(len(members) * _TRIMMED) :])
        similarity[members] = _similarity(images, _direction(images[kept]))
        order = members[np.argsort(-similarity[members], kind="stable")]
        shown = min(count, (len(order) + 1) // 2)
        most.append(order[:shown])
        least.append(order[::-1][: min(shown, len(order) - shown)])
        tick((label + 1) / classes)
    return Typical(tuple(most), tuple(least), similarity)


def _direction(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the unit-length mean of unit-length images (n, pixels), float32 (pixels,)."""
    total = np.zeros(images.shape[1])
    for units in _unit_chunks(images):
        total += units.sum(axis=0)
    return (total / (np.linalg.norm(total) or 1)).astype(np.float32)


def _similarity(images: NDArray[np.uint8], direction: NDArray[np.float32]) -> NDArray[np.float32]:
    values = [np.einsum("ij,j->i", units, direction) for units in _unit_chunks(images)]
    return np.concatenate(values) if values else np.zeros(0, np.float32)


def _unit_chunks(images: NDArray[np.uint8]) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(images), _CHUNK):
        pixels = images[start : start + _CHUNK].astype(np.float32)
        lengths = np.sqrt(np.einsum("ij,ij->i", pixels, pixels))
        pixels /= np.where(lengths > 0, lengths, 1)[:, np.newaxis]
        yield pixels


def _positions_json(positions: Labels, similarity: NDArray[np.float32]) -> list[dict[str, Any]]:
    return [{"index": int(i), "similarity": round(float(similarity[i]), 4)} for i in positions]
