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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry import recipes
from digitry.datasets.folder import dataset_sha256
from digitry.datasets.same_images import first_of_its_kind
from digitry.errors import DataError, SettingError
from digitry.files import write_atomically
from digitry.networks.model import Model
from digitry.recipes.backend import PLAIN_TORCH
from digitry.runs import MODEL
from digitry.training import finetune
from digitry.training.interrupt import TrainingInterrupted
from digitry.training.train import train
from digitry.types import TEN_DIGITS, Dataset, Images, Probabilities, Split

FOLD_RECIPE = "balanced"

QUICK_JUDGES = 4
"""Number of `quick` networks that judge beside the one of `FOLD_RECIPE`: weaker, and each different. They may doubt
an odd image that a good network has learnt to take for its label."""

LEAST_IMAGES = 100
"""Fewer images than this say nothing about one another."""

HELD_BACK = 20
"""Minimum number of images held back from a network that continues from the shipped one."""

LEAST_STEPS, LEAST_QUICK_STEPS = 1000, 250
"""Minimum number of steps: a small dataset is trained for as many epochs as that takes, up to `MAX_EPOCHS`."""

MOST_EPOCHS = 100

OWN_DIGITS = 10_000
"""With fewer digits than this, training from scratch is not enough: each fold continues from the shipped network."""

SECONDS_AN_IMAGE = {"balanced": 7e-5, "quick": 4e-5, "reader": 2.2e-3}
"""Seconds to learn from one image once on two cores, including augmentation if the recipe has any; the two recipes
that plain Torch trains are measured there."""

KERAS_IS_SLOWER = 3.0
"""Factor by which those two are slower in Keras."""

SECONDS_TO_BEGIN = 8.0
"""For loading Keras, once; exporting a network takes a second or two, which is negligible."""

TellFold = Callable[[int, int], None]
"""Called with the fold that begins, from 1, and the number of folds."""


class Judge(NamedTuple):
    """One network per fold."""

    seed: int
    plan: dict[str, Any]
    """How it is trained, as arguments of `train`."""


def out_of_fold(
    dataset: Dataset, split: str, parts: NDArray[np.int64], seed: int, folder: Path, tell: TellFold, *, quiet: bool
) -> list[Probabilities]:
    """Return each judge's predictions for every image of the split, float32 (n, classes), by networks that never saw
    it.

    `parts` is the fold of every image; a network is trained on all but one fold, and on the other split if there is
    one, without copies of the images it judges, and judges that fold. `folder` keeps finished work: the same call
    continues after an interruption, and returns at once when nothing is left to do.
    """
    audited, judges, folds = dataset.split(split), judges_for(dataset, seed), int(parts.max()) + 1
    names = [question_name(dataset, split, parts, judge) for judge in judges]
    results = [np.zeros((len(audited), len(dataset.class_names)), np.float32) for _ in judges]
    for fold in range(folds):
        held = np.flatnonzero(parts == fold)
        done = [folder / f"{name}-{fold + 1}-of-{folds}.npy" for name in names]
        if not all(file.is_file() for file in done):
            tell(fold + 1, folds)
            data = _training_data(dataset, split, parts != fold)
            for judge, file in zip(judges, done, strict=True):
                if not file.is_file():
                    _judge(judge, data, audited.images[held], file, quiet)
        for result, file in zip(results, done, strict=True):
            result[held] = np.load(file)
    return results


def seconds_left(dataset: Dataset, split: str, parts: NDArray[np.int64], seed: int, folder: Path) -> float:
    """Estimate how long `out_of_fold` will take on two cores; 0 if all its work is already in the folder."""
    judges, folds = judges_for(dataset, seed), int(parts.max()) + 1
    learnt = _count(dataset) * (1 - 1 / folds)
    seconds = 0.0
    for judge in judges:
        name = question_name(dataset, split, parts, judge)
        missing = sum(not (folder / f"{name}-{fold + 1}-of-{folds}.npy").is_file() for fold in range(folds))
        seconds += missing * _seconds_of(judge, learnt)
    return seconds + SECONDS_TO_BEGIN if seconds else 0.0


def _seconds_of(judge: Judge, images: float) -> float:
    """Return how long one training on this many images takes."""
    plan = recipes.get(judge.plan["recipe"])
    epochs = judge.plan.get("settings", {}).get("epochs", plan.settings.epochs)
    if "start_from" in judge.plan:
        epochs, images = finetune.SETTINGS["epochs"], max(images, finetune.OWN_IMAGES) * (1 + finetune.OLD_FOR_ONE_OWN)
    slower = KERAS_IS_SLOWER if plan.plain_torch and plan.trainer != PLAIN_TORCH else 1.0
    return float(epochs * images * SECONDS_AN_IMAGE[plan.name] * slower)


