"""The named errors: each says what was wrong, what was expected and what to do next, in one line.

Every error carries the exit code of the command line. Low layers raise the bare fact; the layer that knows the file or
the recipe adds its name.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any


class DigitryError(Exception):
    """Base class of all errors meant for users; never raised itself."""

    exit_code = 1


class SettingError(DigitryError):
    """A wrong argument, option, setting or name."""

    exit_code = 2


class DataError(DigitryError):
    """A dataset or a picture that cannot be used."""

    exit_code = 3


class ModelError(DigitryError):
    """A model file, run or checkpoint that cannot be used."""

    exit_code = 4


class StorageError(DigitryError):
    """A file that cannot be read or written, or a folder that another process has locked."""

    exit_code = 5


class ServerError(DigitryError):
    """A server that cannot be reached, is busy, or failed."""

    exit_code = 5


class TrainingError(DigitryError):
    """Training stopped early: the loss became NaN or infinite, or a resource ran out."""

    exit_code = 6


def unknown_name(kind: str, name: str, known: Iterable[str]) -> SettingError:
    """Return the error for a name that is not among the known ones, with the closest matches first.

    >>> str(unknown_name("recipe", "cnm", ["cnn", "dense-relu"]))
    "unknown recipe 'cnm'; did you mean 'cnn'? Known: cnn, dense-relu"
    """
    names = sorted(known)
    return SettingError(f"unknown {kind} {name!r}; {guess(name, names)}Known: {', '.join(names)}")


def guess(name: str, known: Iterable[str]) -> str:
    """Return a "did you mean" question with the closest known names, ignoring case; empty if none is close.

    >>> guess("ReLux", ["elu", "relu"])
    "did you mean 'relu' or 'elu'? "
    """
    by_lower = {one.lower(): one for one in known}
    near = [by_lower[one] for one in difflib.get_close_matches(name.lower(), by_lower, n=2, cutoff=0.5)]
    return f"did you mean {' or '.join(map(repr, near))}? " if near else ""


def with_errors_named(name: str, call: Callable[[], Any]) -> Any:
    """Call third-party code. Raises SettingError with its error message and the line it came from."""
    try:
        return call()
    except (DigitryError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        kind, said = type(error).__name__, (str(error).strip().splitlines() or ["it gives no reason"])[0]
        raise SettingError(f"{name} fails with {kind}: {said[:300]}{_place(error)}") from error


def _place(error: BaseException) -> str:
    """Describe the line in the user's own file that an error came from; empty if there is none."""
    import traceback
    from pathlib import Path

    packages = ("keras", "digitry", "tensorflow", "torch", "jax", "importlib")
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if frame.f_globals.get("__name__", "").partition(".")[0] not in packages:
            return f" ({Path(frame.f_code.co_filename).name}, line {line})"
    return ""
