"""Which labels of a dataset are wrong? Networks that never saw an image judge its label; what looks wrong is listed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitry.arrays import Dataset
from digitry.auditing.confident import agreed, estimated_errors
from digitry.auditing.folds import Tell, assign_folds, out_of_fold
from digitry.auditing.suspects import Suspect, find_suspects
from digitry.data.folder import LABELS_TABLE
from digitry.datasets import load_dataset
from digitry.errors import DataError, SettingError, unknown_name
from digitry.files import name_for_a_file, write_atomically

if TYPE_CHECKING:
    from digitry.data import Progress

FOLDS = 10

PAGE, LIST, TABLE, WORK = "audit.html", "audit.json", "suspects.csv", "folds"
"""What an audit leaves in its folder: a page, the list for programs, the table to fill in, the work of each fold."""

__all__ = ["Audit", "Suspect", "audit"]


@dataclass(frozen=True)
class Audit:
    """What was found in one split of a dataset."""

    dataset: str
    split: str
    images: int
    folds: int
    seed: int
    accuracy: float
    """Share of the labels that networks agree with which never saw the image."""
    estimated_errors: float
    """How many labels are wrong, by confident learning."""
    suspects: tuple[Suspect, ...]
    """The least trusted label first."""
    folder: Path

    def to_json(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        return {
            "dataset": self.dataset,
            "split": self.split,
            "images": self.images,
            "folds": self.folds,
            "seed": self.seed,
            "out_of_fold_accuracy": round(self.accuracy, 6),
            "estimated_errors": round(self.estimated_errors, 1),
            "suspects": [one.to_json() for one in self.suspects],
        }


def audit(
    dataset: Dataset | str | Path = "mnist",
    *,
    split: str = "train",
    folds: int = FOLDS,
    seed: int = 0,
    out: str | Path | None = None,
    tell: Tell = lambda fold, folds: None,
    progress: Progress | None = None,
    quiet: bool = True,
) -> Audit:
    """Judge every label of a split by networks that never saw the image, and write what looks wrong into a folder.

    For each of `folds` parts of the split, a network of the recipe `balanced` and four of `quick` are trained on all
    else, the other split included where there is one, and judge that part together; fewer than 10,000 digits continue
    from the shipped network instead. The folder, `out` or audit-<dataset>-<split>, gets a page with pictures, the list
    as JSON, and a table that can be filled in. The same call goes on where it was stopped.

    Errors: SettingError for an unknown split or a wrong number of folds, DataError for data that cannot be used,
    StorageError when the folder cannot be written, TrainingInterrupted (a signal; what is done is kept).
    """
    from digitry.auditing import correcting
    from digitry.auditing.page import build_page
    from digitry.pages.html import write_page
    from digitry.pages.style import make_folder

    data = dataset if isinstance(dataset, Dataset) else load_dataset(dataset, progress=progress)
    known = ("train", "test") if data.test else ("train",)
    if split not in known:
        raise unknown_name("split", split, known)
    if len(data.class_names) < 2:
        raise DataError(f"{data.name} has only one class ({data.class_names[0]}): no label in it can be another's")
    parts = assign_folds(data.split(split), folds, seed)
    folder = Path(out) if out is not None else default_folder(data, split)
    _check_place(folder, data)
    make_folder(folder / WORK)
    labels = data.split(split).labels
    probabilities = agreed(labels, out_of_fold(data, split, parts, seed, folder / WORK, tell, quiet=quiet))
    found = Audit(
        data.name,
        split,
        len(labels),
        folds,
        seed,
        float((probabilities.argmax(axis=1) == labels).mean()),
        estimated_errors(labels, probabilities),
        tuple(find_suspects(data, split, probabilities)),
        folder,
    )
    write_atomically(folder / LIST, (json.dumps(found.to_json(), indent=1) + "\n").encode())
    correcting.write_table(found.suspects, folder / TABLE)
    write_page(build_page(found, data), folder / PAGE)
    return found


def _check_place(folder: Path, dataset: Dataset) -> None:
    """SettingError for a folder inside the data, where it would be taken for a class."""
    place = Path(dataset.reference)
    in_class_folders = bool(dataset.train.files) and place.is_dir() and not (place / LABELS_TABLE).is_file()
    if in_class_folders and folder.resolve().is_relative_to(place.resolve()):
        raise SettingError(f"{folder} lies inside the data; choose a place for the audit with --out")


def default_folder(dataset: Dataset, split: str) -> Path:
    """audit-mnist-test"""
    return Path(f"audit-{name_for_a_file(dataset.name)}-{split}")
