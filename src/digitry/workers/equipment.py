"""The software that decides a result: nodes give the same results only if they run the same."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

import digitry
from digitry.errors import SettingError
from digitry.packages import onnx_runtime

Equipment = dict[str, str | None]
"""Component → version, or the first digits of its SHA-256; None if it is not installed."""


def equipment(*packages: str) -> Equipment:
    """Return the equipment of this process, including the versions of these packages."""
    return {**{name: _version(name) for name in packages}, **_always()}


def check_equipment(wanted: Equipment) -> None:
    """Check that this process has the same equipment. Raises SettingError, with the machine's name, if not."""
    for name, version in wanted.items():
        if (own := _always()[name] if name in _always() else _version(name)) != version:
            raise SettingError(
                f"the node {platform.node()} has {_words(name, own)}, and this machine has {_words(name, version)}; "
                "the same results need the same versions on all nodes: install these, and restart the node"
            )


@cache
def _always() -> Equipment:
    import cv2
    import numpy as np
    import PIL

    return {
        "digitry": digitry.__version__,
        "digitry's code": _digest("*.py"),
        "digitry's models": _digest("*.onnx"),
        "numpy": np.__version__,
        "onnxruntime": str(onnx_runtime().__version__),
        "opencv": cv2.__version__,
        "pillow": PIL.__version__,
    }


def _words(name: str, version: str | None) -> str:
    return f"no {name}" if version is None else f"{name} {version}"


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _digest(pattern: str) -> str:
    """Return a hash of the paths and contents of the package's files that match a pattern."""
    root = Path(digitry.__file__).parent
    found = hashlib.sha256()
    for path in sorted(root.rglob(pattern), key=lambda path: path.relative_to(root).as_posix()):
        found.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:12]
