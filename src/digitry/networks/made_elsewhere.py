"""The bytes of a file not written by digitry → what it is, and the command that makes a model of it."""

from __future__ import annotations

import json
import shlex

from digitry.types import IMAGE_SIDE

KERAS, ONNX = '"digits.keras"', '"digits.onnx"'
"""The files that the commands write."""


def made_elsewhere(data: bytes, name: str = "FILE") -> str | None:
    """Say what a file is, by its first bytes, and the command that turns it into a model for digitry.

    The file is not opened. None if it may be ONNX, or is unknown.
    """
    file = name or "FILE"
    if data.startswith(b"\x89HDF\r\n\x1a\n"):
        return (
            "a Keras file of the old kind (HDF5), which digitry never opens; if you trust it: "
            + _python(f"import keras; keras.saving.load_model({json.dumps(file)}, compile=False).save({KERAS})")
            + " and then: digitry adopt digits.keras --trust-this-file"
        )
    if data.startswith(b"PK\x03\x04"):
        if b"config.json" in data[:4096] or b"metadata.json" in data[:4096]:
            return f"a Keras file, made elsewhere; if you trust it: {adopt_command(file)} --trust-this-file"
        return _torch(file)
    if data.startswith(b"\x80") and data[1:2] in b"\x02\x03\x04\x05":
        return f"a pickle, which digitry never opens: it may run anything; of a PyTorch file {_torch(file)}"
    if data[4:8] == b"TFL3":
        return (
            "a LiteRT (TensorFlow Lite) file; write it as ONNX: python -m tf2onnx.convert "
            f"--tflite {shlex.quote(file)} --output digits.onnx and then: digitry adopt digits.onnx"
        )
    return None


def adopt_command(name: str) -> str:
    """Return the command that makes a model of an ONNX file from elsewhere."""
    return f"digitry adopt {shlex.quote(name or 'FILE')}"


def _torch(file: str) -> str:
    return (
        "a PyTorch file, which digitry never opens; if you trust it, and it holds the whole network: "
        + _python(
            f"import torch; m = torch.load({json.dumps(file)}, weights_only=False).eval(); "
            f"torch.onnx.export(m, torch.zeros(1, 1, {IMAGE_SIDE}, {IMAGE_SIDE}), {ONNX})"
        )
        + " and then: digitry adopt digits.onnx"
    )


def _python(code: str) -> str:
    return f"python -c {shlex.quote(code)}"
