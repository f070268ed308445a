"""What would go wrong without a word in training on a dataset: how it lies, what it lacks, what it holds twice."""

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
"""So many images are looked at as they are; where that goes badly, a few in all sixteen ways, and all in the best."""

FEWEST = 50
"""Of fewer images chance may say anything."""

_FAR, _WELL = 0.3, 0.7
"""Another way wins where it is read so much better, and at least so well."""


class BetterView(NamedTuple):
    """How images would be read far better."""

    view: View
    images: int
    share: float
    """The share of these that the shipped network reads rightly so."""
    share_as_they_are: float


def warn_of_odd_data(dataset: Dataset) -> None:
    """Warn of everything in a person's own dataset that training would pass over in silence. Known names are known."""
    if is_known(dataset.reference):
        return
    for line in odd_lines(dataset):
        warn_caller(f"{dataset.name}: {line}")


def warn_of_view(dataset: Dataset) -> None:
    """Warn where a person's own digits lie otherwise, or 10 stands for 0; all else concerns who learns from them, or is
    told by who counts and compares anyway.
    """
    if not is_known(dataset.reference):
        for line in (*_ten_lines(dataset), *_view_lines(dataset)):
            warn_caller(f"{dataset.name}: {line}")


def odd_lines(dataset: Dataset) -> Iterator[str]:
    """Yield a line for everything that is odd about a dataset, with what to do about it."""
    names = dataset.class_names
    yield from _ten_lines(dataset)
    present = np.bincount(dataset.train.labels, minlength=len(names)) > 0
    lacking = [name for name, is_there in zip(names, present, strict=True) if not is_there]
    if lacking:
        classes = ", ".join(lacking[:10])
        yield f"no training image is of class {classes}, so none will ever be read as that; add some, or leave it out"
    if dataset.test is not None:
        twice = copies_in_test(dataset)
        if twice:
            yield (
                f"{twice:,} of {len(dataset.test):,} test images are training images too, pixel by pixel, so that test "
                "figures flatter; leave them out of one"
            )
    yield from _view_lines(dataset)


def _ten_lines(dataset: Dataset) -> Iterator[str]:
    names = dataset.class_names
    if "10" in names and "0" not in names and _digits(names):
        yield "there is a class 10 and no 0; if 10 stands for 0, zeros are read as 10: y = y % 10, or rename the class"


def _view_lines(dataset: Dataset) -> Iterator[str]:
    if (better := better_view(dataset)) is not None:
        yield (
            f"the images seem to lie otherwise: of {better.images} the built-in network reads {better.share:.0%} with "
            f"{option_words(better.view)}, {better.share_as_they_are:.0%} as they are; what learns from them so reads "
            "upright pictures no better"
        )


def copies_in_test(dataset: Dataset) -> int:
    """Count the test images that also stand in the training split, pixel by pixel."""
    if dataset.test is None:
        return 0
    border = len(dataset.train)
    first = first_of_its_kind(np.concatenate([dataset.train.images, dataset.test.images]))
    return int(np.count_nonzero(first[border:] < border))


def better_view(dataset: Dataset) -> BetterView | None:
    """Let the shipped network look at some training images in every way they may lie.

    None where the way they lie is the best, or not far from it, or the classes are no digits.
    """
    digits = _digits(dataset.class_names)
    if not digits or len(dataset.train) < FEWEST:
        return None
    chosen = np.random.default_rng(0).permutation(len(dataset.train))[:SAMPLE]
    sample = dataset.train.take(chosen)
    inverted = (False, True) if not sample.files else (False,)  # of pictures it is seen what is ink
    look = sha256(repr((digits, inverted, sample.labels.tolist())).encode() + sample.images.tobytes()).digest()
    if look not in better_views:
        better_views[look] = _better_way(sample, digits, inverted)
    better = better_views[look]
    if better is not None and better.view.invert and "so inverted" in dataset.source:
        # Their edges had decided wrongly.
        return better._replace(view=View(better.view.transpose, better.view.rotate, invert=False))
    return better


better_views: dict[bytes, BetterView | None] = {}
"""What came of images by their hash: a study trains on the same ones many times."""


def _better_way(sample: Split, digits: list[str], inverted: tuple[bool, ...]) -> BetterView | None:
    model = Model.shipped("digit", threads=1)
    known = model.contract.class_names
    wanted = np.array([known.index(name) for name in digits])[sample.labels]

    def share(view: View, count: int) -> float:
        """Return the share of the first so many that are read rightly, laid so."""
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
    """Say a view as options of the command line: `--transpose --rotate 90`."""
    words = ["--transpose"] * view.transpose + [f"--rotate {view.rotate}"] * bool(view.rotate)
    if view.invert is not None:
        words.append("--invert" if view.invert else "--no-invert")
    return " ".join(words)


def _digits(names: tuple[str, ...]) -> list[str]:
    """Return which digit each class stands for, 10 for 0; none where they are not digits."""
    digits = ["0" if name == "10" else name for name in names]
    return digits if set(digits) <= set("0123456789") and len(set(digits)) == len(digits) else []
