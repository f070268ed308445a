"""How well a network reads whole numbers: strips written with a split's digits, on which every digit must be right."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.datasets import load
from digitry.evaluation.judged_run import JudgedRun
from digitry.evaluation.judging import CountProgress, data_of, parameters_of, splits_of
from digitry.evaluation.metrics import wilson_interval
from digitry.evaluation.report import write_metrics
from digitry.files import name_for_a_file
from digitry.networks.decoding import spellings
from digitry.networks.model import Model
from digitry.runs import Run
from digitry.types import SIGNS, TEN_DIGITS, Dataset, Split

STRIPS, KEY = 5000, 2**32 - 2
"""Number of strips written with a split's digits, and the value that replaces the epoch in their seed."""

TOGETHER = 100
"""Number of strips per call of the network."""


@dataclass(frozen=True, kw_only=True)
class NumberEvaluation(JudgedRun):
    """A run that reads numbers, evaluated on strips written with the digits of one split."""

    strips: int
    right: int
    """Number of strips read without a mistake."""

    @property
    def accuracy(self) -> float:
        """Fraction of the strips read without a mistake, 0 to 1."""
        return self.right / self.strips

    @property
    def interval(self) -> tuple[float, float]:
        """95% Wilson interval of the accuracy."""
        return wilson_interval(self.right, self.strips)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, as in metrics.json."""
        figures = {
            "strips": self.strips,
            "right": self.right,
            "accuracy": self.accuracy,
            "accuracy_interval_95": list(self.interval),
        }
        return super().to_json() | {"reads": "number", "splits": {self.split: figures}, "without_doubtful": None}


def evaluate_numbers(
    run: str | os.PathLike[str],
    *,
    split: str = "test",
    data: Dataset | str | Path | None = None,
    progress: CountProgress | None = None,
) -> NumberEvaluation:
    """Evaluate a run that reads numbers on strips made from `train`, `validation` or `test`, and write its
    metrics.json.

    Raises as `evaluate` does.
    """
    files = Run.open(run)
    model = Model.open(files.folder, reads="number")
    dataset = load.numbered_as(data_of(files, data), model.class_names, f"the model of {files.folder}")
    strips, targets = written_strips(splits_of(files, dataset, split)[split], files.seed, model.class_names)
    same = dataset.sha256 == files.data_sha256
    judged = NumberEvaluation(
        run=files,
        split=split,
        class_names=model.class_names,
        data_name=dataset.name,
        data_sha256=dataset.sha256,
        same_data=same,
        model_sha256=model.sha256,
        parameters=parameters_of(model.contract),
        strips=len(strips),
        right=numbers_right(model, strips, targets, progress),
        folder=files.folder if same else files.folder / f"on-{name_for_a_file(dataset.name)}",
    )
    judged.folder.mkdir(parents=True, exist_ok=True)
    write_metrics(judged)
    return judged


def written_strips(
    split: Split, seed: int, class_names: tuple[str, ...] = TEN_DIGITS
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Write strips, uint8 (n, 40, width), with the digits of a split; return them and what a network of these classes
    should read, int32 (n, characters): only the digits if it knows no signs.
    """
    from digitry.synthesis.number_strips import made_strips

    digits = sum(name not in SIGNS for name in class_names)
    strips, targets = made_strips(split, STRIPS, np.random.default_rng([seed, KEY, 2]), digits)
    if digits == len(class_names):
        unnamed = targets > digits
        order = np.argsort(unnamed | (targets == 0), axis=1, kind="stable")
        targets = np.take_along_axis(np.where(unnamed, 0, targets), order, axis=1)
    return strips, targets


def numbers_right(
    model: Model, strips: NDArray[np.uint8], targets: NDArray[np.int32], progress: CountProgress | None = None
) -> int:
    """Count the strips read without a mistake."""
    right = 0
    for start in range(0, len(strips), TOGETHER):
        part = slice(start, start + TOGETHER)
        for frames, target in zip(model.probabilities(strips[part]), targets[part], strict=True):
            right += spellings(frames)[0].digits == tuple((target[target > 0] - 1).tolist())
        if progress is not None:
            progress(min(start + TOGETHER, len(strips)), len(strips))
    return right
