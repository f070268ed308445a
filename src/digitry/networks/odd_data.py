"""Problems of a dataset that training would not notice: orientation, missing classes, duplicates."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import product
from typing import NamedTuple

import numpy as np

from digitry.console import warn_caller
from digitry.datasets.same_images import first_of_its_kind
from digitry.datasets.sources import is_known
from digitry.datasets.view import View
from digitry.networks.model import Model
from digitry.types import Dataset, Split

SAMPLE, FEW = 300, 60
"""This many images are read as they are; if that goes badly, a few in all sixteen ways, and all in the best one."""

FEWEST = 50
"""Fewer images say nothing reliable."""

_FAR, _WELL = 0.3, 0.7
"""Another orientation wins if its accuracy is higher by the first, and at least the second."""


class BetterView(NamedTuple):
    """An orientation in which images are read far better."""

    view: View
    images: int
    share: float
    """Accuracy of the shipped network on these images in this orientation."""
    share_as_they_are: float


def warn_of_odd_data(dataset: Dataset) -> None:
    """Warn of problems in a user's own dataset that training would not notice. Datasets known by name are skipped."""
    if is_known(dataset.reference):
        return
    for line in odd_lines(dataset):
        warn_caller(f"{dataset.name}: {line}")


def warn_of_view(dataset: Dataset) -> None:
    """Warn if a user's own digits are turned or mirrored, or 10 stands for 0; other problems matter only in training,
    or are found by `explore` itself.
    """
    if not is_known(dataset.reference):
        for line in (*_ten_lines(dataset), *_view_lines(dataset)):
            warn_caller(f"{dataset.name}: {line}")


def odd_lines(dataset: Dataset) -> Iterator[str]:
    """Yield a line for each problem of a dataset, with what to do about it."""
    names = dataset.class_names
    yield from _ten_lines(dataset)
    present = np.bincount(dataset.train.labels, minlength=len(names)) > 0
    lacking = [name for name, is_there in zip(names, present, strict=True) if not is_there]
    if lacking:
        classes = ", ".join(lacking[:10])
        yield f"no training image is of class {classes}, so nothing will be read as it; add some, or leave it out"
    if dataset.test is not None:
        twice = copies_in_test(dataset)
        if twice:
            yield (
                f"{twice:,} of {len(dataset.test):,} test images are also training images, pixel for pixel, so test "
                "figures are too good; leave them out of one"
            )
    yield from _view_lines(dataset)


def _ten_lines(dataset: Dataset) -> Iterator[str]:
    names = dataset.class_names
    if "10" in names and "0" not in names and _digits(names):
        yield "there is a class 10 and no 0; if 10 stands for 0, zeros are read as 10: y = y % 10, or rename the class"


def _view_lines(dataset: Dataset) -> Iterator[str]:
    if (better := better_view(dataset)) is not None:
        yield (
            f"the images seem to be turned or mirrored: of {better.images} the built-in network reads "
            f"{better.share:.0%} with {option_words(better.view)}, {better.share_as_they_are:.0%} as they are; a model "
            "that learns from them as they are will not read upright pictures"
        )


def copies_in_test(dataset: Dataset) -> int:
    """Count the test images that are also in the training split, pixel by pixel."""
    if dataset.test is None:
        return 0
    border = len(dataset.train)
    first = first_of_its_kind(np.concatenate([dataset.train.images, dataset.test.images]))
    return int(np.count_nonzero(first[border:] < border))


def better_view(dataset: Dataset) -> BetterView | None:
    """Find the orientation in which the shipped network reads some training images best.

    None if their own is the best or nearly so, or the classes are not digits.
    """
    digits = _digits(dataset.class_names)
    if not digits or len(dataset.train) < FEWEST:
        return None
    chosen = np.random.default_rng(0).permutation(len(dataset.train))[:SAMPLE]
    sample = dataset.train.take(chosen)
    inverted = (False, True) if not sample.files else (False,)  # in pictures the ink is detected
    look = sha256(repr((digits, inverted, sample.labels.tolist())).encode() + sample.images.tobytes()).digest()
    if look not in better_views:
        better_views[look] = _better_way(sample, digits, inverted)
    better = better_views[look]
    if better is not None and better.view.invert and "so inverted" in dataset.source:
        # The decision by their edges was wrong.
        return better._replace(view=View(better.view.transpose, better.view.rotate, invert=False))
    return better


better_views: dict[bytes, BetterView | None] = {}
"""Results by hash of the images, since a study trains on the same ones many times."""


def _better_way(sample: Split, digits: list[str], inverted: tuple[bool, ...]) -> BetterView | None:
    model = Model.shipped("digit", threads=1)
    known = model.contract.class_names
    wanted = np.array([known.index(name) for name in digits])[sample.labels]

    def share(view: View, count: int) -> float:
        """Return the accuracy on the first `count` images in this orientation."""
        laid = view.turned(255 - sample.images[:count] if view.invert else sample.images[:count])
        return float((model.probabilities(laid).argmax(axis=1) == wanted[:count]).mean())

    now = share(View(), SAMPLE)
    if now > 1 - _FAR:
        return None
    ways = [
        View(transpose, rotate, invert or None)
        for transpose, rotate, invert in product((False, True), (0, 90, 180, 270), inverted)
    ]
    best = max(ways, key=lambda view: share(view, FEW))
    found = share(best, SAMPLE)
    if found < _WELL or found < now + _FAR:
        return None
    return BetterView(best, len(sample), found, now)


def option_words(view: View) -> str:
    """Return a view as command-line options: `--transpose --rotate 90`."""
    words = ["--transpose"] * view.transpose + [f"--rotate {view.rotate}"] * bool(view.rotate)
    if view.invert is not None:
        words.append("--invert" if view.invert else "--no-invert")
    return " ".join(words)


def _digits(names: tuple[str, ...]) -> list[str]:
    """Return the digit that each class stands for, 10 counting as 0; empty if they are not distinct digits."""
    digits = ["0" if name == "10" else name for name in names]
    return digits if set(digits) <= set("0123456789") and len(set(digits)) == len(digits) else []
