"""Keras network → one ONNX file with weights and activations in 8 bits: a quarter of the size, and faster.

Static quantisation by ONNX Runtime's tool: the range of every activation is calibrated on a sample of the training
images. Answers are rounded, so the labels that differ are counted and reported.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.exports.folded import folded
from digitry.exports.onnx import answers, graph_format
from digitry.networks.contract import Contract
from digitry.networks.prepare import prepare
from digitry.packages import onnx_runtime
from digitry.types import Images

SAMPLE = 1000
"""Number of training images for calibrating the range of activations."""

BATCH = 100

EXACT = ("LayerNormalization", "Mul", "ReduceMean", "Softmax")
"""Operators kept in float32: the end of a network, where probabilities in steps of 1/255 would not sum to 1, and those
that ONNX Runtime's tool cannot quantise along several axes."""


def to_int8(data: bytes, contract: Contract, sample: Images) -> bytes:
    """Quantise the network in an ONNX model's bytes; `sample` is uint8 (n, height, width).

    The weights of a convolution are scaled per filter, after normalisations have been folded into them.
    """
    import onnx

    onnx_runtime()
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Sample(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.batches = iter(prepare(sample[at : at + BATCH], contract) for at in range(0, len(sample), BATCH))

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            batch = next(self.batches, None)
            return None if batch is None else {"images": batch}

    with tempfile.TemporaryDirectory(prefix="digitry-") as folder, _silence():
        without, quantised = Path(folder) / "folded.onnx", Path(folder) / "int8.onnx"
        graph = folded(data)
        onnx.save(graph, without)
        operators = {node.op_type for node in graph.graph.node}
        quantize_static(
            without,
            quantised,
            Sample(),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=sorted(operators - set(EXACT)),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm"]},
        )
        model = onnx.load(quantised)
    _shorten_names(model)
    short: bytes = model.SerializeToString(deterministic=True)
    return short


def _shorten_names(model: Any) -> None:
    """Replace names such as `3_Conv_out_QuantizeLinear_Output`, half the size of a tiny model, by numbers."""
    graph = model.graph
    if any(attribute.HasField("g") for node in graph.node for attribute in node.attribute):
        return  # the body of a loop refers to names outside
    kept = {"", *(value.name for value in [*graph.input, *graph.output])}
    short: dict[str, str] = {}

    def renamed(name: str) -> str:
        return name if name in kept else short.setdefault(name, str(len(short)))

    for node in graph.node:
        node.name = ""
        node.input[:] = [renamed(name) for name in node.input]
        node.output[:] = [renamed(name) for name in node.output]
    for tensor in graph.initializer:
        tensor.name = renamed(tensor.name)
    del graph.value_info[:]


@contextmanager
def _silence() -> Iterator[None]:
    """Suppress the tool's advice to preprocess the model, which has been done."""
    logger = logging.getLogger()
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def drawn_from(sample: Images, count: int = SAMPLE) -> Images:
    """Return `count` random images of a sample, not the first ones, because a dataset may be sorted by class."""
    return sample[np.random.default_rng(0).permutation(len(sample))[:count]]


def _from_graph(data: bytes, contract: Contract, path: Path, sample: Images) -> None:
    path.write_bytes(to_int8(data, contract, drawn_from(sample)))


FORMAT = graph_format("onnx-int8", "int8 model", ".int8.onnx", _from_graph, answers, labels_may_differ=0.005)
