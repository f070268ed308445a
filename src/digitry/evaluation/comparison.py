"""Runs side by side on the same images: is the difference more than chance?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from digitry.datasets.load import numbered_as
from digitry.errors import SettingError, unknown_name
from digitry.evaluation import judging, significance
from digitry.evaluation.metrics import Scores, predicted_labels
from digitry.runs import Run
from digitry.types import Dataset, Labels

LEVEL = 0.05
"""A difference with a corrected p below this counts as more than chance."""


@dataclass(frozen=True)
class Contender:
    """One run in a comparison."""

    name: str
    folder: Path
    recipe: str
    seed: int
    parameters: int | None
    scores: Scores


@dataclass(frozen=True)
class Pair:
    """Two runs on the same images."""

    first: str
    second: str
    only_first_right: int
    only_second_right: int
    p: float
    """McNemar's exact test, two-sided."""
    p_corrected: float
    """The same after Holm's correction over all pairs of the comparison."""
    more_than_chance: bool
    sentence: str


@dataclass(frozen=True)
class Comparison:
    """All runs and all pairs of them."""

    split: str
    data_name: str
    images: int
    runs: tuple[Contender, ...]
    pairs: tuple[Pair, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "split": self.split,
            "data": self.data_name,
            "images": self.images,
            "runs": [
                {
                    "name": one.name,
                    "recipe": one.recipe,
                    "seed": one.seed,
                    "parameters": one.parameters,
                    "accuracy": one.scores.accuracy,
                    "accuracy_interval_95": list(one.scores.interval),
                    "error_count": one.scores.error_count,
                    "nll": one.scores.nll,
                    "brier": one.scores.brier,
                    "ece": one.scores.ece,
                }
                for one in self.runs
            ],
            "test": "McNemar, exact, two-sided; Holm's correction over all pairs",
            "level": LEVEL,
            "pairs": [vars(pair) for pair in self.pairs],
        }


def compare(
    runs: Sequence[str | os.PathLike[str]],
    *,
    split: str = "test",
    data: Dataset | str | Path | None = None,
    progress: judging.CountProgress | None = None,
) -> Comparison:
    """Evaluate two or more runs on one split and test every pair.

    All runs must have been trained on the same data and, for `train` and `validation`, with the same part held back.
    Raises SettingError otherwise, since their figures would be about different images.
    """
    if split not in judging.SPLITS:
        raise unknown_name("split", split, judging.SPLITS)
    opened = [Run.open(run) for run in runs]
    _check_comparable(opened, split)
    names = _names(opened)
    models = [one.model(reads="digit") for one in opened]
    class_names = models[0].contract.class_names
    for name, model in zip(names, models, strict=True):
        if model.contract.class_names != class_names:
            raise SettingError(f"runs {names[0]} and {name} know different classes; compare runs with the same classes")
    dataset = numbered_as(judging.data_of(opened[0], data), class_names, f"the model of {opened[0].folder}")
    total = len(opened) * len(judging.splits_of(opened[0], dataset, split)[split])
    contenders: list[Contender] = []
    answers: list[Labels] = []
    labels: Labels | None = None
    for number, (name, one, model) in enumerate(zip(names, opened, models, strict=True)):
        part = judging.splits_of(one, dataset, split)[split]
        probabilities = judging.predict_split(model, part, progress, done=number * len(part), total=total)
        scores = judging.scores_of(one, part, probabilities)
        labels = part.labels
        answers.append(predicted_labels(probabilities))
        contenders.append(
            Contender(name, one.folder, one.recipe, one.seed, judging.parameters_of(model.contract), scores)
        )
    assert labels is not None
    return Comparison(split, dataset.name, len(labels), tuple(contenders), _pairs(labels, names, answers))


def _pairs(labels: Labels, names: Sequence[str], answers: Sequence[Labels]) -> tuple[Pair, ...]:
    chosen = list(combinations(range(len(names)), 2))
    tests = [significance.mcnemar(labels, answers[a], answers[b]) for a, b in chosen]
    corrected = significance.holm([test.p for test in tests])
    return tuple(
        Pair(
            first=names[a],
            second=names[b],
            only_first_right=test.only_first_right,
            only_second_right=test.only_second_right,
            p=test.p,
            p_corrected=p,
            more_than_chance=p < LEVEL,
            sentence=_sentence(names[a], names[b], test, p, same=bool(np.array_equal(answers[a], answers[b]))),
        )
        for (a, b), test, p in zip(chosen, tests, corrected, strict=True)
    )


def _sentence(first: str, second: str, test: significance.McNemar, p: float, *, same: bool) -> str:
    if same:
        return f"{first} and {second} give the same answer for every image."
    counts = f"{test.only_first_right} images are read correctly by {first} only, "
    counts += f"{test.only_second_right} by {second} only"
    if p < LEVEL:
        better, worse = (first, second) if test.only_first_right > test.only_second_right else (second, first)
        return f"{better} is better than {worse} by more than chance: {counts} ({p_text(p)})."
    return f"{first} and {second} differ by no more than chance: {counts} ({p_text(p)})."


def p_text(p: float) -> str:
    """Write a p-value: "p = 0.031", "p < 0.0001"."""
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"


def _check_comparable(runs: Sequence[Run], split: str) -> None:
    if len(runs) < 2:
        raise SettingError("compare needs at least two runs; give their folders one after the other")
    seen: set[Path] = set()
    for one in runs:
        if one.folder.resolve() in seen:
            raise SettingError(f"run {one.folder} is given twice; compare different runs")
        seen.add(one.folder.resolve())
        if one.data_sha256 != runs[0].data_sha256:
            raise SettingError(
                f"runs {runs[0].folder} ({runs[0].data}) and {one.folder} ({one.data}) were trained on different "
                "data; compare runs of one dataset"
            )
        if split == "train" and _learnt_from(one) != _learnt_from(runs[0]):
            raise SettingError(
                f"runs {runs[0].folder} and {one.folder} learnt from different images; compare them with --split test"
            )
        if split != "test" and _held_back(one) != _held_back(runs[0]):
            raise SettingError(
                f"runs {runs[0].folder} and {one.folder} held back different images; compare them with --split test"
            )


def _held_back(run: Run) -> tuple[Any, ...]:
    fraction, method, seed = run.held_back
    # The `last` part of a file is the same for every seed.
    return (fraction, method, seed if fraction and method != "last" else None)


def _learnt_from(run: Run) -> tuple[int, int] | None:
    """Return the number of images it learnt from and the seed that drew them; None if all that were not held back."""
    count = run.settings.get("training_images")
    return None if count is None else (count, run.seed)


def _names(runs: Sequence[Run]) -> list[str]:
    short = [one.name for one in runs]
    return short if len(set(short)) == len(short) else [str(one.folder) for one in runs]
