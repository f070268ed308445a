"""Model file + canonical digits or ink strips → probabilities, by ONNX Runtime; nothing in the file is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.arrays import Images, Probabilities
from digitry.batches.prepare import SCALE, prepare
from digitry.contract import DIGIT_SHAPE, METADATA_KEY, STRIP_SHAPE, Contract
from digitry.errors import ModelError

MAX_MODEL_BYTES = 64 * 2**20
"""Digit models are small: a larger file is refused before it is parsed."""

STANDARD_DOMAINS = frozenset({"", "ai.onnx"})

INPUT_NAME, OUTPUT_NAME = "images", "probabilities"

_WHAT = {DIGIT_SHAPE: "single digits", STRIP_SHAPE: "whole numbers"}


class Predictor:
    """A loaded model. `contract` says what its answers mean."""

    contract: Contract

    def __init__(self, model: Path | str | bytes, *, threads: int = 0) -> None:
        """Load an ONNX file, or its bytes, exported by digitry; `threads` 0 lets the runtime choose.

        Raises ModelError when the file is missing, is no such model, or wants code or files from elsewhere.
        """
        self._session, self.contract = _open(model, DIGIT_SHAPE, threads)
        self._check_answers()

    def probabilities(self, images: Images, *, batch_size: int = 32) -> Probabilities:
        """Canonical digits, uint8 (n, 28, 28) → float32 (n, classes); each row sums to 1.

        The network runs on `batch_size` at a time: what it makes of them fits into the processor's cache.
        """
        if len(images) <= batch_size:
            return self._run(images) if len(images) else np.zeros((0, len(self.contract.class_names)), np.float32)
        starts = range(0, len(images), batch_size)
        return np.concatenate([self._run(images[start : start + batch_size]) for start in starts])

    def _run(self, images: Images) -> Probabilities:
        result: Probabilities = self._session.run([OUTPUT_NAME], {INPUT_NAME: prepare(images)})[0]
        return result

    def _check_answers(self) -> None:
        """One run on two blank digits tells more than the shapes that the file claims."""
        try:
            rows = np.asarray(self._run(np.zeros((2, 28, 28), np.uint8)))
        except Exception as error:
            raise ModelError("the model does not take images of float32 (n, 28, 28, 1); export it again") from error
        _check_probabilities(rows, (2, len(self.contract.class_names)), "2 images")


class StringPredictor:
    """A loaded model that reads numbers. `contract` says what its answers mean."""

    contract: Contract

    def __init__(self, model: Path | str | bytes, *, threads: int = 0) -> None:
        """Load an ONNX file, or its bytes; ModelError as for `Predictor`, and for one that reads single digits."""
        self._session, self.contract = _open(model, STRIP_SHAPE, threads)
        try:
            rows = np.asarray(self.frames(np.zeros((2, STRIP_SHAPE[0], 64), np.uint8)))
        except Exception as error:
            raise ModelError("the model does not take strips of float32 (n, 40, width, 1); export it again") from error
        if rows.ndim != 3:
            raise ModelError(f"the model answers {rows.shape} for 2 strips, expected (2, frames, classes)")
        _check_probabilities(rows, (2, rows.shape[1], 1 + len(self.contract.class_names)), "2 strips")

    def frames(self, strips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Ink strips, uint8 (n, 40, width) → float32 (n, frames, 1 + classes): the blank first, each row sums to 1."""
        result: NDArray[np.float32] = self._session.run([OUTPUT_NAME], {INPUT_NAME: prepare(strips)})[0]
        return result


