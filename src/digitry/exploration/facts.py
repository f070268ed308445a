"""What is in a dataset, in numbers: counts, pixels, ink, class means, duplicates, typical examples."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.errors import DataError
from digitry.exploration.duplicates import Duplicates, find_duplicates
from digitry.exploration.typical import Typical, find_typical
from digitry.types import Dataset, Split

TellShare = Callable[[str, float], None]
"""Called with the current step and the share of all work done, 0 to 1."""

INK_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

_CHUNK = 2048
"""Images per chunk: small enough for the cache, and 2048 × 255² still fits in 32 bits."""


@dataclass(frozen=True, eq=False)
class SplitFacts:
    """One split in numbers. Arrays by class are NaN for empty classes."""

    samples: int
    class_counts: tuple[int, ...]
    minimum: int
    maximum: int
    mean: float
    """Of all pixels, 0 to 255."""
    sd: float
    constant_pixels: int
    """Number of pixels that have the same value in every image."""
    histogram: NDArray[np.int64]
    """How many pixels of the whole split have each value, (256,)."""
    ink_mean: NDArray[np.float64]
    """Mean over the class of each image's ink share, (classes,): 0 is blank paper, 1 is full ink everywhere."""
    ink_sd: NDArray[np.float64]
    ink_quantiles: NDArray[np.float64]
    """The INK_QUANTILES of the ink share, (classes, 5)."""
    mean_images: NDArray[np.float32]
    """(classes, 28, 28), 0 to 255."""
    sd_images: NDArray[np.float32]

    @property
    def imbalance(self) -> float:
        """Largest class ÷ smallest class; infinite if a class is empty."""
        smallest = min(self.class_counts)
        return max(self.class_counts) / smallest if smallest else math.inf

    def to_json(self) -> dict[str, Any]:
        """Return them as plain JSON values."""
        return {
            "samples": self.samples,
            "class_counts": list(self.class_counts),
            "imbalance": round(self.imbalance, 4) if math.isfinite(self.imbalance) else None,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "mean": round(self.mean, 4),
            "sd": round(self.sd, 4),
            "constant_pixels": self.constant_pixels,
            "ink_mean": [_number(value) for value in self.ink_mean],
            "ink_sd": [_number(value) for value in self.ink_sd],
            "histogram": self.histogram.tolist(),
        }


