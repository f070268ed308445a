"""A run and labelled images → figures. Nothing is written, and the test split is read only if requested."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from digitry.datasets import load
from digitry.errors import DataError, ModelError, SettingError, unknown_name
from digitry.evaluation import doubtful, metrics
from digitry.evaluation.judged_run import JudgedRun
from digitry.files import name_for_a_file
from digitry.networks.contract import Contract
from digitry.networks.odd_data import warn_of_view
from digitry.runs import REPORT, Run
from digitry.types import TEN_DIGITS, Dataset, Labels, Probabilities, Split

if TYPE_CHECKING:
    from digitry.networks.model import Model

SPLITS = ("train", "validation", "test")

IMAGES_A_CALL = 2_048
"""Number of images per call of the model."""

CountProgress = Callable[[int, int], None]
"""Called with (images done, images in all)."""


@dataclass(frozen=True)
class JudgedSplit:
    """One split with the model's answers and their figures."""

    split: Split
    probabilities: Probabilities
    scores: metrics.Scores

    @cached_property
    def predicted(self) -> Labels:
        """The most probable class of each image, int64 (n,)."""
        return metrics.predicted_labels(self.probabilities)


@dataclass(frozen=True)
class WithoutDoubtful:
    """The test figures again, without the images whose label reviewers doubt."""

    left_out: int
    error_count: int
    images: int
    accuracy: float
    interval: tuple[float, float]
    source: str


@dataclass(frozen=True, kw_only=True)
class Evaluation(JudgedRun):
    """An evaluated run. `split` names the part that was requested; `splits` also holds those to compare it with."""

    data_reference: str
    """The `data` argument that reproduces the evaluation."""
    splits: Mapping[str, JudgedSplit]
    doubtful: NDArray[np.int64]
    """Indices in the evaluated split whose label is doubtful; empty unless it is the MNIST test set."""
    without_doubtful: WithoutDoubtful | None

    @property
    def judged(self) -> JudgedSplit:
        """The requested part."""
        return self.splits[self.split]

    @property
    def scores(self) -> metrics.Scores:
        """Figures of the requested split."""
        return self.judged.scores

    @property
    def report_path(self) -> Path:
        """Path of the page."""
        return self.folder / REPORT

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, as in metrics.json."""
        less = self.without_doubtful
        return super().to_json() | {
            "splits": {name: judged.scores.to_json() for name, judged in self.splits.items()},
            "without_doubtful": less and {**vars(less), "interval": list(less.interval)},
        }


def judge_run(
    run: str | os.PathLike[str],
    *,
    split: str = "test",
    data: Dataset | str | Path | None = None,
    progress: CountProgress | None = None,
) -> Evaluation:
    """Evaluate a run on one split, and on the images it was trained on.

    Without `data`, the run's own data is loaded. Other data can be given as `data`; then only `split` is evaluated.
    Raises DataError when the run's own data no longer has the SHA-256 it had in training.
    """
    opened = Run.open(run)
    predictor = opened.model(reads="digit")
    class_names = predictor.contract.class_names
    given = data_of(opened, data)
    if data is not None:
        warn_of_view(given)
    dataset = load.numbered_as(given, class_names, f"the model of {opened.folder}")
    parts = splits_of(opened, dataset, split)
    total = sum(len(part) for part in parts.values())
    judged, done = {}, 0
    for name, part in parts.items():
        probabilities = predict_split(predictor, part, progress, done=done, total=total)
        done += len(part)
        judged[name] = JudgedSplit(part, probabilities, scores_of(opened, part, probabilities))
    positions = doubtful.doubtful_positions(dataset.sha256, split)
    same = dataset.sha256 == opened.data_sha256
    return Evaluation(
        run=opened,
        split=split,
        class_names=class_names,
        data_name=dataset.name,
        data_reference=dataset.reference or dataset.name,
        data_sha256=dataset.sha256,
        same_data=same,
        model_sha256=hashlib.sha256(opened.model_file.read_bytes()).hexdigest(),
        parameters=parameters_of(predictor.contract),
        splits=judged,
        doubtful=positions,
        without_doubtful=_without(judged[split], positions) if len(positions) else None,
        folder=opened.folder if same else opened.folder / f"on-{name_for_a_file(dataset.name)}",
    )


def data_of(run: Run, data: Dataset | str | Path | None) -> Dataset:
    """Return the data to evaluate on: the given one, or the run's own, verified."""
    if isinstance(data, Dataset):
        return data
    if data is not None:
        return load.load_dataset(data)
    return run.dataset or load.load_again(run.data, run.data_sha256, run.folder)


