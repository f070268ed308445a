"""Keras network → a TensorFlow SavedModel: a folder that TensorFlow and TensorFlow Serving load without Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.exports.parity import ExportFormat, as_probabilities
from digitry.networks.contract import Contract
from digitry.networks.prepare import prepare
from digitry.types import Images

BATCH = 250


def _write(model: Any, contract: Contract, path: Path, sample: Images) -> None:
    model.export(path, format="tf_saved_model", verbose=False)


def _answers(path: Path, contract: Contract, images: Images) -> NDArray[np.float32]:
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    outputs = [loaded.serve(prepare(images[at : at + BATCH], contract)).numpy() for at in range(0, len(images), BATCH)]
    return as_probabilities(np.concatenate(outputs), contract)


FORMAT = ExportFormat(
    "saved-model", "SavedModel", "", _write, _answers, backend="tensorflow", gives_logits=True, note="a folder"
)
