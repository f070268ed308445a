"""The result of a learning curve: accuracy against the number of training images."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

CURVE, CURVE_PAGE = "learning-curve.json", "learning-curve.html"
"""Files in the folder of a learning curve."""


@dataclass(frozen=True)
class CurvePoint:
    """Trainings on one number of images."""

    images: int
    epochs: int
    accuracies: tuple[float, ...]
    """Validation accuracy of each seed, 0 to 1."""
    runs: tuple[str, ...]
    """Their folders, relative to that of the curve."""

    @property
    def accuracy(self) -> float:
        """Mean over the seeds."""
        return mean(self.accuracies)

    @property
    def sd(self) -> float | None:
        """Standard deviation of a single training; None for one seed."""
        return stdev(self.accuracies) if len(self.accuracies) > 1 else None


@dataclass(frozen=True, repr=False)
class LearningCurve(os.PathLike[str]):
    """How accuracy grows with the number of training images. It stands for its folder wherever a path is taken."""

    folder: Path
    recipe: str
    data: str
    seeds: tuple[int, ...]
    validation_images: int
    points: tuple[CurvePoint, ...]
    """From fewest images to most; at least two."""
    more_than_chance: bool
    """Whether the last point differs from the one before by more than chance."""

    def __fspath__(self) -> str:
        return str(self.folder)

    def __repr__(self) -> str:
        return f"<LearningCurve {self.folder}: {self.recipe} on {self.data}; {self.sentence}>"

    @property
    def page(self) -> Path:
        """Path of its page, whether or not it was written."""
        return self.folder / CURVE_PAGE

    @property
    def gain(self) -> float:
        """Gain of the last step to more images, as a fraction of the validation images."""
        return self.points[-1].accuracy - self.points[-2].accuracy

    @property
    def sentence(self) -> str:
        """The answer to "would more images help?", in one sentence."""
        before, last = self.points[-2:]
        said = (
            f"from {before.images:,} to {last.images:,} images {100 * self.gain:+.2f} points of validation accuracy, "
            f"from {before.accuracy:.2%} to {last.accuracy:.2%}"
        )
        if not self.more_than_chance:
            return f"{said}: no more than chance, so there is no sign that more images would help"
        if self.gain < 0:
            return f"{said}: more images made it worse, by more than chance; look at what was added"
        return f"{said}: more than chance, so still more images are likely to help"

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, as in learning-curve.json."""
        return {
            "recipe": self.recipe,
            "data": self.data,
            "seeds": list(self.seeds),
            "validation_images": self.validation_images,
            "points": [asdict(one) | {"accuracy": one.accuracy, "sd": one.sd} for one in self.points],
            "gain": self.gain,
            "more_than_chance": self.more_than_chance,
            "sentence": self.sentence,
        }
