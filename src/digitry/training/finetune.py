"""Continue from the shipped model or another run, on a user's own pictures.

A network that learns new handwriting forgets the old, so most of every epoch is what it learnt from: a known dataset
with the same classes, if one is in the cache. Accuracy is measured before and after.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.datasets.cache import cache_folder, is_valid
from digitry.datasets.load import hold_out, load_dataset
from digitry.datasets.sources import SOURCES
from digitry.errors import ModelError, SettingError
from digitry.files import write_atomically
from digitry.networks.contract import Contract
from digitry.networks.model import Model
from digitry.networks.model_files import read_model, run_or_shipped, shipped_model, shipped_runs
from digitry.recipes.base import Recipe
from digitry.runs import START, WEIGHTS
from digitry.training.training_progress import TrainingProgress
from digitry.types import Dataset, Split

SHIPPED_NAME = "shipped"
"""Name of the model that comes with digitry."""

SETTINGS: dict[str, Any] = {
    "epochs": 4,
    "batch_size": 64,
    "learning_rate": 0.001,
    "schedule": "cosine",
    "validation_fraction": 0.2,
    "validation_method": "stratified",
    "early_stopping_epochs": 0,
    # An epoch chosen on the held-back part would look better there than it is.
    "keep_best": False,
}
"""What differs from training from scratch; docs/log.md says how these were chosen."""

OWN_IMAGES = 3000
"""Minimum number of own pictures per epoch; fewer are repeated, each time with a new distortion."""

OLD_FOR_ONE_OWN = 2
"""Old images for each own one."""

LEAST_HELD_BACK = 10
"""With fewer held-back pictures than this, a comparison of before and after says nothing."""

_PROOF_IMAGES = 256


@dataclass(frozen=True)
class Start:
    """A model to continue from."""

    name: str
    """`shipped`, or the path as it was given."""
    data: bytes
    contract: Contract
    old: Dataset | None = None
    """What it must not forget; None if that is not available."""
    weights: Path | None = None
    """The file with the weights; None if they have to be extracted from `data`."""
    unguarded: str = ""
    """Why nothing keeps it from forgetting."""

    @property
    def facts(self) -> dict[str, Any]:
        """What the run's config records about it."""
        old = self.old
        return {
            "from": self.name,
            "sha256": hashlib.sha256(self.data).hexdigest(),
            "beside": old.name if old else None,
            "beside_sha256": old.sha256 if old else None,
        }

    def beside(self, dataset: Dataset) -> Start:
        """Return the start with its old data: a known dataset in the cache, with the model's classes, other than
        `dataset`.
        """
        for source in SOURCES.values():
            if source.class_names != self.contract.class_names:
                continue
            if source.sha256 == dataset.sha256 or source.name == dataset.reference:
                return self
            folder = cache_folder() / source.name
            if all(is_valid(folder, file) for file in source.files):
                return replace(self, old=load_dataset(source.name))
            missing = f"{source.name} is not in the cache (get it with: digitry fetch {source.name})"
            return replace(self, unguarded=missing)
        return replace(self, unguarded="no known dataset has its classes")

    def mixed_with_old(self, own: Split, seed: int, progress: TrainingProgress) -> Split:
        """Mix an epoch's images: own ones, repeated if few, and twice as many old ones, drawn by `seed`."""
        repeats = _repeats(len(own))
        images, labels = [own.images] * repeats, [own.labels] * repeats
        note = f"an epoch: {len(own):,} own pictures{f', each {repeats} times' if repeats > 1 else ''}"
        if self.old is not None:
            drawn = self.drawn(len(own), seed)
            images.append(self.old.train.images[drawn])
            labels.append(self.old.train.labels[drawn])
            note += f", and {len(drawn):,} of {self.old.name}, so that it does not forget other hands"
        elif self.unguarded:
            note += f"; nothing keeps it from forgetting other hands: {self.unguarded}"
        progress.note(note)
        return Split(np.concatenate(images), np.concatenate(labels))

    def drawn(self, own: int, seed: int) -> NDArray[np.int64]:
        """Return the indices of the old training images that every epoch adds to `own` new ones, int64 (n,)."""
        if self.old is None:
            return np.zeros(0, np.int64)
        order = np.random.default_rng([seed, 3]).permutation(len(self.old.train))
        return order[: OLD_FOR_ONE_OWN * _repeats(own) * own]

    def put_into(self, model: Any, training: Split) -> None:
        """Load the weights into the network. Raises ModelError unless they match it, in shape and in effect."""
        from digitry.exports import bundle, graph_weights, parity

        images = training.images[:_PROOF_IMAGES]
        try:
            if model.output_shape[-1] != len(self.contract.class_names):
                raise ModelError(f"it knows {len(self.contract.class_names)} classes, not {model.output_shape[-1]}")
            if self.weights is not None:
                bundle.put_into(model, bundle.load(self.weights)[0])
            else:
                graph_weights.put_graph_weights(model, self.data, self.contract)
            answers = parity.answers_of_keras(model, self.contract, images)
            parity.check_parity(answers, Model.open(self.data).probabilities(images), tie=parity.TOLERANCE)
        except ModelError as error:
            raise ModelError(f"cannot start from {self.name}: {error}") from error

    def write_comparison(self, folder: Path, held_back: Split | None, progress: TrainingProgress) -> None:
        """Evaluate this model and the run's on the held-back part and the old data's test split; write start.json."""
        parts = {"held back": held_back}
        if self.old is not None:
            parts[f"{self.old.name} test"] = self.old.test
        before, after = Model.open(self.data), Model.open(folder)
        figures = []
        for name, part in parts.items():
            if part is not None:
                progress.note(f"before and after: {name}, {len(part):,} images")
                errors = {"errors_before": _errors(before, part), "errors_after": _errors(after, part)}
                figures.append({"part": name, "images": len(part), **errors})
        text = json.dumps({**self.facts, "compared": figures}, indent=2)
        write_atomically(folder / START, f"{text}\n".encode())


