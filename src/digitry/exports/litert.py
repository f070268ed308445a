"""Keras network → one LiteRT file (`.tflite`), for telephones and small boards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.console import native_stderr_muted
from digitry.errors import ModelError
from digitry.exports import saved_model
from digitry.exports.parity import ExportFormat, as_probabilities
from digitry.networks.contract import Contract
from digitry.networks.prepare import prepare
from digitry.packages import missing_words
from digitry.types import Images

BATCH = 250


def _write(model: Any, contract: Contract, path: Path, sample: Images) -> None:
    import tensorflow as tf

    folder = path.with_name("saved_model")
    saved_model.FORMAT.write(model, contract, folder, sample)
    path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(folder)).convert())


def _answers(path: Path, contract: Contract, images: Images) -> NDArray[np.float32]:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        who = "the proof, without which no LiteRT file is written,"
        raise ModelError(missing_words(["LiteRT"], who, "litert")) from error
    with native_stderr_muted():  # it tells from C++ what it computes with
        interpreter = Interpreter(str(path))
        (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
        outputs = []
        for at in range(0, len(images), BATCH):
            part = prepare(images[at : at + BATCH], contract)
            interpreter.resize_tensor_input(taken["index"], part.shape)
            interpreter.allocate_tensors()
            interpreter.set_tensor(taken["index"], part)
            interpreter.invoke()
            outputs.append(interpreter.get_tensor(given["index"]))
    return as_probabilities(np.concatenate(outputs), contract)


FORMAT = ExportFormat("litert", "LiteRT file", ".tflite", _write, _answers, backend="tensorflow")
