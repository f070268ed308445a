"""Augmentations by name, applied to an epoch's images as listed by a recipe, each with its own random numbers.

Each is a function (images, strength, generator) → images, uint8 (n, 28, 28), with the name of its entry. A new one
takes a module with that function and a line below; `--set augmentations=NAME:STRENGTH` then accepts it.
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
    """int if the strength must be an integer."""


AUGMENTATIONS: dict[str, Augmentation] = {
    "cutout": Augmentation("digitry.synthesis.cutout", "a black square of so many pixels somewhere", 1, 20, int),
    "distort": Augmentation(
        "digitry.synthesis.augment", "turned, slanted, stretched, bent; 1 is 5 degrees or so", 0, 3
    ),
    "shift": Augmentation("digitry.synthesis.augment", "moved by up to so many pixels along both axes", 1, 4, int),
}


def described() -> str:
    """Describe all augmentations for the help."""
    return "; ".join(f"{name}: {one.words} ({one.least} to {one.most})" for name, one in AUGMENTATIONS.items())


def augmented(images: Images, entries: Sequence[str], seed: Sequence[int]) -> Images:
    """Apply every entry `NAME:STRENGTH` in turn to images, uint8 (n, 28, 28).

    An entry's random numbers depend only on `seed` and its name, not on the other entries.
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
