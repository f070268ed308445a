"""How the images of a dataset are turned upright, if they are not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.datasets.idx import idx_sha256
from digitry.datasets.source import identity
from digitry.errors import SettingError
from digitry.types import Dataset, Images, Split

_EXPECTED = "transpose, rotate=90, rotate=180, rotate=270, invert or no-invert, with commas between"


@dataclass(frozen=True)
class View:
    """Transformations of images, in this order: invert, swap rows and columns, rotate."""

    transpose: bool = False
    rotate: int = 0
    """Degrees, clockwise: 0, 90, 180 or 270."""
    invert: bool | None = None
    """Whether they are dark on light; None lets the values decide. Applied where the arrays are read."""

    def __post_init__(self) -> None:
        if self.rotate not in (0, 90, 180, 270):
            raise SettingError(f"rotate must be 0, 90, 180 or 270 degrees clockwise, not {self.rotate!r}")

    @classmethod
    def from_words(cls, words: str) -> View:
        """Parse the words after the `#` of a path. Raises SettingError for other words."""
        view = cls()
        for word in words.replace(" ", "").lower().split(","):
            name, _, value = word.partition("=")
            if word == "transpose":
                view = replace(view, transpose=True)
            elif name == "rotate" and value in ("90", "180", "270"):
                view = replace(view, rotate=int(value))
            elif word in ("invert", "no-invert"):
                view = replace(view, invert=word == "invert")
            else:
                raise SettingError(f"the words after # must be {_EXPECTED}; not {words[:40]!r}")
        return view

    @property
    def suffix(self) -> str:
        """What `from_words` reads, with the `#`; empty if nothing is done."""
        words = ["transpose"] * self.transpose + [f"rotate={self.rotate}"] * bool(self.rotate)
        words += [] if self.invert is None else ["invert" if self.invert else "no-invert"]
        return f"#{','.join(words)}" if words else ""

    def joined(self, other: View) -> View:
        """Return this view, with values from the other where this has none."""
        return View(
            self.transpose or other.transpose,
            self.rotate or other.rotate,
            other.invert if self.invert is None else self.invert,
        )

    def turned(self, images: Images) -> Images:
        """Return the images, uint8 (n, h, w), turned upright."""
        laid: NDArray[Any] = images.transpose(0, 2, 1) if self.transpose else images
        return np.ascontiguousarray(np.rot90(laid, -self.rotate // 90, axes=(1, 2)))

    def laid(self, dataset: Dataset) -> Dataset:
        """Return the dataset with its images turned upright, and its resulting identity."""
        if not self.transpose and not self.rotate:
            return dataset
        return _with_images(dataset, self.turned)


def inverted(dataset: Dataset) -> Dataset:
    """Return a dataset with ink and paper swapped."""
    return _with_images(dataset, lambda images: 255 - images)


def _with_images(dataset: Dataset, change: Any) -> Dataset:
    train, test = (
        part and Split(change(part.images), part.labels, part.files) for part in (dataset.train, dataset.test)
    )
    assert train is not None
    parts = [train] if test is None else [train, test]
    sha256 = identity(idx_sha256(array) for part in parts for array in (part.images, part.labels))
    return replace(dataset, train=train, test=test, sha256=sha256)
