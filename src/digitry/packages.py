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
    try:
        here: Path | None = Path.cwd().resolve()
    except OSError:  # the current folder is gone
        here = None
    package = Path(__file__).resolve().parent
    for clone in (package.parents[1], here):
        if clone is not None and _is_clone(clone) and (clone == here or package == clone / "src" / "digitry"):
            return f'pip install "{"." if clone == here else clone}[{extra}]"'
    return f'pip install "digitry[{extra}]"'


def _is_clone(folder: Path) -> bool:
    return (folder / "pyproject.toml").is_file() and (folder / "src" / "digitry" / "packages.py").is_file()
