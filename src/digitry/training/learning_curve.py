"""Would more images help? Train one recipe on more and more of the training images, and judge each run on validation.

Each size is a subset of the next larger one. Fewer images get more epochs if they would make too few steps: otherwise
an undertrained network would look like one that saw too few images.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

from digitry.datasets.load import Arrays, hold_out, load_dataset
from digitry.errors import DataError, SettingError
from digitry.evaluation.comparison import LEVEL, compare
from digitry.evaluation.significance import mean_interval
from digitry.files import write_atomically
from digitry.packages import need
from digitry.recipes.base import Recipe
from digitry.recipes.find_recipe import RecipeLike, find_recipe
from digitry.recipes.settings import MAX_EPOCHS, Settings, check_number
from digitry.runs import CONFIG
from digitry.training import run_folder
from digitry.training.curve_points import CURVE, CURVE_PAGE, CurvePoint, LearningCurve
from digitry.training.interrupt import TrainingInterrupted
from digitry.training.train_seeds import SeedRuns, train_seeds
from digitry.types import Dataset

MOST_SIZES = 7
"""Sizes, each half the next, up to all images: the smallest is a sixty-fourth."""

IMAGES_A_CLASS = 2
"""The default sizes have at least this many images per class on average."""

LEAST_STEPS = 500
"""Minimum number of steps of each training, unless the one on all images takes fewer."""

HELD_BACK = 0.1
"""Fraction of the training split used for validation if the recipe holds nothing back."""

MOST_SEEDS = 20


def learning_curve(
    recipe: RecipeLike = "cnn",
    data: str | Path | Dataset | Arrays = "mnist",
    *,
    sizes: Sequence[int] | None = None,
    seeds: int = 1,
    seed: int = 0,
    run: str | os.PathLike[str] | None = None,
    resume: bool = False,
    settings: Mapping[str, Any] | None = None,
    page: bool = True,
    quiet: bool = True,
    **changes: Any,
) -> LearningCurve:
    """Train a recipe on parts of the training images, and measure how its accuracy grows with their number.

    `sizes` are at least two numbers of images; by default all images, half of them, a quarter and so on, at most seven
    sizes. Each is trained with `seeds` seeds, 1 to 20, from `seed` up; `settings` and `changes` are those of
    `digitry.train`. The validation part, a tenth of every class unless the settings say otherwise, is the same for all
    sizes of a seed; the test set is never opened. The folder, `run` or the next free one, gets a run for each training,
    learning-curve.json and, with `page`, learning-curve.html. With `resume`, what is there continues.

    Raises SettingError for a recipe that reads numbers and for invalid sizes or seeds, DataError when there are too few
    images for two sizes, and what `digitry.train` raises.
    """
    count = check_number("seeds", seeds, 1, MOST_SEEDS)
    plan = _judged_plan(find_recipe(recipe), {**(settings or {}), **changes})
    if page:
        need("matplotlib", by="the page of a learning curve")
    if run is not None and (Path(run) / CONFIG).exists():
        raise SettingError(f"{run} holds a run; choose another --run for the runs of a learning curve")
    if run is not None and (Path(run) / CURVE).exists() and not resume:
        raise SettingError(f"{run} already holds a learning curve; continue with --resume or choose another --run")
    if resume and run is None:
        raise SettingError("--resume continues the runs in a folder: say which one with --run")
    dataset = data if isinstance(data, Dataset) else load_dataset(data)
    kept = plan.settings
    training, validation = hold_out(
        dataset.train, kept.validation_fraction, kept.validation_method, seed, dataset.class_names
    )
    if sizes is None:
        wanted = halves(len(training), len(dataset.class_names), dataset.name)
    else:
        wanted = _checked(sizes, len(training))
    with run_folder.made_folder(run, f"{plan.name}-curve") as folder:
        trained = []
        for images in wanted:
            more = {"training_images": images, "epochs": epochs_for(images, len(training), kept)}
            try:
                trained.append(
                    train_seeds(
                        plan,
                        dataset,
                        seeds=count,
                        seed=seed,
                        run=folder / f"images-{images}",
                        resume=resume,
                        settings=more,
                        report=False,
                        scale=False,
                        quiet=quiet,
                    )
                )
            except TrainingInterrupted as error:
                how = f"continue with the same command and {shlex.join(['--run', str(folder), '--resume'])}"
                raise TrainingInterrupted(error.signal_number, folder, how) from error
        points = tuple(_point(images, runs) for images, runs in zip(wanted, trained, strict=True))
        names = (plan.name, dataset.reference or dataset.name)
        seen, more_than_chance = tuple(range(seed, seed + count)), is_more_than_chance(trained, points, dataset)
        curve = LearningCurve(folder, *names, seen, len(validation), points, more_than_chance)
        write_atomically(folder / CURVE, (json.dumps(curve.to_json(), indent=1) + "\n").encode())
    if page:
        from digitry.pages.html import write_page
        from digitry.training.learning_curve_page import learning_curve_page

        write_page(learning_curve_page(curve), folder / CURVE_PAGE)
    return curve


def halves(images: int, classes: int, name: str) -> list[int]:
    """Return all images, half of them, a quarter and so on, in ascending order. Raises DataError for too few images."""
    sizes = [images]
    while len(sizes) < MOST_SIZES and sizes[-1] // 2 >= IMAGES_A_CLASS * classes:
        sizes.append(sizes[-1] // 2)
    if len(sizes) < 2:
        raise DataError(
            f"{name} has {images} images to learn {classes} classes from, too few for a curve: at least "
            f"{2 * IMAGES_A_CLASS * classes} are needed; collect more, or name two sizes of your own with --sizes"
        )
    return sizes[::-1]


def epochs_for(images: int, most: int, settings: Settings) -> int:
    """Return the number of epochs of a training on `images` of `most` images: the recipe's, or more."""

    def steps(count: int) -> int:
        return ceil(count / settings.batch_size)

    least = min(LEAST_STEPS, settings.epochs * steps(most))
    return min(max(settings.epochs, ceil(least / steps(images))), MAX_EPOCHS)


