"""Optional packages: which are installed, how to install the others, and plugins, which other packages provide through
the entry points `digitry.recipes`, `digitry.datasets` and `digitry.formats`:

    [project.entry-points."digitry.recipes"]
    my-recipe = "my_package.my_module:RECIPE"

A plugin is imported only when it is asked for, so a broken one affects nothing else.
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
"""Keras' backends, in order of preference: TensorFlow trains our networks fastest on a CPU (decision 0002)."""

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
"""Import name of a package → the smallest of digitry's extras that installs it; `train` installs the others."""


def need(*packages: str, by: str, extra: str | None = None) -> None:
    """Check, without importing them, that packages are installed. Raises SettingError when one is missing.

    `by` names what needs them, `extra` the extra of digitry to install; by default the smallest that has them.
    """
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise SettingError(missing_words(missing, by, extra))


def can_train() -> bool:
    """Tell whether Keras and a backend are installed, without importing them."""
    return find_spec("keras") is not None and any(find_spec(name) for name in BACKENDS)


def how_to_train() -> str:
    """Return the command that trains a run, preceded by what to install if Keras or a backend is missing."""
    return f"{'' if can_train() else install_command('train') + ', then '}digitry train cnn"


def brought(what: str) -> dict[str, EntryPoint]:
    """Return name → entry point of every installed plugin of a kind, `recipe`, `dataset` or `format`, not imported."""
    from importlib.metadata import entry_points

    found = entry_points(group=f"digitry.{what}s")
    return {one.name: one for one in sorted(found, key=lambda one: (one.name, one.value))}


def load_brought(entry: EntryPoint, kind: type[Kind]) -> Kind:
    """Import a plugin and return its object.

    Raises SettingError, with the name of the package, when it cannot be imported or is not of that kind.
    """
    try:
        found = with_errors_named(entry.value, entry.load)
        if not isinstance(found, kind):
            raise SettingError(f"{entry.value} is a {type(found).__name__}, expected a {kind.__name__}")
    except DigitryError as error:
        raise broken(entry, str(error)) from error
    return found


def broken(entry: EntryPoint, why: str) -> SettingError:
    """Return the error for a plugin that cannot be used."""
    what = entry.group.removeprefix("digitry.").removesuffix("s")
    return SettingError(f"{what} {entry.name}, of the package {package_of(entry)}, cannot be used: {why}")


def package_of(entry: EntryPoint) -> str:
    """Name the package that an entry point comes from."""
    return entry.dist.name if entry.dist else entry.value


def onnx_runtime() -> Any:
    """Return ONNX Runtime, imported with its telemetry off: version 1.31 otherwise reports to its makers and keeps an
    id of this computer in the home folder.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def missing_words(packages: list[str], by: str, extra: str | None = None) -> str:
    """Return the sentence that says what `by` needs and how to install it; the smallest extra by default."""
    if extra is None:
        extras = {_EXTRAS.get(name, "train") for name in packages}
        extra = extras.pop() if len(extras) == 1 else "train"
    names = packages[0] if len(packages) == 1 else f"{', '.join(packages[:-1])} and {packages[-1]}"
    return f"{by} needs {names}; install with: {install_command(extra)}"


def install_command(extra: str) -> str:
    """Return the command that installs an extra; in a clone of the repository it installs the clone."""
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
