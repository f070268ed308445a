"""What to train, on what, into which folder: everything that is settled before the first step."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from digitry.datasets.load import Arrays, hold_out, load_dataset, numbered_as, some_images
from digitry.errors import DataError, ModelError
from digitry.networks.odd_data import warn_of_odd_data
from digitry.recipes.backend import PLAIN_TORCH
from digitry.recipes.base import Recipe
from digitry.recipes.settings import with_defaults
from digitry.runs import CONFIG, Run, read_config
from digitry.training import finetune, run_folder
from digitry.training.cluster.train_on_ray import SharingNodes
from digitry.training.training_progress import TrainingProgress
from digitry.types import Dataset, Split


@dataclass(frozen=True)
class TrainingJob:
    """One training, before it begins."""

    plan: Recipe
    """The recipe, with the settings of this run."""
    dataset: Dataset
    training: Split
    validation: Split | None
    seed: int
    folder: Path
    origin: finetune.Start | None = None
    """The model that it continues from."""
    wants_scale: bool = True
    """Whether a confidence scale is fitted at the end."""
    nodes: SharingNodes | None = None
    """The nodes of a cluster that share it; None if it is trained here."""
    config: dict[str, Any] = field(default_factory=dict)
    """Content of the run's config.json; empty before that is written."""

    @property
    def in_plain_torch(self) -> bool:
        """Whether plain Torch trains it rather than Keras."""
        return self.config.get("backend") == PLAIN_TORCH


def find_job(
    data: str | Path | Dataset | Arrays,
    plan: Recipe,
    seed: int,
    folder: Path,
    origin: finetune.Start | None,
    progress: TrainingProgress,
) -> TrainingJob:
    """Load the data and hold a part of it back. Writes nothing. Raises DataError and SettingError for data or settings
    that cannot be used.
    """
    dataset = data if isinstance(data, Dataset) else load_dataset(data, progress=progress.loading)
    warn_of_odd_data(dataset)
    if origin is not None:
        # Before a part is held back, because a stratified part is drawn class by class.
        dataset = numbered_as(dataset, origin.contract.class_names, origin.name)
        plan = finetune.held_back_settings(dataset, plan, seed, progress)
    elif len(dataset.class_names) < 2:
        raise DataError(
            f"{dataset.name} has only one class ({dataset.class_names[0]}); at least two are needed to learn from "
            "alone: add another, or continue from a model that knows more with --from shipped"
        )
    training, validation, settings = dataset.train, None, plan.settings
    if settings.validation_fraction:
        training, validation = hold_out(
            training, settings.validation_fraction, settings.validation_method, seed, dataset.class_names
        )
    if settings.training_images is not None:
        training = some_images(training, settings.training_images, seed)
    return TrainingJob(plan, dataset, training, validation, seed, folder, origin)


def begin_or_go_on(job: TrainingJob) -> TrainingJob:
    """Start the job with the config of the run in its folder: write a new one, or check the one that exists.

    Raises SettingError for a folder whose run has another plan.
    """
    folder, settings = job.folder, job.plan.settings
    if job.origin is not None:
        job = replace(job, origin=job.origin.beside(job.dataset))
    config: dict[str, Any] = {
        "recipe": job.plan.name,
        "seed": job.seed,
        "settings": settings.to_json(),
        "data": job.dataset.reference or job.dataset.name,
        "data_sha256": job.dataset.sha256,
        "backend": job.plan.trainer,
        **({"start": job.origin.facts} if job.origin else {}),
        **run_folder.describe_surroundings(),
    }
    if not (folder / CONFIG).exists():
        # Two runs of one plan must not take each other's checkpoints, so the ID is random, not derived.
        config["run_id"] = hashlib.sha256(os.urandom(32)).hexdigest()[:16]
        run_folder.write_config(folder, config)
        return replace(job, config=config)
    found = read_config(folder)
    if not {"run_id", "backend"} <= found.keys():
        raise ModelError(
            f"{folder / CONFIG} has no run_id or no backend; such a run cannot be continued; train it again"
        )
    finetune.check_same_start(folder, config, found)
    run_folder.check_same_plan(folder, config, found, type(settings))
    if with_defaults(found["settings"], type(settings)) != config["settings"]:
        found["settings"] = config["settings"]
        run_folder.write_config(folder, found)
    return replace(job, config=found)


def finished_run(folder: Path) -> Run | None:
    """Return the run in the folder if it is finished, else None."""
    try:
        run = Run.open(folder)
    except ModelError:
        return None
    return run if run.is_finished else None
