"""Checkpoints that survive `kill -9`, a full disk and bit rot: crash-safe writes, verified reads.

One file holds everything (arrays, step, epoch, batch, history, random states, config), under a SHA-256 of it all:

    digitry checkpoint 1\\n  <64 hex digits>\\n  <safetensors: arrays, and the state as JSON in its metadata>

Keras' own callbacks write in place, without fsync or rename; docs/decisions/0003-checkpoints.md has the numbers.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.console import warn_caller
from digitry.errors import ModelError
from digitry.files import remove_stale_temporaries, write_atomically

MAGIC = b"digitry checkpoint 1\n"
KEPT = 2
"""This many of the newest checkpoints are kept: if one is damaged, the other remains."""
LATEST = "LATEST"
"""Names the last checkpoint that was acknowledged, so that its loss is noticed."""

_NAME = re.compile(r"^step-(\d{9,})\.ckpt$")
_HEADER_LENGTH = len(MAGIC) + 64 + 1


@dataclass(frozen=True)
class Checkpoint:
    """What is needed to resume: named arrays, and everything else as JSON values."""

    step: int
    """Optimizer steps taken since the run began."""
    arrays: dict[str, NDArray[Any]]
    state: dict[str, Any]


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write the checkpoint, then LATEST, then drop all but the newest two. On return it is safely on disk."""
    path = folder / f"step-{checkpoint.step:09d}.ckpt"
    write_atomically(path, to_bytes(checkpoint))
    write_atomically(folder / LATEST, f"{path.name}\n".encode())
    for old in _by_step(folder)[KEPT:]:
        if old != path:
            old.unlink(missing_ok=True)
    return path


def load_latest(folder: Path, run_id: str) -> Checkpoint | None:
    """Load the intact checkpoint of this run with the highest step; None if there is no checkpoint at all.

    A damaged or foreign one is set aside with a warning; one that LATEST names but is missing is warned about too.
    Raises ModelError when there are checkpoints, or were, but none is usable.
    """
    if not folder.is_dir():
        return None
    remove_stale_temporaries(folder)
    candidates = _by_step(folder)
    for path in candidates:
        try:
            checkpoint = read_checkpoint(path)
            if checkpoint.state.get("run_id") != run_id:
                raise ModelError("it belongs to another run")
        except (ModelError, OSError) as error:
            warn_caller(f"checkpoint {path} is not usable ({error}); trying the one before")
            # Moved aside, or it would count as one of the newest two and push a good one out.
            path.replace(path.with_suffix(".damaged"))
            continue
        _warn_if_older_than_latest(folder, path)
        return checkpoint
    if candidates or (folder / LATEST).is_file():
        raise ModelError(f"no checkpoint in {folder} is usable; start again with another --run folder")
    return None


def _warn_if_older_than_latest(folder: Path, found: Path) -> None:
    try:
        promised = (folder / LATEST).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return
    if _step_of(promised) > _step_of(found.name) and not (folder / promised).with_suffix(".damaged").exists():
        warn_caller(f"checkpoint {folder / promised} is gone; going on from {found.name}")


def read_checkpoint(path: Path) -> Checkpoint:
    """Read and verify one file. Raises ModelError when a single bit has changed, or the file was renamed."""
    checkpoint = from_bytes(path.read_bytes())
    name = _NAME.match(path.name)
    if name and int(name[1]) != checkpoint.step:
        raise ModelError(f"it holds step {checkpoint.step}, not the step of its name")
    return checkpoint


def to_bytes(checkpoint: Checkpoint) -> bytes:
    """Serialise a checkpoint, with a hash that shows whether it is intact."""
    from safetensors.numpy import save as to_safetensors

    state = json.dumps({"step": checkpoint.step, **checkpoint.state}, sort_keys=True, allow_nan=False)
    arrays = {name: np.asarray(array, order="C") for name, array in checkpoint.arrays.items()}
    body: bytes = to_safetensors(arrays, metadata={"state": state})
    return MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def from_bytes(data: bytes) -> Checkpoint:
    """Read a checkpoint back. Raises ModelError, without the path, for bytes that are damaged or not a checkpoint."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_safetensors

    header, body = data[:_HEADER_LENGTH], data[_HEADER_LENGTH:]
    if not header.startswith(MAGIC):
        raise ModelError("it is not a checkpoint of this version")
    if header[len(MAGIC) : -1] != hashlib.sha256(body).hexdigest().encode() or header[-1:] != b"\n":
        raise ModelError("its SHA-256 does not match: it is cut short or damaged")
    try:
        arrays = from_safetensors(body)
        metadata = json.loads(body[8 : 8 + int.from_bytes(body[:8], "little")])["__metadata__"]
        state = json.loads(metadata["state"])
        step = int(state.pop("step"))
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"its content is not what this version writes ({error})") from error
    return Checkpoint(step, arrays, state)


def _by_step(folder: Path) -> list[Path]:
    """List the checkpoint files, highest step first, whatever their dates."""
    return sorted((p for p in folder.iterdir() if _NAME.match(p.name)), key=lambda p: _step_of(p.name), reverse=True)


def _step_of(name: str) -> int:
    """Return the step in a file's name; -1 if it is not a checkpoint's."""
    match = _NAME.match(name)
    return int(match[1]) if match else -1
