"""Locate model files: in a run's folder, at a path, in this package."""

from __future__ import annotations

import os
import shlex
from importlib import resources
from pathlib import Path

from digitry.errors import ModelError, SettingError
from digitry.files import cannot_read
from digitry.networks.onnx_bytes import MAX_MODEL_BYTES
from digitry.packages import how_to_train

MODEL, WEIGHTS, CONFIG = "model.onnx", "weights.safetensors", "config.json"
"""Files of a run's folder: the network, its weights for further training, and what makes the folder a run."""

SHIPPED = {"digit": "digit.onnx", "number": "number.onnx", "page": "page.onnx"}
"""What a network reads → the file of the shipped one."""

NAMES = {"shipped": "digit", "shipped-numbers": "number", "shipped-pages": "page"}
"""Names of these networks → what they read."""


def shipped_runs() -> list[str]:
    """Return the names of the small shipped networks, which include the weights and figures of their runs."""
    place = resources.files("digitry") / "models"
    return sorted(one.name for one in place.iterdir() if one.is_dir() and (one / CONFIG).is_file())


def shipped_names() -> list[str]:
    """Return the names of all shipped networks, the small ones last."""
    return [*NAMES, *shipped_runs()]


def run_or_shipped(run: str | os.PathLike[str]) -> Path:
    """Return the given path of a run or file, or a shipped network's path if that is its name and nothing else's."""
    name = str(run)
    if name not in shipped_names() or Path(run).exists():
        return Path(run)
    models = resources.files("digitry") / "models"
    return Path(str(models / (SHIPPED[NAMES[name]] if name in NAMES else name)))


def is_shipped(place: str | os.PathLike[str]) -> bool:
    """Tell whether this names a shipped network, and no existing path."""
    return run_or_shipped(place) != Path(place)


def check_is_not_shipped(place: str | os.PathLike[str]) -> None:
    """Raise SettingError for a shipped network, given by its name or file, which must not be changed."""
    models = Path(str(resources.files("digitry") / "models")).resolve()
    if is_shipped(place) or models in Path(place).resolve().parents:
        raise SettingError(
            f"{place} comes with digitry, and its files are not changed; train your own model, or calibrate a copy"
        )


def model_path(place: str | os.PathLike[str]) -> Path:
    """Return the ONNX file of a run's folder or of a shipped network's name; any other path is returned unchanged.

    Raises ModelError, which says what to do, for a folder that is not a run, or of an unfinished one.
    """
    place = run_or_shipped(place)
    if not place.is_dir():
        return place
    if (place / MODEL).is_file():
        return place / MODEL
    if not (place / CONFIG).is_file():
        raise no_run(place)
    if (place / WEIGHTS).is_file():
        raise ModelError(
            f"run {place} is trained, but its network was not written as ONNX; write it with the command that started "
            f"it, and with --run {shlex.quote(str(place))} --resume; if that names a layer, train again without it"
        )
    raise ModelError(
        f"run {place} has no {MODEL}, so its training did not finish; continue with the command that started it, and "
        f"with --run {shlex.quote(str(place))} --resume"
    )


def no_run(folder: Path) -> ModelError:
    """Return the error for something that is not a run's folder."""
    return ModelError(f"{folder} is not a run: expected a folder with {CONFIG} and {MODEL}; make one: {how_to_train()}")


def read_model(place: str | os.PathLike[str]) -> bytes:
    """Read the bytes of a run's model, or of a file. Raises ModelError if it is missing or far too large."""
    path = model_path(place)
    try:
        size = path.stat().st_size
        if size > MAX_MODEL_BYTES:
            raise ModelError(f"{path}: the model has {size} bytes, at most {MAX_MODEL_BYTES} are loaded")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(
            f"cannot read the model {path}: {error.strerror}; give a run's folder, an ONNX file of digitry's or "
            f"one of {', '.join(shipped_names())}, or make one: {how_to_train()}"
        ) from error
    except OSError as error:
        raise ModelError(cannot_read(f"the model {path}", error)) from error
    except ValueError as error:
        raise ModelError(f"cannot read the model {path}: {error}; give a run's folder or an ONNX file") from error


def shipped_model(reads: str) -> bytes:
    """Return the bytes of the shipped network for a single `digit`, a whole `number` or a `page`."""
    file = resources.files("digitry") / "models" / SHIPPED[reads]
    if not file.is_file():
        raise ModelError(f"this installation has no models/{SHIPPED[reads]}; install digitry again")
    return file.read_bytes()
