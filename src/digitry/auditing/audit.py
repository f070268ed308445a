"""Which labels of a dataset are wrong? Networks judge them, ideally ones that never saw the image; labels that look
wrong are listed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitry.auditing.confident import agreed, estimated_errors
from digitry.auditing.folds import (
    TellFold,
    are_digits,
    assign_folds,
    by_the_shipped_network,
    out_of_fold,
    seconds_left,
)
from digitry.auditing.suspects import Suspect, find_suspects
from digitry.datasets.folder import LABELS_TABLE
from digitry.datasets.load import load_dataset
from digitry.errors import DataError, SettingError, unknown_name
from digitry.files import check_place, name_for_a_file, write_atomically
from digitry.networks.odd_data import warn_of_view
from digitry.recipes.settings import MAX_SEED, check_number
from digitry.types import Dataset, Probabilities

if TYPE_CHECKING:
    from digitry.datasets import Progress

FOLDS = 10

MAX_FOLDS = 100
"""Each trains five networks, and more folds add nothing."""

PATIENCE_SECONDS = 120.0
"""If folds take longer, they are only trained on request, provided that the shipped network can judge instead."""

PAGE, LIST, TABLE, WORK = "audit.html", "audit.json", "suspects.csv", "folds"
"""The files of an audit's folder: a page, the list for programs, the table to fill in, the work of each fold."""


@dataclass(frozen=True)
class Audit:
    """The findings for one split of a dataset."""

    dataset: str
    split: str
    images: int
    folds: int
    """Number of folds; 0 if only the shipped network has judged."""
    seed: int
    accuracy: float
    """Fraction of the labels that the judges agree with: networks that never saw the image, or the shipped one."""
    estimated_errors: float
    """Estimated number of wrong labels, by confident learning."""
    suspects: tuple[Suspect, ...]
    """Least trusted label first."""
    folder: Path
    folds_seconds: float = 0.0
    """Estimated time for judging by networks that never saw the image; 0 if they have judged."""

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            "dataset": self.dataset,
            "split": self.split,
            "images": self.images,
            "judged_by": "folds" if self.folds else "shipped network",
            "folds": self.folds,
            "seed": self.seed,
            "accuracy": round(self.accuracy, 6),
            "out_of_fold_accuracy": round(self.accuracy, 6) if self.folds else None,
            "estimated_errors": round(self.estimated_errors, 1),
            "folds_seconds": round(self.folds_seconds),
            "suspects": [one.to_json() for one in self.suspects],
        }


def audit(
    dataset: Dataset | str | Path = "mnist",
    *,
    split: str = "train",
    folds: int | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    tell: TellFold = lambda fold, folds: None,
    estimate: Callable[[float], None] = lambda seconds: None,
    progress: Progress | None = None,
    quiet: bool = True,
) -> Audit:
    """Judge every label of a split, and write those that look wrong to a folder.

    Digits are first judged by the shipped network, which takes seconds. Then, if `folds` is given or it takes under two
    minutes, and always if the classes are not digits: for each of `folds` parts of the split (default 10), a network of
    the recipe `balanced` and four of `quick` are trained on everything else, including the other split if there is one,
    and judge that part together; fewer than 10,000 digits continue from the shipped network instead. `estimate` is
    called beforehand with the expected seconds on two cores. The folder, `out` or audit-<dataset>-<split>, gets a page
    with pictures, the list as JSON, and a table to fill in. The same call continues after an interruption.

    Raises SettingError for an unknown split or an invalid number of folds, DataError for data that cannot be used,
    StorageError when the folder cannot be written, TrainingInterrupted (a signal; finished work is kept).
    """
    from digitry.pages.style import make_folder

    count = FOLDS if folds is None else check_number("folds", folds, 2, MAX_FOLDS)
    seed = check_number("seed", seed, 0, MAX_SEED // 2)  # the judges' own seeds are above it
    if out is not None:
        check_place(Path(out))
    data = dataset if isinstance(dataset, Dataset) else load_dataset(dataset, progress=progress)
    warn_of_view(data)
    known = ("train", "test") if data.test else ("train",)
    if split not in known:
        raise unknown_name("split", split, known)
    if len(data.class_names) < 2:
        raise DataError(
            f"{data.name} has only one class ({data.class_names[0]}), so none of its labels can be mistaken for another"
        )
    parts = assign_folds(data.split(split), count, seed)
    folder = Path(out) if out is not None else default_folder(data, split)
    _check_place(folder, data)
    make_folder(folder / WORK)
    seconds = seconds_left(data, split, parts, seed, folder / WORK)
    if folds is None and seconds and are_digits(data):
        first = _written(data, split, [by_the_shipped_network(data, split)], 0, seed, folder, seconds)
        if seconds > PATIENCE_SECONDS:
            return first
    if seconds:
        estimate(seconds)
    judged = out_of_fold(data, split, parts, seed, folder / WORK, tell, quiet=quiet)
    return _written(data, split, judged, count, seed, folder)


def _written(
    data: Dataset, split: str, judged: list[Probabilities], folds: int, seed: int, folder: Path, seconds: float = 0.0
) -> Audit:
    """Write the files and return the audit by these judges."""
    from digitry.auditing import correcting
    from digitry.auditing.audit_page import render_audit_page

    labels = data.split(split).labels
    probabilities = agreed(labels, judged)
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
        seconds,
    )
    write_atomically(folder / LIST, (json.dumps(found.to_json(), indent=1) + "\n").encode())
    correcting.write_table(found.suspects, folder / TABLE)
    page = render_audit_page(found, data, correcting.read_answers(folder / TABLE))
    write_atomically(folder / PAGE, page.encode())
    return found


def _check_place(folder: Path, dataset: Dataset) -> None:
    """Raise SettingError for a folder inside the data, where it would be taken for a class."""
    place = Path(dataset.reference)
    in_class_folders = bool(dataset.train.files) and place.is_dir() and not (place / LABELS_TABLE).is_file()
    if in_class_folders and folder.resolve().is_relative_to(place.resolve()):
        raise SettingError(f"{folder} is inside the data; choose another place for the audit with --out")


def default_folder(dataset: Dataset, split: str) -> Path:
    """Return the default folder: audit-mnist-test."""
    return Path(f"audit-{name_for_a_file(dataset.name)}-{split}")
