"""Keras network → one LiteRT file (`.tflite`), for phones and small boards."""

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


def answers_of_litert(path: Path, contract: Contract, images: Images) -> NDArray[np.float32]:
    """Return the output of a LiteRT file with any types of ends. Raises ModelError if LiteRT is not installed."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        who = "the test, without which no LiteRT file is written,"
        raise ModelError(missing_words(["LiteRT"], who, "litert")) from error
    with native_stderr_muted():  # its C++ code reports its delegate
        interpreter = Interpreter(str(path))
        (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
        outputs = []
        for at in range(0, len(images), BATCH):
            part = _rounded(prepare(images[at : at + BATCH], contract), taken)
            interpreter.resize_tensor_input(taken["index"], part.shape)
            interpreter.allocate_tensors()
            interpreter.set_tensor(taken["index"], part)
            interpreter.invoke()
            outputs.append(_exact(interpreter.get_tensor(given["index"]), given))
    return as_probabilities(np.concatenate(outputs), contract)


def _rounded(values: NDArray[np.float32], about: dict[str, Any]) -> NDArray[Any]:
    """Convert values for an input, quantising them if it takes integers."""
    if about["dtype"] == np.float32:
        return values
    step, zero = about["quantization"]
    info = np.iinfo(about["dtype"])
    return np.asarray(np.clip(np.rint(values / step) + zero, info.min, info.max), about["dtype"])


def _exact(values: NDArray[Any], about: dict[str, Any]) -> NDArray[np.float32]:
    """Convert an output to floats, dequantising integers."""
    if about["dtype"] == np.float32:
        return values
    step, zero = about["quantization"]
    return np.asarray((values.astype(np.float32) - zero) * np.float32(step), np.float32)


FORMAT = ExportFormat(
    "litert", "LiteRT file", ".tflite", _write, answers_of_litert, backend="tensorflow", gives_logits=True
)
