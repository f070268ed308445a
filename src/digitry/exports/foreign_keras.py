"""A Keras file from elsewhere → ONNX, in a separate process that can neither use the network nor write files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from digitry.errors import ModelError
from digitry.files import cannot_read
from digitry.networks.made_elsewhere import adopt_command
from digitry.networks.onnx_bytes import MAX_MODEL_BYTES
from digitry.workers.pool import NoWorkerError, Worker

SECONDS = 180
"""Time limit for loading Keras and the file, and converting it."""

MEMORY_BYTES = 4 * 2**30
"""Limit on memory beyond what Keras itself takes."""


class Converted(NamedTuple):
    """A Keras network as ONNX."""

    data: bytes
    shape: tuple[int | None, ...]
    """Of its input in Keras."""


def is_keras_file(path: Path) -> bool:
    """Tell whether a file is a Keras archive, reading only its first bytes."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    return head.startswith(b"PK\x03\x04") and (b"metadata.json" in head or b"config.json" in head)


def keras_to_onnx(path: Path, *, trusted: bool) -> Converted:
    """Open a `.keras` file in a separate process and return its network as ONNX.

    Keras' safe mode keeps the file from running Python code; and because it has been circumvented before, on Linux the
    process can open no socket, start no program and write no file. Raises ModelError if the file is not `trusted`,
    cannot be opened, or has a layer without an ONNX form.
    """
    if not trusted:
        raise ModelError(
            f"{path} is a Keras file, and opening one may run code that its maker put into it; if you trust that "
            f"person: {adopt_command(str(path))} --trust-this-file"
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(cannot_read(f"the model {path}", error)) from error
    if len(data) > MAX_MODEL_BYTES:
        raise ModelError(f"{path} has {len(data)} bytes, at most {MAX_MODEL_BYTES} are loaded")
    try:
        child = Worker("digitry.exports.foreign_keras_child", {"memory_bytes": MEMORY_BYTES})
    except NoWorkerError as error:
        raise ModelError("no process can be started to open the Keras file; close other programs") from error
    try:
        with tempfile.TemporaryDirectory(prefix="digitry-") as folder:
            copy = Path(folder) / "model.keras"
            copy.write_bytes(data)
            answer = child.ask({"path": str(copy)}, seconds=SECONDS)
    finally:
        child.stop()
    if answer is None:
        why = f"takes longer than {SECONDS} s to open" if child.is_late else "ends the process that opens it"
        raise ModelError(f"{path} {why}; if you trust it, write it as ONNX in Keras: {BY_KERAS}")
    if "error" in answer.head:
        raise ModelError(f"{path}: {answer.head['error']}")
    return Converted(answer.parts[0], tuple(answer.head["shape"]))


BY_KERAS = 'model.export("digits.onnx", format="onnx") and then: digitry adopt digits.onnx'