@dataclass(frozen=True, eq=False)
class Facts:
    """A dataset in numbers."""

    name: str
    source: str
    sha256: str
    class_names: tuple[str, ...]
    image_shape: tuple[int, int]
    dtype: str
    splits: dict[str, SplitFacts]
    constant_pixels: int
    """Number of pixels that have the same value in every image of every split."""
    duplicates: Duplicates
    typical: Typical
    """Of the training split."""

    @property
    def features(self) -> int:
        """Numbers per sample: height × width."""
        return self.image_shape[0] * self.image_shape[1]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; figures of empty classes are null."""
        return {
            "dataset": self.name,
            "source": self.source,
            "sha256": self.sha256,
            "classes": len(self.class_names),
            "class_names": list(self.class_names),
            "features": self.features,
            "image_shape": list(self.image_shape),
            "dtype": self.dtype,
            "constant_pixels": self.constant_pixels,
            "splits": {name: split.to_json() for name, split in self.splits.items()},
            "duplicates": self.duplicates.to_json(),
            "typical": self.typical.to_json(),
        }


def gather_facts(dataset: Dataset, progress: TellShare = lambda step, share: None) -> Facts:
    """Return all facts, in a few seconds for 70,000 images. Raises DataError for an empty split or a label without a
    name.
    """
    splits = {"train": dataset.train} | ({} if dataset.test is None else {"test": dataset.test})
    for name, split in splits.items():
        if not len(split):
            raise DataError(f"dataset {dataset.name} has no images in its {name} split; at least one is needed")
        if split.labels.min() < 0 or split.labels.max() >= len(dataset.class_names):
            raise DataError(
                f"dataset {dataset.name} has labels {split.labels.min()} to {split.labels.max()} in its {name} split, "
                f"but names {len(dataset.class_names)} classes; labels count from 0"
            )
    classes = len(dataset.class_names)
    facts: dict[str, SplitFacts] = {}
    ranges = []
    for number, (name, split) in enumerate(splits.items()):
        progress("counting pixels", 0.15 * number / len(splits))
        facts[name] = split_facts(split, classes)
        ranges.append((split.images.min(axis=0), split.images.max(axis=0)))
    low, high = np.min([r[0] for r in ranges], axis=0), np.max([r[1] for r in ranges], axis=0)
    progress("looking for duplicates", 0.15)
    duplicates = find_duplicates(dataset, lambda share: progress("looking for duplicates", 0.15 + 0.6 * share))
    progress("looking for typical examples", 0.75)
    typical = find_typical(
        dataset.train, classes, tick=lambda share: progress("looking for typical examples", 0.75 + 0.25 * share)
    )
    return Facts(
        name=dataset.name,
        source=dataset.source,
        sha256=dataset.sha256,
        class_names=dataset.class_names,
        image_shape=(dataset.train.images.shape[1], dataset.train.images.shape[2]),
        dtype=str(dataset.train.images.dtype),
        splits=facts,
        constant_pixels=int(np.count_nonzero(low == high)),
        duplicates=duplicates,
        typical=typical,
    )


def split_facts(split: Split, classes: int) -> SplitFacts:
    """Return the facts of one split. Sums are exact integers, so the order of the images does not matter."""
    count, features = len(split), split.images[0].size
    flat = split.images.reshape(count, features)
    sums, squares = np.zeros((classes, features)), np.zeros((classes, features))
    histogram = np.zeros(256, np.int64)
    for label in range(classes):
        members = np.flatnonzero(split.labels == label)
        for start in range(0, len(members), _CHUNK):
            chunk = flat[members[start : start + _CHUNK]]
            histogram += np.bincount(chunk.ravel(), minlength=256)
            sums[label] += chunk.sum(axis=0, dtype=np.uint32)
            squares[label] += np.square(chunk, dtype=np.uint16).sum(axis=0, dtype=np.uint32)
    class_counts = np.bincount(split.labels, minlength=classes)
    divisors = np.where(class_counts > 0, class_counts, np.nan)[:, np.newaxis]
    means = sums / divisors
    sds = np.sqrt(np.maximum(squares / divisors - np.square(means), 0))
    values = np.arange(256)
    mean = float(histogram @ values / histogram.sum())
    seen = np.flatnonzero(histogram)

    ink = flat.sum(axis=1, dtype=np.int64) / (255 * features)
    ink_mean, ink_sd = np.full(classes, np.nan), np.full(classes, np.nan)
    ink_quantiles = np.full((classes, len(INK_QUANTILES)), np.nan)
    for label in np.flatnonzero(class_counts).tolist():
        of_class = ink[split.labels == label]
        ink_mean[label], ink_sd[label] = of_class.mean(), of_class.std()
        ink_quantiles[label] = np.quantile(of_class, INK_QUANTILES)
    return SplitFacts(
        samples=count,
        class_counts=tuple(class_counts.tolist()),
        minimum=int(seen[0]),
        maximum=int(seen[-1]),
        mean=mean,
        sd=math.sqrt(float(histogram @ np.square(values - mean) / histogram.sum())),
        constant_pixels=int(np.count_nonzero(flat.min(axis=0) == flat.max(axis=0))),
        histogram=histogram,
        ink_mean=ink_mean,
        ink_sd=ink_sd,
        ink_quantiles=ink_quantiles,
        mean_images=means.astype(np.float32).reshape(classes, *split.images.shape[1:]),
        sd_images=sds.astype(np.float32).reshape(classes, *split.images.shape[1:]),
    )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)
