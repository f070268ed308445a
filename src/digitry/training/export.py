"""A run's weights → one ONNX file, proven against Keras."""

from __future__ import annotations

from pathlib import Path

from digitry.datasets import load_dataset
from digitry.errors import DataError
from digitry.training import run_folder


def export(run: str | Path, out: str | Path) -> tuple[float, int]:
    """Write the run's model to `out`; returns the largest difference to Keras and the number of images compared.

    DataError if there is no run or its data has changed; ModelError if the answers differ.
    """
    config = run_folder.read_config(Path(run))
    dataset = load_dataset(config["data"])
    if dataset.sha256 != config["data_sha256"]:
        raise DataError(f"{config['data']} is no longer the data that {run} was trained on; its SHA-256 differs")
    from digitry.artifact import bundle, onnx

    model, contract = bundle.load_model(Path(run) / run_folder.WEIGHTS)
    images = (dataset.test or dataset.train).images
    return onnx.export(model, contract, Path(out), prove_on=images), len(images)