def _judge(judge: Judge, data: Dataset, images: Images, file: Path, quiet: bool) -> None:
    """Train on `data`, and save the network's predictions for `images`."""
    run = file.with_suffix("")
    _train(judge, data, run, quiet)
    buffer = io.BytesIO()
    np.save(buffer, _answers(Model(run / MODEL, reads="digit"), images, data.class_names))
    write_atomically(file, buffer.getvalue())
    shutil.rmtree(run, ignore_errors=True)


def by_the_shipped_network(dataset: Dataset, split: str) -> Probabilities:
    """Return the shipped network's predictions for every image of the split, float32 (n, classes)."""
    return _answers(Model(_shipped(), reads="digit"), dataset.split(split).images, dataset.class_names)


def _answers(model: Model, images: Images, class_names: tuple[str, ...]) -> Probabilities:
    # The shipped network knows all ten digits, the dataset perhaps fewer.
    columns = [model.contract.class_names.index(name) for name in class_names]
    return model.probabilities(images)[:, columns]


def _shipped() -> bytes:
    return (resources.files("digitry") / "models" / "digit.onnx").read_bytes()


def assign_folds(split: Split, folds: int, seed: int) -> NDArray[np.int64]:
    """Return the fold of every image, from 0, int64 (n,): each class is spread evenly, in an order drawn by `seed`.

    Copies of an image go into one fold, because a network that has seen one has seen them all. Raises DataError for too
    few images, SettingError for fewer than two folds or more folds than images.
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


def _train(judge: Judge, data: Dataset, run: Path, quiet: bool) -> None:
    seed, plan = judge
    if "start_from" in plan:
        # As much as `digitry train --from` needs to judge on, and no more: the rest is learnt from.
        fraction = min(0.5, max(HELD_BACK / len(data.train), 0.02))
        plan = plan | {"settings": {"validation_fraction": fraction}}
    # No confidence scale is needed: `confident.calibrated` calibrates all that is judged.
    options: dict[str, Any] = {"data": data, "seed": seed, "run": run, "report": False, "scale": False, "quiet": quiet}
    try:
        train(**plan, **options, resume=True)
    except TrainingInterrupted as stopped:
        raise TrainingInterrupted(stopped.signal_number, run, "the same audit continues there") from stopped
    except SettingError:
        if not run.exists():
            raise
        # Begun under other conditions, such as another backend: this fold is trained again.
        shutil.rmtree(run)
        train(**plan, **options)


def judges_for(dataset: Dataset, seed: int) -> list[Judge]:
    """Return the judges for this data."""
    images = _count(dataset)
    if images < OWN_DIGITS and are_digits(dataset):
        return [Judge(seed, {"recipe": "reader", "start_from": "shipped"})]

    def plan(recipe: str, least_steps: int, **settings: Any) -> dict[str, Any]:
        usual = recipes.get(recipe).settings
        steps = -(-images // usual.batch_size)
        epochs = max(usual.epochs, min(-(-least_steps // steps), MOST_EPOCHS))
        return {"recipe": recipe, "settings": {"epochs": epochs, **settings}}

    quick = plan("quick", LEAST_QUICK_STEPS, label_smoothing=0.0)  # overconfidence is corrected by `calibrated`
    return [
        Judge(seed, plan(FOLD_RECIPE, LEAST_STEPS)),
        *(Judge(1000 * number + seed, quick) for number in range(1, QUICK_JUDGES + 1)),
    ]


def are_digits(dataset: Dataset) -> bool:
    """Return whether its classes are all or some of the ten digits, in order: then the shipped network knows them."""
    return dataset.class_names == tuple(digit for digit in TEN_DIGITS if digit in dataset.class_names)


def _count(dataset: Dataset) -> int:
    """Count the images in both splits."""
    return len(dataset.train) + (len(dataset.test) if dataset.test else 0)


def _training_data(dataset: Dataset, split: str, kept: NDArray[np.bool_]) -> Dataset:
    """Return the training data of one fold: the `kept` images of the split, bool (n,), and the other split without
    copies of the judged images.
    """
    audited, more = dataset.split(split), dataset.test if split == "train" else dataset.train
    parts = [audited.take(np.flatnonzero(kept))]
    if more is not None:
        judged = audited.images[~kept]
        first = first_of_its_kind(np.concatenate([judged, more.images]))
        parts.append(more.take(np.flatnonzero(first[len(judged) :] >= len(judged))))
    images, labels = (np.concatenate([getattr(part, name) for part in parts]) for name in ("images", "labels"))
    train = Split(images, labels)
    return Dataset(dataset.name, train, None, dataset.class_names, dataset_sha256(train, None), dataset.source)


def question_name(dataset: Dataset, split: str, parts: NDArray[np.int64], judge: Judge) -> str:
    """Return a name for exactly this task: it changes with data, folds, networks and settings."""
    seed, plan = judge
    shipped = _shipped() if "start_from" in plan else b""
    facts = [dataset.sha256, dataset.class_names, split, seed, plan, asdict(recipes.get(plan["recipe"]).settings)]
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode() + parts.tobytes() + shipped)
    return digest.hexdigest()[:12]