def splits_of(run: Run, dataset: Dataset, split: str) -> dict[str, Split]:
    """Return the requested split and, on the run's own data, the parts that training saw, in the order of SPLITS.

    The data must have the model's class numbers, since the held-back part was chosen by them.
    """
    parts = _parts_of(run, dataset, split)
    if not all(map(len, parts.values())):
        raise DataError(f"{dataset.name} has no image in the part to judge; give a dataset with at least one")
    return parts


def _parts_of(run: Run, dataset: Dataset, split: str) -> dict[str, Split]:
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    if split == "test" and dataset.test is None:
        raise DataError(f"{dataset.name} has no test part; give data that has one with --data, or use --split train")
    held_back = run.held_back
    if dataset.sha256 != run.data_sha256:
        if split == "validation":
            raise SettingError(
                f"{dataset.name} is not the data of the run, so it has no validation part; use --split test"
            )
        return {split: dataset.split(split)}
    if split == "validation" and not held_back.fraction:
        raise SettingError(f"run {run.folder} held nothing back for validation; use --split train or --split test")
    parts = {"train": dataset.train}
    if held_back.fraction:
        parts["train"], parts["validation"] = load.hold_out(dataset.train, *held_back)
    if (count := run.settings.get("training_images")) is not None:
        parts["train"] = load.some_images(parts["train"], count, run.seed)
    if split == "train":
        return {"train": parts["train"]}
    if split == "test":
        parts["test"] = dataset.split("test")
    return parts


def predict_split(
    predictor: Model, part: Split, progress: CountProgress | None = None, *, done: int = 0, total: int | None = None
) -> Probabilities:
    """Predict float32 (n, classes), in calls small enough to show progress and keep memory use flat."""
    rows = []
    for start in range(0, len(part), IMAGES_A_CALL):
        rows.append(predictor.probabilities(part.images[start : start + IMAGES_A_CALL]))
        if progress:
            progress(min(done + start + IMAGES_A_CALL, done + len(part)), total or len(part))
    return np.concatenate(rows)


def scores_of(run: Run, part: Split, probabilities: Probabilities) -> metrics.Scores:
    """Return the figures of one part. Raises ModelError, which names the run, when the model's answers cannot be
    evaluated.
    """
    try:
        return metrics.score_split(part.labels, probabilities)
    except ValueError as error:
        raise ModelError(f"{run.model_file} cannot be judged: {error}; train or export it again") from error


def parameters_of(contract: Contract) -> int | None:
    """Return the network's number of parameters, from the contract or else the recipe; None if neither has it."""
    if "parameters" in contract.metrics:
        return int(contract.metrics["parameters"])
    from digitry.recipes import RECIPES

    recipe = RECIPES.get(contract.recipe)
    return recipe.parameters if recipe and len(contract.class_names) == len(recipe.answers_of(TEN_DIGITS)) else None


def _without(test: JudgedSplit, positions: NDArray[np.int64]) -> WithoutDoubtful:
    kept = np.delete(np.arange(len(test.split)), positions)
    labels, predicted = test.split.labels[kept], test.predicted[kept]
    errors = metrics.error_count(labels, predicted)
    return WithoutDoubtful(
        left_out=len(positions),
        error_count=errors,
        images=len(kept),
        accuracy=metrics.accuracy(labels, predicted),
        interval=metrics.wilson_interval(len(kept) - errors, len(kept)),
        source=doubtful.SOURCE,
    )
