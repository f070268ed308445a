"""What is installed beside the core, looked for before anything is done; and how the rest is installed from here."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from digitry.errors import SettingError


def need(*packages: str, by: str, extra: str = "train") -> None:
    """Do nothing where all are installed; nothing is imported. Raises SettingError when one is not.

    `by` says who needs them, `extra` which of digitry's extras brings them.
    """
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise SettingError(missing_words(missing, by, extra))


def onnx_runtime() -> Any:
    """Return ONNX Runtime, imported with its telemetry off: version 1.31 brings code that reports to its makers, and
    keeps a number for this computer in the home folder, unless it is told not to before.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def missing_words(packages: list[str], by: str, extra: str) -> str:
    """Say in one sentence: who lacks what, and how to get it."""
    names = packages[0] if len(packages) == 1 else f"{', '.join(packages[:-1])} and {packages[-1]}"
    return f"{by} needs {names}; install with: {install_command(extra)}"


def install_command(extra: str) -> str:
    """Return what to type for an extra: in a clone of the repository another thing than for an installed package."""
    clone = Path(__file__).resolve().parents[2]
    if Path(__file__).resolve().parent != clone / "src" / "digitry" or not (clone / "pyproject.toml").is_file():
        return f'pip install "digitry[{extra}]"'
    try:
        place = "." if Path.cwd().resolve() == clone else str(clone)
    except OSError:  # the current folder is gone
        place = str(clone)
    return f'pip install "{place}[{extra}]"'
