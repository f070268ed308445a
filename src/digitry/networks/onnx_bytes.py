"""The bytes of an ONNX file: refuse those that refer to anything outside the file, and replace the contract.

This walk over the protobuf fields comes before any other parser, and needs none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from digitry.errors import ModelError
from digitry.networks.contract import METADATA_KEY, Contract

MAX_MODEL_BYTES = 64 * 2**20
"""Digit models are small; a larger file is refused before it is parsed."""

STANDARD_DOMAINS = frozenset({"", "ai.onnx"})

# ONNX's field numbers: message → field → nested message.
_NESTED: dict[str, dict[int, str]] = {
    "model": {7: "graph", 8: "opset", 20: "refused", 25: "refused"},  # training info; functions of the model's own
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_NODE_DOMAIN = 7
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_METADATA = 14
_MAX_DEPTH = 16


def check_model_bytes(data: bytes) -> None:
    """Raise ModelError unless the bytes are a self-contained ONNX model: no external data, only standard operators."""
    if len(data) > MAX_MODEL_BYTES:
        raise ModelError(f"the model has {len(data)} bytes, at most {MAX_MODEL_BYTES} are loaded")
    fields = 0
    try:
        fields = _check_message(memoryview(data), "model", 0)
    except (IndexError, UnicodeDecodeError) as error:
        raise ModelError("not an ONNX model, or a truncated one; take another copy") from error
    if not fields:
        raise ModelError("not an ONNX model: the file is empty")


def with_contract(data: bytes, contract: Contract) -> bytes:
    """Return the model with its contract replaced. Raises ModelError unless the bytes are an ONNX model."""
    check_model_bytes(data)
    entry = _entry(1, METADATA_KEY.encode()) + _entry(2, contract.to_json().encode())
    kept, start = [], 0
    for number, value, end in _places(memoryview(data)):
        if number != _METADATA or isinstance(value, int) or _key(value) != METADATA_KEY.encode():
            kept.append(data[start:end])
        start = end
    return b"".join([*kept, _entry(_METADATA, entry)])


def _key(entry: memoryview) -> bytes:
    """Return the key of a metadata entry."""
    return next((bytes(value) for number, value in _fields(entry) if number == 1), b"")


def _entry(number: int, value: bytes) -> bytes:
    """Encode a protobuf field that holds bytes."""
    return _as_varint(number << 3 | 2) + _as_varint(len(value)) + value


def _as_varint(value: int) -> bytes:
    parts = []
    while value >= 128:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def _check_message(data: memoryview, kind: str, depth: int) -> int:
    """Check a message and all nested ones; return its number of fields. Raises IndexError if it is not a message."""
    if depth > _MAX_DEPTH:
        raise ModelError("the model nests deeper than any digit model does")
    count = 0
    for number, value in _fields(data):
        count += 1
        if kind == "tensor" and (number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value != 0)):
            raise ModelError("the model keeps weights in another file beside it; combine both with: digitry adopt FILE")
        nested = _NESTED.get(kind, {}).get(number)
        if nested == "refused":
            raise ModelError("the model has functions or training steps of its own; only plain graphs are loaded")
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
    """Yield the field numbers and values (int or bytes) of a protobuf message. Raises IndexError if it is truncated."""
    return ((number, value) for number, value, _ in _places(data))


def _places(data: memoryview) -> Iterator[tuple[int, Any, int]]:
    """Yield the same, and the offset at which each field ends."""
    position, end = 0, len(data)
    while position < end:
        key, position = _varint(data, position)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, position = _varint(data, position)
            yield number, value, position
            continue
        if wire == 2:
            length, position = _varint(data, position)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise IndexError("no such wire type")
        if number == 0 or position + length > end:
            raise IndexError("cut short")
        yield number, data[position : position + length], position + length
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
