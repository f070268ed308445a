"""Which images are the most and the least like the rest of their class."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.arrays import Labels, Split

RULE = (
    "cosine similarity to the mean of the class, taken over unit-length images, so that the thickness and the "
    "brightness of the stroke count little; the least similar tenth of the class is left out of the mean"
)
EXAMPLES = 8
"""How many images of a class are shown at either end."""

_TRIMMED = 0.1
_CHUNK = 1024


@dataclass(frozen=True, eq=False)
class Typical:
    """Positions in the split, by class: best first in `most`, worst first in `least`; empty for an empty class."""

    most: tuple[Labels, ...]
    least: tuple[Labels, ...]
    similarity: NDArray[np.float32]
    """Of every image to its class, 0 to 1; a blank image has 0."""

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": RULE,
            "most": [_positions_json(positions, self.similarity) for positions in self.most],
            "least": [_positions_json(positions, self.similarity) for positions in self.least],
        }


def find_typical(
    split: Split, classes: int, count: int = EXAMPLES, tick: Callable[[float], None] = lambda share: None
) -> Typical:
    """The `count` most and least typical images of each class, by RULE; no image is in both of a class's lists."""
    everyone = np.ones(len(split), bool)
    rough = _similarity(split, _class_means(split, classes, everyone))
    tick(0.5)
    kept = everyone
    for label in range(classes):
        members = np.flatnonzero(split.labels == label)
        dropped = int(len(members) * _TRIMMED)
        kept[members[np.argsort(rough[members], kind="stable")[:dropped]]] = False
    similarity = _similarity(split, _class_means(split, classes, kept))
    most, least = [], []
    for label in range(classes):
        members = np.flatnonzero(split.labels == label)
        order = members[np.argsort(-similarity[members], kind="stable")]
        shown = min(count, len(order) // 2) if len(order) > 1 else len(order)
        most.append(order[:shown])
        least.append(order[::-1][: min(shown, len(order) - shown)])
    tick(1.0)
    return Typical(tuple(most), tuple(least), similarity)


def _class_means(split: Split, classes: int, kept: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Unit-length mean direction of each class over the kept images, float32 (classes, pixels)."""
    sums = np.zeros((classes, split.images[0].size if len(split) else 0))
    for rows, units in _unit_chunks(split):
        belongs = (split.labels[rows] == np.arange(classes)[:, np.newaxis]) & kept[rows]
        sums += belongs.astype(np.float32) @ units
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return (sums / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def _similarity(split: Split, means: NDArray[np.float32]) -> NDArray[np.float32]:
    values = np.zeros(len(split), np.float32)
    for rows, units in _unit_chunks(split):
        values[rows] = (units @ means.T)[np.arange(len(units)), split.labels[rows]]
    return values


def _unit_chunks(split: Split) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    for start in range(0, len(split), _CHUNK):
        rows = slice(start, min(start + _CHUNK, len(split)))
        pixels = split.images[rows].reshape(rows.stop - start, -1).astype(np.float32)
        lengths = np.sqrt(np.einsum("ij,ij->i", pixels, pixels))
        pixels /= np.where(lengths > 0, lengths, 1)[:, np.newaxis]
        yield rows, pixels


def _positions_json(positions: Labels, similarity: NDArray[np.float32]) -> list[dict[str, Any]]:
    return [{"index": int(i), "similarity": round(float(similarity[i]), 4)} for i in positions]
