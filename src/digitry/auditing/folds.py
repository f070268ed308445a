"""Out-of-fold predictions: every image is judged by a network that never saw it."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry import recipes
from digitry.arrays import Dataset, Probabilities, Split
from digitry.data.folder import dataset_sha256
from digitry.errors import DataError, SettingError
from digitry.exploration.duplicates import first_of_its_kind
from digitry.files import write_atomically
from digitry.predict import Predictor
from digitry.training import train
from digitry.training.interrupt import TrainingInterrupted
from digitry.training.tasks import DIGITS

RECIPE = "balanced"

LEAST_IMAGES = 100
"""Fewer images than this say nothing about one another."""

HELD_BACK = 20
"""So many images, at least, are kept from a network that continues from the shipped one."""

LEAST_STEPS = 1000
"""A small dataset has few steps in an epoch: it is trained for as many epochs as give so many, up to `MOST_EPOCHS`."""

MOST_EPOCHS = 100

OWN_DIGITS = 10_000
"""Fewer digits than this do not make a network by themselves: each fold continues from the shipped one."""

Tell = Callable[[int, int], None]
"""Hears which fold begins, from 1, and how many there are."""


def out_of_fold(
    dataset: Dataset, split: str, parts: NDArray[np.int64], seed: int, folder: Path, tell: Tell, *, quiet: bool
) -> Probabilities:
    """Probabilities of every image of the split, float32 (n, classes), by networks trained on all others.

    `parts` is the fold of every image; a network is trained on all but one fold, and on the other split where there is
    one, and judges that fold. `folder` keeps what is done: the same call goes on where it was stopped, and is over at
    once when nothing is left to do.
    """
    audited, plan, folds = dataset.split(split), _plan(dataset), int(parts.max()) + 1
    name = _identity(dataset, split, parts, seed, plan)
    result = np.zeros((len(audited), len(dataset.class_names)), np.float32)
    for fold in range(folds):
        held = np.flatnonzero(parts == fold)
        done = folder / f"{name}-{fold + 1}-of-{folds}.npy"
        if not done.is_file():
            tell(fold + 1, folds)
            run = done.with_suffix("")
            others = audited.take(np.flatnonzero(parts != fold))
            _train(plan, _training_data(dataset, split, others), seed, run, quiet)
            predictor = Predictor(run / "model.onnx")
            # The shipped network knows all ten digits, the dataset perhaps fewer.
            columns = [predictor.contract.class_names.index(name) for name in dataset.class_names]
            buffer = io.BytesIO()
            np.save(buffer, predictor.probabilities(audited.images[held])[:, columns])
            write_atomically(done, buffer.getvalue())
            shutil.rmtree(run, ignore_errors=True)
        result[held] = np.load(done)
    return result


def assign_folds(split: Split, folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of every image, from 0, int64 (n,): each class is spread evenly, in an order drawn by `seed`.

    Copies of one image go into one fold: a network that has seen one of them has seen them all. DataError for too few
    images, SettingError for fewer than two folds or more than images.
    """
    if len(split) < LEAST_IMAGES:
        raise DataError(f"{len(split)} images are too few to judge one another; at least {LEAST_IMAGES} are needed")
    if not 2 <= folds <= len(split):
        raise SettingError(f"the folds must be from 2 to {len(split):,}, the number of images, not {folds}")
    order = np.random.default_rng(seed).permutation(len(split))
    order = order[np.argsort(split.labels[order], kind="stable")]
    parts = np.empty(len(split), np.int64)
    parts[order] = np.arange(len(split)) % folds
    return np.asarray(parts[first_of_its_kind(split.images)])


def _train(plan: dict[str, Any], data: Dataset, seed: int, run: Path, quiet: bool) -> None:
    if "start_from" in plan:
        # No less than what `digitry train --from` wants to judge on, and no more: the rest is learnt from.
        fraction = min(0.5, max(HELD_BACK / len(data.train), 0.02))
        plan = plan | {"settings": {"validation_fraction": fraction}}
    try:
        train(**plan, data=data, seed=seed, run=run, resume=True, quiet=quiet)
    except TrainingInterrupted as stopped:
        raise TrainingInterrupted(stopped.signal_number, run, "the same audit goes on there") from stopped
    except SettingError:
        if not run.exists():
            raise
        # Begun under other circumstances, another backend say: this fold is done anew.
        shutil.rmtree(run)
        train(**plan, data=data, seed=seed, run=run, quiet=quiet)


def _plan(dataset: Dataset) -> dict[str, Any]:
    """How a network for this data is trained, as arguments of `train`."""
    images, names = len(dataset.train) + (len(dataset.test) if dataset.test else 0), dataset.class_names
    if images < OWN_DIGITS and names == tuple(digit for digit in DIGITS if digit in names):
        return {"recipe": "reader", "start_from": "shipped"}
    settings = recipes.get(RECIPE).settings
    steps = -(-images // settings.batch_size)
    epochs = max(settings.epochs, min(-(-LEAST_STEPS // steps), MOST_EPOCHS))
    return {"recipe": RECIPE, "settings": {"epochs": epochs}}


def _training_data(dataset: Dataset, split: str, others: Split) -> Dataset:
    """What one fold is trained on: the other folds, and the whole other split."""
    more = dataset.test if split == "train" else dataset.train
    parts = [others] if more is None else [others, more]
    images, labels = (np.concatenate([getattr(part, name) for part in parts]) for name in ("images", "labels"))
    train = Split(images, labels)
    return Dataset(dataset.name, train, None, dataset.class_names, dataset_sha256(train, None), dataset.source)


def _identity(dataset: Dataset, split: str, parts: NDArray[np.int64], seed: int, plan: dict[str, Any]) -> str:
    """A name for this very question: with other data, folds, networks or settings it is another."""
    shipped = (resources.files("digitry") / "models" / "digit.onnx").read_bytes() if "start_from" in plan else b""
    facts = [dataset.sha256, dataset.class_names, split, seed, plan, asdict(recipes.get(plan["recipe"]).settings)]
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode() + parts.tobytes() + shipped)
    return digest.hexdigest()[:12]
