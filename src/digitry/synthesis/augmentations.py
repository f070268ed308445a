"""Augmentations by name: an epoch's images go through the ones that a recipe lists, each with chance of its own.

One is a plain function (images, strength, generator) → images, uint8 (n, 28, 28), called like its entry here. A new one
is a module with that function and a line below; `--set augmentations=NAME:STRENGTH` then knows it.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np

from digitry.types import Images


class Augmentation(NamedTuple):
    """Where the function is, what it does, and how strong it may be."""

    module: str
    words: str
    least: float
    most: float
    kind: type = float
    """int where only whole numbers mean something."""


AUGMENTATIONS: dict[str, Augmentation] = {
    "cutout": Augmentation("digitry.synthesis.cutout", "a black square of so many pixels somewhere", 1, 20, int),
    "distort": Augmentation(
        "digitry.synthesis.augment", "turned, slanted, stretched, bent; 1 is 5 degrees or so", 0, 3
    ),
    "shift": Augmentation("digitry.synthesis.augment", "moved by up to so many pixels along both axes", 1, 4, int),
}


def described() -> str:
    """Return all of them, for a person."""
    return "; ".join(f"{name}: {one.words} ({one.least} to {one.most})" for name, one in AUGMENTATIONS.items())


def augmented(images: Images, entries: Sequence[str], seed: Sequence[int]) -> Images:
    """Return the images, uint8 (n, 28, 28), through every entry `NAME:STRENGTH` in turn.

    What an entry draws follows from `seed` and its name, whatever stands beside it.
    """
    seen: Counter[str] = Counter()
    for entry in entries:
        name, _, strength = entry.partition(":")
        one = AUGMENTATIONS[name]
        change = getattr(importlib.import_module(one.module), name)
        rng = np.random.default_rng([*seed, crc32(name.encode()), seen[name]])
        images = change(images, one.kind(strength), rng)
        seen[name] += 1
    return images
