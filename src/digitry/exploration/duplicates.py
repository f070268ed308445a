"""Find exact and near duplicates among the images of a dataset, within and across its splits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.datasets.same_images import first_of_its_kind
from digitry.types import IMAGE_SIDE, Dataset, Images, Labels

NEAR_SIMILARITY = 0.99
"""Least cosine similarity of near duplicates: a copy saved as JPEG or made lighter stays above it; digits by different
people hardly ever reach it. A shifted or rotated copy counts as another image."""

MOST_CANDIDATES = 1_000_000
"""The search stops after this many candidate pairs, since a set of nearly equal pictures has billions."""

_PROJECTED = 48
_ROWS, _COLUMNS = 512, 2560
_TILE_ROWS, _TILE_COLUMNS = 64, 80
"""Products are computed in tiles too small for BLAS to use threads: almost as fast on idle cores, and ten times faster
than waiting for the threads on busy ones."""
_CHUNK_ROWS = 2048
_ROUNDING = 1e-5
_KEPT = 24


@dataclass(frozen=True)
class Place:
    """The position of an image in a dataset, and its label."""

    split: str
    index: int
    label: int


@dataclass(frozen=True)
class SameImages:
    """A group of identical images (similarity 1), or a pair of near duplicates."""

    places: tuple[Place, ...]
    similarity: float

    @property
    def labels_differ(self) -> bool:
        """Whether the images have different labels."""
        return len({place.label for place in self.places}) > 1


@dataclass(frozen=True)
class Duplicates:
    """Counts, and a few example matches: those with different labels first, then the most similar."""

    exact_train: int
    """Training images that repeat an earlier training image."""
    exact_test: int
    """Test images that repeat an earlier test image."""
    exact_across: int
    """Test images that are also in the training split."""
    exact_conflicts: int
    """Groups of identical images with more than one label."""
    near_train: int
    """Near pairs within train; all near pairs consist of distinct images, counting copies once."""
    near_test: int
    near_across: int
    near_images: int
    """Distinct images that are part of a near pair."""
    near_conflicts: int
    """Near pairs with two labels."""
    near_complete: bool
    """False if the search was cut short: the near counts are then lower bounds."""
    exact_matches: tuple[SameImages, ...]
    near_matches: tuple[SameImages, ...]

    def to_json(self) -> dict[str, Any]:
        """Return them as plain JSON values."""
        return {
            "exact": {
                "train": self.exact_train,
                "test": self.exact_test,
                "test_also_in_train": self.exact_across,
                "groups_with_different_labels": self.exact_conflicts,
                "examples": [_match_json(match) for match in self.exact_matches],
            },
            "near": {
                "cosine_similarity_at_least": NEAR_SIMILARITY,
                "pairs_train": self.near_train,
                "pairs_test": self.near_test,
                "pairs_across": self.near_across,
                "images": self.near_images,
                "pairs_with_different_labels": self.near_conflicts,
                "complete": self.near_complete,
                "examples": [_match_json(match) for match in self.near_matches],
            },
        }


def find_duplicates(
    dataset: Dataset, tick: Callable[[float], None] = lambda share: None, *, examples: int | None = _KEPT
) -> Duplicates:
    """Compare all images of all splits with each other; `tick` is called with the share done, 0 to 1.

    At most `examples` of each kind are kept, those with different labels first; None keeps all.
    """
    splits = [dataset.train] if dataset.test is None else [dataset.train, dataset.test]
    images = splits[0].images if len(splits) == 1 else np.concatenate([split.images for split in splits])
    labels = np.concatenate([split.labels for split in splits])
    border = len(dataset.train)

    def place(position: int) -> Place:
        if position < border:
            return Place("train", position, int(labels[position]))
        return Place("test", position - border, int(labels[position]))

    first = first_of_its_kind(images)
    repeated = np.flatnonzero(first != np.arange(len(images)))
    in_train = first < border
    of_test = repeated[repeated >= border]
    # A copy in test repeats an earlier test image if its group already has one.
    _, met = np.unique(first[border:], return_index=True)
    conflicts = np.unique(first[repeated[labels[repeated] != labels[first[repeated]]]])
    shown = list(dict.fromkeys([*conflicts.tolist(), *np.unique(first[repeated]).tolist()]))[:examples]
    exact = [SameImages(tuple(place(i) for i in np.flatnonzero(first == kind).tolist()), 1.0) for kind in shown]

    kinds = np.flatnonzero(first == np.arange(len(images)))
    pairs, similarities, complete = near_pairs(images[kinds] if len(kinds) < len(images) else images, tick)
    pairs = kinds[pairs]
    left, right = pairs[:, 0], pairs[:, 1]
    differ = labels[left] != labels[right]
    order = np.lexsort((right, left, -similarities, ~differ))[:examples]
    return Duplicates(
        exact_train=int(np.count_nonzero(repeated < border)),
        exact_test=len(images) - border - len(met),
        exact_across=int(np.count_nonzero(in_train[of_test])),
        exact_conflicts=len(conflicts),
        near_train=int(np.count_nonzero(right < border)),
        near_test=int(np.count_nonzero(left >= border)),
        near_across=int(np.count_nonzero((left < border) & (right >= border))),
        near_images=len(np.unique(pairs)),
        near_conflicts=int(np.count_nonzero(differ)),
        near_complete=complete,
        exact_matches=tuple(exact),
        near_matches=tuple(
            SameImages((place(int(left[i])), place(int(right[i]))), round(float(similarities[i]), 5)) for i in order
        ),
    )


def near_pairs(
    images: Images, tick: Callable[[float], None] = lambda share: None
) -> tuple[Labels, NDArray[np.float64], bool]:
    """Return all pairs with a cosine similarity of at least NEAR_SIMILARITY: positions (pairs, 2), similarities, and
    whether the search was complete.

    The search is exact. Each unit-length image u is projected onto an orthonormal basis, P u, and its residual length r
    is appended. Then u·v ≤ P u·P v + r_u r_v, so a pair whose short vectors are below the threshold can be skipped; for
    all others the similarity is computed from the 784 pixels. With images sorted by one coordinate, only those that
    differ little enough in it need to be compared. Blank images have no direction and match nothing.
    """
    flat = images.reshape(len(images), -1)
    kept = np.flatnonzero(flat.any(axis=1))
    flat = flat if len(kept) == len(flat) else flat[kept]
    if len(flat) < 2:
        tick(1.0)
        return np.zeros((0, 2), np.int64), np.zeros(0), True
    short = _shorten(flat)
    widest = int(np.argmax(short.var(axis=0)))
    order = np.argsort(short[:, widest], kind="stable")
    short = short[order]
    key = short[:, widest]
    reach = float(np.sqrt(2 - 2 * NEAR_SIMILARITY)) + _ROUNDING
    ends = np.searchsorted(key, key[np.minimum(np.arange(0, len(key), _ROWS) + _ROWS, len(key)) - 1] + reach)
    short = np.pad(short, ((0, _ROWS + _COLUMNS), (0, 0)))
    work = np.cumsum(ends - np.arange(0, len(key), _ROWS))

    found: list[Labels] = []
    similar: list[NDArray[np.float64]] = []
    left_to_check = MOST_CANDIDATES
    for block, start in enumerate(range(0, len(key), _ROWS)):
        for other in range(start, int(ends[block]), _COLUMNS):
            tiles = _tiled_products(short, start, other, int(ends[block]))
            if tiles.max() < NEAR_SIMILARITY - _ROUNDING:
                continue
            down, across, row, column = np.nonzero(tiles >= NEAR_SIMILARITY - _ROUNDING)
            row, column = start + down * _TILE_ROWS + row, other + across * _TILE_COLUMNS + column
            once = row < column
            pairs = order[np.stack([row[once], column[once]], axis=1)]
            left_to_check -= len(pairs)
            pairs = pairs[: len(pairs) + min(left_to_check, 0)]
            exact = _similarities(flat, pairs)
            near = exact >= NEAR_SIMILARITY
            found.append(np.sort(kept[pairs[near]], axis=1))
            similar.append(exact[near])
            if left_to_check < 0:
                tick(1.0)
                return np.concatenate(found), np.concatenate(similar), False
        tick(float(work[block] / work[-1]))
    if not found:
        return np.zeros((0, 2), np.int64), np.zeros(0), True
    return np.concatenate(found), np.concatenate(similar), True


def _tiled_products(short: NDArray[np.float32], start: int, other: int, end: int) -> NDArray[np.float32]:
    """Return the dot products of _ROWS vectors from `start` with those from `other` to `end` or slightly beyond, in
    tiles: (tiles down, tiles across, _TILE_ROWS, _TILE_COLUMNS).
    """
    across = -(-(min(other + _COLUMNS, end) - other) // _TILE_COLUMNS)
    left = short[start : start + _ROWS].reshape(-1, 1, _TILE_ROWS, short.shape[1])
    right = short[other : other + across * _TILE_COLUMNS].reshape(1, across, _TILE_COLUMNS, short.shape[1])
    return left @ right.transpose(0, 1, 3, 2)


def _shorten(flat: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Project unit-length images onto principal axes of a sample and append the residual length, float32 (n, ≤ 48)."""
    half = IMAGE_SIDE // 2
    sample = _unit(flat[:: max(1, len(flat) // 4000)])
    # The axes of half-size images are nearly as good and found much faster. Dividing by 2, not by 4, keeps them
    # orthonormal when they are enlarged again.
    small = sample.reshape(-1, half, 2, half, 2).sum(axis=(2, 4)).reshape(len(sample), -1) / 2
    _, axes = np.linalg.eigh(small.T @ small)
    axes = axes[:, ::-1][:, : _PROJECTED - 1].reshape(half, half, -1)
    axes = np.repeat(np.repeat(axes, 2, axis=0), 2, axis=1).reshape(flat.shape[1], -1) / 2
    short = np.empty((len(flat), axes.shape[1] + 1), np.float32)
    done = 0
    for chunk in _chunks(flat):
        projected = _unit(chunk) @ axes
        short[done : done + len(chunk), :-1] = projected
        rest = 1 - np.einsum("ij,ij->i", projected, projected)
        short[done : done + len(chunk), -1] = np.sqrt(np.maximum(rest, 0))
        done += len(chunk)
    return short


def _similarities(flat: NDArray[np.uint8], pairs: Labels) -> NDArray[np.float64]:
    values = [np.zeros(0)]
    for chunk in _chunks(pairs):
        left, right = flat[chunk[:, 0]].astype(np.float32), flat[chunk[:, 1]].astype(np.float32)
        dots, lefts, rights = (np.einsum("ij,ij->i", a, b) for a, b in ((left, right), (left, left), (right, right)))
        values.append(dots.astype(np.float64) / np.sqrt(lefts.astype(np.float64) * rights))
    return np.concatenate(values)


def _unit(flat: NDArray[np.uint8]) -> NDArray[np.float32]:
    pixels = flat.astype(np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", pixels, pixels))
    pixels /= lengths[:, np.newaxis]
    return pixels


def _chunks(rows: NDArray[Any]) -> Iterator[NDArray[Any]]:
    for start in range(0, len(rows), _CHUNK_ROWS):
        yield rows[start : start + _CHUNK_ROWS]


def _match_json(match: SameImages) -> dict[str, Any]:
    return {
        "similarity": match.similarity,
        "images": [{"split": p.split, "index": p.index, "label": p.label} for p in match.places],
    }