def _judged_plan(recipe: Recipe, wanted: Mapping[str, Any]) -> Recipe:
    if recipe.reads != "digit":
        raise SettingError(
            f"recipe {recipe.name} learns from numbers that are made new for every epoch; a learning curve needs one "
            "that reads single digits"
        )
    if "training_images" in wanted:
        raise SettingError("a learning curve tries several numbers of training images; say which ones with --sizes")
    plan = recipe.with_settings(wanted)
    if plan.settings.validation_fraction:
        return plan
    if "validation_fraction" in wanted:
        raise SettingError("validation judges every size: validation_fraction must be above 0")
    # A user's own digits are often ordered by class: the last part would be one class.
    method = wanted.get("validation_method", "stratified")
    return plan.with_settings({"validation_fraction": HELD_BACK, "validation_method": method})


def _checked(sizes: Sequence[int], most: int) -> list[int]:
    """Return the sizes in ascending order, without duplicates."""
    checked = sorted({check_number("a size", one, 2, most) for one in sizes})
    if len(checked) < 2:
        raise SettingError(f"a curve needs two sizes at least, as in --sizes {max(most // 2, 2)},{most}")
    return checked


def _point(images: int, runs: SeedRuns) -> CurvePoint:
    kept = [one.figures["val_accuracy"] for one in runs.runs]
    places = tuple(f"{runs.folder.name}/{one.name}" for one in runs.runs)
    return CurvePoint(images, int(runs.runs[0].settings["epochs"]), tuple(kept), places)


def is_more_than_chance(trained: Sequence[SeedRuns], points: Sequence[CurvePoint], dataset: Dataset) -> bool:
    """Return whether the last two sizes differ by more than chance: for one seed, McNemar's test on the validation
    images; for several, Student's t over each seed's gain.
    """
    before, last = points[-2:]
    if len(last.accuracies) == 1:
        pair = compare([one.runs[0] for one in trained[-2:]], split="validation", data=dataset).pairs[0]
        return pair.p < LEVEL
    low, high = mean_interval([more - less for less, more in zip(before.accuracies, last.accuracies, strict=True)])
    return low > 0 or high < 0