def open_start(where: str | os.PathLike[str], plan: Recipe, settings: Mapping[str, Any]) -> tuple[Start, Recipe]:
    """Open the model; return it with the recipe, its settings those of `SETTINGS`, overridden by the given ones.

    `where` is `shipped`, the folder of a finished run, or an ONNX file. Raises SettingError when it is of another
    recipe, ModelError when it is not a digitry model.
    """
    where = os.fspath(where)
    if plan.reads != "digit":
        raise SettingError(f"recipe {plan.name} cannot continue from another model yet; recipes for single digits can")
    try:
        data, weights = _read(where)
        contract = Model.open(data, reads="digit").contract
    except ModelError as error:
        raise error if str(where) in str(error) else ModelError(f"{where}: {error}") from error
    if contract.recipe != plan.name:
        raise SettingError(
            f"{where} is of recipe {contract.recipe}, not {plan.name}; use: digitry train {contract.recipe} "
            f"--from {where}"
        )
    known = {name for name in vars(plan.settings) if name in contract.settings}
    inherited = {name: contract.settings[name] for name in sorted(known) if contract.settings[name] is not None}
    try:
        plan = plan.with_settings(inherited | SETTINGS)
    except SettingError as error:
        raise ModelError(f"{where} was trained with invalid settings: {error}") from error
    return Start(where, data, contract, weights=weights), plan.with_settings(settings)


def held_back_settings(dataset: Dataset, plan: Recipe, seed: int, progress: TrainingProgress) -> Recipe:
    """Return the recipe unchanged; without a held-back part if that would be too small to compare before with after.

    Raises SettingError if the recipe needs it to choose an epoch.
    """
    settings = plan.settings
    if not settings.validation_fraction:
        return plan
    try:
        held_back = hold_out(dataset.train, settings.validation_fraction, settings.validation_method, seed)[1]
    except SettingError:  # one part would be empty
        held_back = dataset.train.take(slice(0))
    if len(held_back) >= LEAST_HELD_BACK:
        return plan
    few = (
        f"of {len(dataset.train)} pictures, {len(held_back)} could be held back, too few to judge by "
        f"({LEAST_HELD_BACK} are needed)"
    )
    for name in ("keep_best", "early_stopping_epochs"):
        if getattr(settings, name):
            raise SettingError(f"{few}, and {name} judges every epoch by them: leave it out, or give more pictures")
    progress.note(f"{few}: all are learnt from")
    return plan.with_settings({"validation_fraction": 0.0})


def check_same_start(folder: Path, wanted: dict[str, Any], found: dict[str, Any]) -> None:
    """Raise SettingError unless the run in `folder` started from the same weights, with the same old data."""
    new, old = ({**(config.get("start") or {}), "from": None} for config in (wanted, found))
    if new != old:
        raise SettingError(
            f"the run in {folder} started from {_described(found)}, not from {_described(wanted)}; use another --run"
        )


def _repeats(own: int) -> int:
    """Return how often an epoch shows each of this many own images."""
    return max(1, round(OWN_IMAGES / own))


def _described(config: dict[str, Any]) -> str:
    facts = config.get("start")
    if not facts:
        return "weights of its own"
    return f"{facts['from']} (SHA-256 {facts['sha256'][:12]}…, beside {facts['beside'] or 'nothing'})"


def _errors(predictor: Model, part: Split) -> int:
    return int(np.count_nonzero(predictor.probabilities(part.images).argmax(axis=1) != part.labels))


def _read(where: str | os.PathLike[str]) -> tuple[bytes, Path | None]:
    """Read the model's bytes, and return the file with its weights if there is one beside it."""
    if str(where) == SHIPPED_NAME:
        return shipped_model("digit"), Path(str(resources.files("digitry") / "models" / "digit.safetensors"))
    try:
        data = read_model(where)
    except ModelError as error:
        if Path(where).exists():
            raise
        raise ModelError(
            f"there is no model {where}; start from shipped, {', '.join(shipped_runs())}, a RUN or FILE.onnx"
        ) from error
    weights = run_or_shipped(where) / WEIGHTS
    return data, weights if weights.is_file() else None
