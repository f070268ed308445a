"""Suspect labels, with the reasons, the worst first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digitry.auditing.confident import likely_labels
from digitry.exploration.duplicates import find_duplicates
from digitry.exploration.typical import find_typical
from digitry.types import Dataset, Probabilities, Split

UNLIKE_SHARE = 0.001
"""Share of the images of a class, at least one, that are listed as the least like it."""

LEAST_TRUSTED_SHARE = 0.005
"""Share of all labels listed as the least trusted, even if no other class is more probable."""

TWIN_PENALTY = 0.5
"""Of two similar images with different labels one is wrong, so the trust in both labels is halved."""


@dataclass(frozen=True)
class Suspect:
    """One image whose label may be wrong."""

    index: int
    """Its index in the split, from 0."""
    label: str
    """Its current label."""
    likely: str
    """The class that the networks give it."""
    likely_probability: float
    trust: float
    """Probability of the label, halved if a similar image has another label; the list is sorted by it."""
    reasons: tuple[str, ...]
    file: Path | None = None

    @property
    def where(self) -> str:
        """Path of its file, or its index, for people."""
        name = str(self.index) if self.file is None else f"{self.file.parent.name}/{self.file.name}"
        return "".join(c if c.isprintable() else "?" for c in name)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "index": self.index,
            "file": None if self.file is None else str(self.file),
            "label": self.label,
            "likely": self.likely,
            "likely_probability": round(self.likely_probability, 6),
            "trust": round(self.trust, 6),
            "reasons": list(self.reasons),
        }


def find_suspects(dataset: Dataset, split: str, probabilities: Probabilities) -> list[Suspect]:
    """Return every suspect image of the split, the least trusted label first.

    `probabilities` are out-of-fold, float32 (n, classes). Reasons for suspicion: another class is more probable,
    perhaps confidently (`confident.py`); the label is among the least trusted; a similar image has another label; the
    image looks unlike its class.
    """
    audited, names = dataset.split(split), dataset.class_names
    labels = audited.labels
    predicted, likely = probabilities.argmax(axis=1), likely_labels(labels, probabilities)
    trust = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    reasons: dict[int, list[str]] = {}
    for index in np.flatnonzero(predicted != labels).tolist():
        confidently = "confidently " if likely[index] == predicted[index] else ""
        reasons[index] = [f"{confidently}taken for {names[predicted[index]]}"]
    for index in np.flatnonzero((predicted == labels) & (likely >= 0) & (likely != labels)).tolist():
        reasons[index] = [f"could be {names[likely[index]]} too"]
    for index in np.argsort(trust, kind="stable")[: math.ceil(LEAST_TRUSTED_SHARE * len(labels))].tolist():
        reasons.setdefault(index, [f"barely recognised as {names[labels[index]]}"])
    for index, twin in labelled_otherwise(dataset, split).items():
        trust[index] *= TWIN_PENALTY
        reasons.setdefault(index, []).append(twin)
    for index in least_like_their_class(audited, len(names)):
        reasons.setdefault(index, []).append(f"unlike the others labelled {names[labels[index]]}")
    return [
        Suspect(
            index,
            names[labels[index]],
            names[predicted[index]],
            float(probabilities[index].max()),
            float(trust[index]),
            tuple(reasons[index]),
            audited.files[index] if audited.files else None,
        )
        for index in sorted(reasons, key=lambda index: (trust[index], index))
    ]


def labelled_otherwise(dataset: Dataset, split: str) -> dict[int, str]:
    """Return index in the split → description of a similar image, of either split, with another label."""
    duplicates = find_duplicates(dataset, examples=None)
    found: dict[int, str] = {}
    for match in [*duplicates.exact_matches, *duplicates.near_matches]:
        what = "the same image as" if match.similarity == 1 else "nearly the same as"
        for place in match.places:
            other = next((other for other in match.places if other.label != place.label), None)
            if place.split == split and other is not None:
                name = dataset.class_names[other.label]
                found.setdefault(place.index, f"{what} {other.split} {other.index}, labelled {name}")
    return found


def least_like_their_class(split: Split, classes: int) -> list[int]:
    """Return the indices of the images that are least like the mean of their class."""
    similarity = find_typical(split, classes, count=1).similarity
    found: list[int] = []
    for label in range(classes):
        members = np.flatnonzero(split.labels == label)
        order = members[np.argsort(similarity[members], kind="stable")]
        found += order[: math.ceil(UNLIKE_SHARE * len(members))].tolist()
    return found
