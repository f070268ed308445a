"""Keras network → one LiteRT file in 8 bits, for integer-only chips; its input and output are floats or int8.

With float ends it is used like the other LiteRT file; with integer ends, no step needs floats. As with the 8-bit ONNX
file, answers are rounded, so the labels that differ are counted and reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.console import native_stderr_muted
from digitry.errors import unknown_name
from digitry.exports import saved_model
from digitry.exports.int8 import drawn_from
from digitry.exports.litert import answers_of_litert
from digitry.exports.parity import ExportFormat
from digitry.networks.contract import Contract
from digitry.networks.prepare import prepare
from digitry.types import Images

SAMPLE = 200
"""Number of training images for calibrating the range of activations."""

ENDS = ("float", "integer")


def _format(ends: str = "float") -> ExportFormat:
    def write(model: Any, contract: Contract, path: Path, sample: Images) -> None:
        import tensorflow as tf

        def one_each() -> Iterator[list[NDArray[np.float32]]]:
            for image in prepare(drawn_from(sample, SAMPLE), contract):
                yield [image[np.newaxis]]

        folder = path.with_name("saved_model")
        saved_model.FORMAT.write(model, contract, folder, sample)
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = one_each
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if ends == "integer":
            converter.inference_input_type = converter.inference_output_type = tf.int8
        with native_stderr_muted():
            path.write_bytes(converter.convert())

    return ExportFormat(
        "litert-int8",
        "LiteRT file in 8 bits",
        ".int8.tflite",
        write,
        answers_of_litert,
        labels_may_differ=0.005,
        backend="tensorflow",
        gives_logits=True,
    )


def _with_ends(ends: str) -> ExportFormat:
    if ends not in ENDS:
        raise unknown_name("ends", ends, ENDS)
    return _format(ends)


FORMAT = _format()._replace(options={"ends": _with_ends})