def _open(model: Path | str | bytes, input_shape: tuple[int, int, int], threads: int) -> tuple[Any, Contract]:
    """A session and the contract of an ONNX file, or of its bytes; ModelError for anything else."""
    data = model if isinstance(model, bytes) else read_model(Path(model))
    check_model_bytes(data)
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        metadata = session.get_modelmeta().custom_metadata_map
    except Exception as error:  # the runtime's own errors have no common base but this
        raise ModelError("not an ONNX model that can run; export it again") from error
    if METADATA_KEY not in metadata:
        raise ModelError("the model carries no contract; export it with: digitry export RUN")
    contract = Contract.from_json(metadata[METADATA_KEY])
    if contract.input_shape != input_shape:
        raise ModelError(
            f"the model reads {_WHAT[contract.input_shape]}, here one is needed that reads {_WHAT[input_shape]}"
        )
    if not np.isclose(contract.scale, float(SCALE), rtol=1e-5):
        raise ModelError(f"the model wants pixels times {contract.scale:g}, this digitry gives 1/255")
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if [i.name for i in inputs] != [INPUT_NAME] or [o.name for o in outputs] != [OUTPUT_NAME]:
        raise ModelError(
            f"the model must turn '{INPUT_NAME}' into '{OUTPUT_NAME}', not "
            f"{', '.join(i.name for i in inputs)} into {', '.join(o.name for o in outputs)}"
        )
    return session, contract


def _check_probabilities(rows: NDArray[Any], shape: tuple[int, ...], what: str) -> None:
    if rows.shape != shape or rows.dtype != np.float32:
        raise ModelError(f"the model answers {rows.dtype} {rows.shape} for {what}, expected float32 {shape}")
    if not (np.isfinite(rows).all() and (rows >= 0).all() and np.allclose(rows.sum(axis=-1), 1, atol=1e-3)):
        raise ModelError("the model's answers are not probabilities (finite, at least 0, summing to 1)")


def read_model(path: Path) -> bytes:
    """The bytes of a model file; ModelError when there is none, or one far too large."""
    try:
        size = path.stat().st_size
        if size > MAX_MODEL_BYTES:
            raise ModelError(f"{path}: the model has {size} bytes, at most {MAX_MODEL_BYTES} are loaded")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ModelError(f"cannot read the model {path}: {reason}") from error


# The walk below reads the few fields of ONNX's protobuf that could reach outside the file, before another parser does.
# Field numbers are ONNX's own: message → field → message within.
_NESTED: dict[str, dict[int, str]] = {
    "model": {7: "graph", 8: "opset", 20: "refused", 25: "refused"},  # training info; functions of the model's own
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_NODE_DOMAIN = 7
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_MAX_DEPTH = 16


def check_model_bytes(data: bytes) -> None:
    """ModelError unless the bytes are one ONNX model that stands alone: no external data, standard operators only."""
    if len(data) > MAX_MODEL_BYTES:
        raise ModelError(f"the model has {len(data)} bytes, at most {MAX_MODEL_BYTES} are loaded")
    fields = 0
    try:
        fields = _check_message(memoryview(data), "model", 0)
    except (IndexError, UnicodeDecodeError) as error:
        raise ModelError("not an ONNX model, or a cut one; export it again") from error
    if not fields:
        raise ModelError("not an ONNX model: the file is empty")


def _check_message(data: memoryview, kind: str, depth: int) -> int:
    """Check one message and all within; its number of fields. IndexError when it is not a message."""
    if depth > _MAX_DEPTH:
        raise ModelError("the model nests deeper than any digit model does")
    count = 0
    for number, value in _fields(data):
        count += 1
        if kind == "tensor" and (number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value != 0)):
            raise ModelError("the model keeps weights in another file; export it as one file")
        nested = _NESTED.get(kind, {}).get(number)
        if nested == "refused":
            raise ModelError("the model brings functions or training steps of its own; only plain graphs are loaded")
        if isinstance(value, int):
            if nested:
                raise IndexError("a message was expected")
            continue
        if kind == "node" and number == _NODE_DOMAIN and bytes(value).decode() not in STANDARD_DOMAINS:
            raise ModelError(f"the model uses an operator of {bytes(value).decode()!r}; only standard ONNX is loaded")
        if nested and nested != "opset":
            _check_message(value, nested, depth + 1)
    return count


def _fields(data: memoryview) -> Iterator[tuple[int, Any]]:
    """Field numbers and values (an int, or bytes) of a protobuf message; IndexError when it is cut."""
    position, end = 0, len(data)
    while position < end:
        key, position = _varint(data, position)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, position = _varint(data, position)
            yield number, value
            continue
        if wire == 2:
            length, position = _varint(data, position)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise IndexError("no such wire type")
        if number == 0 or position + length > end:
            raise IndexError("cut short")
        yield number, data[position : position + length]
        position += length


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
    raise IndexError("a number of more than 70 bits")
