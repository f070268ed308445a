"""A Keras file that others wrote → ONNX, in a process of its own that has no network and can write no file."""

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
"""For loading Keras, the file, and writing it anew."""

MEMORY_BYTES = 4 * 2**30
"""More than Keras itself takes."""


class Converted(NamedTuple):
    """A Keras network as ONNX."""

    data: bytes
    shape: tuple[int | None, ...]
    """Of what it takes in Keras."""


def is_keras_file(path: Path) -> bool:
    """Tell whether a file is an archive as Keras writes them; it is not opened further than that."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    return head.startswith(b"PK\x03\x04") and (b"metadata.json" in head or b"config.json" in head)


def keras_to_onnx(path: Path, *, trusted: bool) -> Converted:
    """Open a `.keras` file in a process of its own, and return its network as ONNX.

    Keras' safe mode is on, so that the file brings no Python of its own; and as that has been got round before, on
    Linux the process can have no socket, start no program and write no file. Raises ModelError where it is not
    `trusted`, cannot be opened, or has a layer without an ONNX form.
    """
    if not trusted:
        raise ModelError(
            f"{path} is a Keras file, and opening one may run what its maker put into it; where you trust that person: "
            f"{adopt_command(str(path))} --trust-this-file"
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
        raise ModelError("no process can be had to open the Keras file; close other programs") from error
    try:
        with tempfile.TemporaryDirectory(prefix="digitry-") as folder:
            copy = Path(folder) / "model.keras"
            copy.write_bytes(data)
            answer = child.ask({"path": str(copy)}, seconds=SECONDS)
    finally:
        child.stop()
    if answer is None:
        why = f"takes longer than {SECONDS} s to open" if child.is_late else "ends the process that opens it"
        raise ModelError(f"{path} {why}; where you trust it, write it as ONNX in Keras: {BY_KERAS}")
    if "error" in answer.head:
        raise ModelError(f"{path}: {answer.head['error']}")
    return Converted(answer.parts[0], tuple(answer.head["shape"]))


BY_KERAS = 'model.export("digits.onnx", format="onnx") and then: digitry adopt digits.onnx'
