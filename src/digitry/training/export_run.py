"""A run's weights → one file in another format, with parity proven against Keras."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from digitry.datasets.load import load_again, numbered_as
from digitry.errors import ModelError, SettingError, unknown_name
from digitry.evaluation.number_runs import written_strips
from digitry.exports import parity
from digitry.networks.model_files import run_or_shipped, shipped_runs
from digitry.packages import brought, load_brought, need
from digitry.recipes.backend import backend_name, choose_backend
from digitry.recipes.find_recipe import RecipeLike
from digitry.recipes.network_file import NotBuiltHereError
from digitry.runs import WEIGHTS, Run
from digitry.types import Dataset

MODULES = ("onnx", "int8", "c_source", "c_library", "keras_file", "saved_model", "litert", "litert_int8")
"""Modules of `digitry.exports`, each with a FORMAT."""

FORMATS: dict[str, parity.ExportFormat] = {
    one.key: one for one in (importlib.import_module(f"digitry.exports.{name}").FORMAT for name in MODULES)
}
"""Name for `digitry export --format` → the format."""


def get_format(name: str) -> parity.ExportFormat:
    """Return the format of that name, built in or from an installed package. Raises SettingError with near matches for
    an unknown name.
    """
    if name in FORMATS:
        return FORMATS[name]
    from_packages = brought("format")
    if name not in from_packages:
        raise unknown_name("format", name, [*FORMATS, *from_packages])
    return load_brought(from_packages[name], parity.ExportFormat)._replace(key=name)


class Exported(NamedTuple):
    """What was written, and how its answers compare with Keras'."""

    path: Path
    images: int
    """Number of inputs that both answered: digits, or strips made from them."""
    split: str
    """The split they come from."""
    labels: int
    """Number of answers compared: one per image, or one per frame of every strip."""
    labels_differing: int
    largest_difference: float
    """Largest difference between two probabilities."""
    accuracy: float | None = None
    keras_accuracy: float | None = None
    """Fraction of images that each reads correctly, for formats whose labels may differ."""


def export(
    run: str | os.PathLike[str],
    out: str | Path,
    form: str = "onnx",
    *,
    opset: int | str | None = None,
    ends: str | None = None,
    weights: str | None = None,
    recipe: RecipeLike | None = None,
    data: Dataset | None = None,
) -> Exported:
    """Write a run's model to `out` in another format, if it answers there as in Keras; loads Keras.

    `run` is a Run, the folder of one, or the name of a small shipped model, such as `tiny`. `opset`, 13 to the newest
    that can be run here, is for `onnx`; `ends`, `float` or `integer`, for `litert-int8`; `weights`, `float` or `int8`,
    for the C formats. `recipe` builds the network if the folder is not enough (`Run.keras_model`); without it, `onnx`,
    `onnx-int8` and the C formats are then written from the run's model.onnx and proven against that. Parity is checked
    on the run's own data, or on `data`, whose classes must be among the model's. Raises DataError when the data has
    changed. Raises ModelError when there is no run, the answers differ, or the format cannot represent the network.
    Raises SettingError for an unknown format or option, a format that another backend of Keras writes, and when Keras
    is not installed.
    """
    kind = _with_options(get_format(form), opset=opset, ends=ends, weights=weights)
    place = Path(run) if isinstance(run, Run) else run_or_shipped(run)
    if place.is_file():
        raise ModelError(
            f"{run} is an ONNX file without its run, and only runs are written in other formats: give the run's "
            f"folder, or one of {', '.join(shipped_runs())}"
        )
    backend_name(by="an export")
    need("onnx", "safetensors", by="an export")
    run = Run.open(run if isinstance(run, Run) else place)
    dataset = data or run.dataset or load_again(run.data, run.data_sha256, run.folder)
    if kind.backend and choose_backend(kind.backend) != kind.backend:
        raise SettingError(f"{form} is written by {kind.backend}; install it, and leave KERAS_BACKEND unset")
    from digitry.exports import bundle

    try:
        model, contract = bundle.load_model(run.folder / WEIGHTS, bundle.recipe_named(recipe))
        write_if_equal: Callable[..., parity.Proof] = parity.write_if_equal
    except NotBuiltHereError:
        if kind.from_graph is None:
            raise
        model, contract, write_if_equal = run.model(), run.contract, parity.write_graph_if_equal
    if kind.labels_may_differ:  # its confidences differ too, and nobody has measured their calibration
        contract = replace(contract, confidence_scale=None)
    # A model may know more classes than the data has, and number them differently.
    dataset = numbered_as(dataset, contract.class_names, str(run.folder))
    split = "test" if dataset.test else "training"
    unseen = dataset.test or dataset.train
    if contract.reads == "number":
        images, sample = (
            written_strips(split, seed, contract.class_names)[0]
            for split, seed in ((unseen, run.seed), (dataset.train, run.seed + 1))
        )
    else:
        images, sample = unseen.images, dataset.train.images
    expected, got, difference = write_if_equal(kind, model, contract, Path(out), prove_on=images, sample=sample)
    differing = int((expected.argmax(1) != got.argmax(1)).sum())
    exported = Exported(Path(out), len(images), split, len(got), differing, difference)
    if not kind.labels_may_differ or contract.reads == "number":
        return exported
    labels = unseen.labels
    right, right_in_keras = (float((answers.argmax(1) == labels).mean()) for answers in (got, expected))
    return exported._replace(accuracy=right, keras_accuracy=right_in_keras)


def _with_options(kind: parity.ExportFormat, **given: Any) -> parity.ExportFormat:
    """Return the format with the given options. Raises SettingError for an option that it does not have."""
    for name, value in given.items():
        if value is None:
            continue
        if name not in kind.options:
            those = " and ".join(one.key for one in FORMATS.values() if name in one.options)
            raise SettingError(f"{name} is for the format {those}, not for {kind.key}")
        kind = kind.options[name](value)
    return kind
