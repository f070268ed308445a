"""Names of arrays and files → their role: images or labels, and of which split."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from digitry.errors import DataError

Split = Literal["train", "validation", "test"]
What = Literal["images", "labels"]

_SPLITS: dict[str, Split] = {
    **dict.fromkeys(("train", "training", "tr", "tra"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "te", "tes", "t10k", "eval"), "test"),
}
_IMAGES = frozenset(
    ["x", "xs", "image", "images", "img", "imgs", "data", "samples", "inputs", "features", "pixels", "pictures", "pics"]
)
_LABELS = frozenset(
    ["y", "ys", "label", "labels", "lbl", "lbls", "target", "targets", "class", "classes", "answers", "lab"]
)
_FILLING = frozenset(["set", "sets", "split", "ubyte", "idx3", "idx1", "arr", "array", "the", "of"])
_TOGETHER = re.compile(r"^(x|y|images?|imgs?|labels?|data|targets?)(train(?:ing)?|test|val(?:id)?)$")
_TOGETHER_BACK = re.compile(r"^(train(?:ing)?|test|val(?:id)?)(x|y|images?|imgs?|labels?|data|targets?|set|sample)$")


class Role(NamedTuple):
    """The role of an array, by its name."""

    what: What | None
    split: Split | None
    """None if the name does not say."""
    of: tuple[str, ...]
    """The other words of the name, shared by files of one dataset."""


def role_of(name: str) -> Role:
    """Return what is in an array or a file, by its name.

    >>> role_of("x_train"), role_of("kmnist-test-labels")
    (Role(what='images', split='train', of=()), Role(what='labels', split='test', of=('kmnist',)))
    """
    what: What | None = None
    split: Split | None = None
    rest = []
    for word in _words(name):
        if word in _SPLITS and split is None:
            split = _SPLITS[word]
        elif word in _IMAGES and what is None:
            what = "images"
        elif word in _LABELS and what != "labels":
            what = "labels"  # "image labels" are labels
        elif word not in _FILLING:
            rest.append(word)
    return Role(what, split, tuple(rest))


def split_of(name: str) -> Split | None:
    """Return the split of a folder or file, by its name; None if the name does not say."""
    return role_of(name).split


def pair_up(names: Iterable[str]) -> Mapping[tuple[Split, What], str]:
    """Find the images and labels of each split by the names of the arrays.

    Names without a split are the training split's. A name with only a split (`train`) means its images if another name
    has its labels (`train_labels`). Raises DataError when two names mean the same.
    """
    found: dict[tuple[Split, What], str] = {}
    for name in names:
        role = role_of(name)
        if role.what is None and (role.split is None or role.of):
            continue
        place = (role.split or "train", role.what or "images")
        if place in found:
            raise DataError(f"{found[place]} and {name} could both be the {place[1]} of the {place[0]} split")
        found[place] = name
    return found


def _words(name: str) -> list[str]:
    # Splits xTrain like X_TRAIN, and train1 like train-images.idx3.
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    words: list[str] = []
    for word in re.split(r"[^a-z0-9]+", apart.lower()):
        if match := _TOGETHER.match(word) or _TOGETHER_BACK.match(word):
            words += match.groups()
        elif word:
            words.append(word)
    return words
