"""A run's weights → one file in another format, proven against Keras."""

from __future__ import annotations

from pathlib import Path

from digitry.artifact import c_source, onnx
from digitry.datasets import load_dataset
from digitry.errors import DataError, unknown_name
from digitry.training import run_folder

FORMATS = {"onnx": (".onnx", onnx.export), "c-array": (".c", c_source.export)}
"""Name → the end of its files' names, and the function that writes one if it answers as Keras does."""


def export(run: str | Path, out: str | Path, form: str = "onnx") -> tuple[float, int]:
    """Write the run's model to `out`; returns the largest difference to Keras and the number of images compared.

    `form` is a name in `FORMATS`. DataError if there is no run or its data has changed; ModelError if the answers
    differ, or the format has no place for the network; SettingError for an unknown format.
    """
    if form not in FORMATS:
        raise unknown_name("format", form, FORMATS)
    config = run_folder.read_config(Path(run))
    dataset = load_dataset(config["data"])
    if dataset.sha256 != config["data_sha256"]:
        raise DataError(f"{config['data']} is no longer the data that {run} was trained on; its SHA-256 differs")
    from digitry.artifact import bundle

    model, contract = bundle.load_model(Path(run) / run_folder.WEIGHTS)
    images = (dataset.test or dataset.train).images
    _, write = FORMATS[form]
    return write(model, contract, Path(out), prove_on=images), len(images)
