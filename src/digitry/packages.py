"""What is installed beside the core, looked for before anything is done; how the rest is installed from here; and what
installed packages bring, by the entry points `digitry.recipes`, `digitry.datasets` and `digitry.formats`:

    [project.entry-points."digitry.recipes"]
    my-recipe = "my_package.my_module:RECIPE"

A package is imported when what it brings is asked for; one that is broken is in nobody's way.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from digitry.errors import DigitryError, SettingError, with_errors_named

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Kind = TypeVar("Kind")

BACKENDS = ("tensorflow", "jax", "torch")
"""What Keras computes on, in order of preference: TensorFlow trains our networks fastest on a CPU (decision 0002)."""

_EXTRAS = {
    "matplotlib": "plots",
    "onnx": "adopt",
    "openpyxl": "xlsx",
    "optuna": "tune",
    "pyarrow": "parquet",
    "ray": "cluster",
    "tensorboardX": "tensorboard",
    "mlflow": "mlflow",
    "ai_edge_litert": "litert",
}
"""Name of a package, as it is imported → the smallest of digitry's extras that brings it; `train` brings the others."""


def need(*packages: str, by: str, extra: str | None = None) -> None:
    """Do nothing where all are installed; nothing is imported. Raises SettingError when one is not.

    `by` says who needs them, `extra` which of digitry's extras brings them; else it is the smallest that does.
    """
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise SettingError(missing_words(missing, by, extra))


def can_train() -> bool:
    """Tell whether Keras and a backend are installed; nothing is imported."""
    return find_spec("keras") is not None and any(find_spec(name) for name in BACKENDS)


def how_to_train() -> str:
    """Return what to type to have a run; where nothing can be trained, first what to install."""
    return f"{'' if can_train() else install_command('train') + ', then '}digitry train cnn"


def brought(what: str) -> dict[str, EntryPoint]:
    """Return name → entry point of every `recipe`, `dataset` or `format` that is installed; nothing of it is
    imported.
    """
    from importlib.metadata import entry_points

    found = entry_points(group=f"digitry.{what}s")
    return {one.name: one for one in sorted(found, key=lambda one: (one.name, one.value))}


def load_brought(entry: EntryPoint, kind: type[Kind]) -> Kind:
    """Import the package and return what it brings.

    Raises SettingError, with the name of the package, when it cannot be imported or brings something else.
    """
    try:
        found = with_errors_named(entry.value, entry.load)
        if not isinstance(found, kind):
            raise SettingError(f"{entry.value} is a {type(found).__name__}, expected a {kind.__name__}")
    except DigitryError as error:
        raise broken(entry, str(error)) from error
    return found


def broken(entry: EntryPoint, why: str) -> SettingError:
    """Make the error for what a package brings and nobody can use."""
    what = entry.group.removeprefix("digitry.").removesuffix("s")
    return SettingError(f"{what} {entry.name}, of the package {package_of(entry)}, cannot be used: {why}")


def package_of(entry: EntryPoint) -> str:
    """Name the package that an entry point comes from."""
    return entry.dist.name if entry.dist else entry.value


def onnx_runtime() -> Any:
    """Return ONNX Runtime, imported with its telemetry off: version 1.31 brings code that reports to its makers, and
    keeps a number for this computer in the home folder, unless it is told not to before.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def missing_words(packages: list[str], by: str, extra: str | None = None) -> str:
    """Say in one sentence: who lacks what, and how to get it: by the smallest extra, where none is given."""
    if extra is None:
        extras = {_EXTRAS.get(name, "train") for name in packages}
        extra = extras.pop() if len(extras) == 1 else "train"
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
