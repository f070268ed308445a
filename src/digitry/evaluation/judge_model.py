"""An ONNX file without a run, and labelled images → figures. Nothing is written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitry.datasets import load
from digitry.datasets.sources import SOURCES, is_known
from digitry.errors import DataError, SettingError, unknown_name
from digitry.evaluation import metrics
from digitry.evaluation.judging import CountProgress, JudgedSplit, predict_split
from digitry.networks.model import Model
from digitry.networks.odd_data import warn_of_view
from digitry.types import Dataset

SPLITS = ("train", "test")
"""No validation: it is not recorded which part its training held back."""


@dataclass(frozen=True, kw_only=True)
class FileEvaluation:
    """A model file, evaluated on one split of a dataset."""

    path: Path
    split: str
    class_names: tuple[str, ...]
    data_name: str
    data_sha256: str
    model_sha256: str
    recipe: str
    judged: JudgedSplit

    @property
    def scores(self) -> metrics.Scores:
        """Figures of the split."""
        return self.judged.scores

    @property
    def splits(self) -> dict[str, JudgedSplit]:
        """The evaluated split, by its name."""
        return {self.split: self.judged}

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, named as in metrics.json."""
        return {
            "model": str(self.path),
            "recipe": self.recipe,
            "split": self.split,
            "model_sha256": self.model_sha256,
            "data": self.data_name,
            "data_sha256": self.data_sha256,
            "class_names": list(self.class_names),
            "splits": {self.split: self.scores.to_json()},
        }


def judge_model(
    file: str | os.PathLike[str],
    *,
    split: str = "test",
    data: Dataset | str | Path | None = None,
    progress: CountProgress | None = None,
) -> FileEvaluation:
    """Evaluate an ONNX file with a contract on `train` or `test` of a dataset: the one it learnt from, or `data`.

    Raises SettingError for another split, DataError when the data is unknown or does not fit, ModelError for a file
    that cannot be used or does not read single digits.
    """
    path = Path(file)
    model = Model.open(path, reads="digit")
    if split == "validation":
        raise SettingError("a file does not say which part its training held back; use --split test")
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    if data is None:
        known = {source.sha256: name for name, source in SOURCES.items()}
        data = known.get(model.contract.data_sha256) or model.contract.settings.get("data")
        if not (isinstance(data, str) and is_known(data)):
            raise DataError(f"{path} does not say what it learnt from; name data to judge it on: --data mnist")
    dataset = data if isinstance(data, Dataset) else load.load_dataset(data)
    warn_of_view(dataset)
    dataset = load.numbered_as(dataset, model.class_names, f"the model {path}")
    if split == "test" and dataset.test is None:
        raise DataError(f"{dataset.name} has no test part; give data that has one with --data, or use --split train")
    part = dataset.split(split)
    probabilities = predict_split(model, part, progress)
    return FileEvaluation(
        path=path,
        split=split,
        class_names=model.class_names,
        data_name=dataset.name,
        data_sha256=dataset.sha256,
        model_sha256=model.sha256,
        recipe=model.contract.recipe,
        judged=JudgedSplit(part, probabilities, metrics.score_split(part.labels, probabilities)),
    )
