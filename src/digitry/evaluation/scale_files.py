"""The scale of confidence in a model's files: written into them; the one before is kept beside, and put back."""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from digitry.errors import ModelError
from digitry.exports import bundle
from digitry.files import write_atomically
from digitry.networks.contract import RENAMED, current_name
from digitry.networks.model import Model
from digitry.networks.model_files import check_is_not_shipped, model_path
from digitry.networks.onnx_bytes import with_contract
from digitry.networks.scale import Scale
from digitry.runs import WEIGHTS


class PutBack(NamedTuple):
    """A calibration that was undone: the scale it had given, the one that is back, and the files that have it."""

    before: Scale | None
    after: Scale
    files: tuple[Path, ...]


def write_scale(place: Path, model: Model, scale: Scale) -> tuple[Path, ...]:
    """Write the scale into a run's model.onnx and weights.safetensors, or into an ONNX file; the files written.

    Each is written as a whole or not at all. Raises StorageError where that is not possible.
    """
    contract = replace(model.contract, confidence_scale=scale)
    path = model_path(place)
    written = [path]
    weights = path.with_name(WEIGHTS)
    if place.is_dir() and weights.is_file():
        bundle.write_contract(weights, contract)
        written.append(weights)
    write_atomically(path, with_contract(model.data, contract))
    return tuple(written)


def keep_scale(place: Path, model: Model) -> Path | None:
    """Keep the scale that a model has, before it gets another, in a file beside it; None where it has none.

    However often it is calibrated, the first one is kept: that of its training. Raises StorageError.
    """
    path = _kept_in(place)
    if _is_of(_kept(path), model):
        return path
    if model.contract.confidence_scale is None:
        return None
    kept = {"model": _identity(model), "scale": asdict(model.contract.confidence_scale)}
    write_atomically(path, f"{json.dumps(kept)}\n".encode())
    return path


def put_back_scale(place: str | Path) -> PutBack:
    """Give a run's model, or an ONNX file, the scale back that it had before it was calibrated.

    Raises SettingError for the name of a small network that ships, ModelError where none is kept, or what is kept is
    damaged or of another model, StorageError where it cannot be written.
    """
    place = Path(place)
    check_is_not_shipped(place)
    model, path = Model.open(place), _kept_in(place)
    if not path.exists():
        raise ModelError(
            f"no earlier scale of {place} is kept: none was replaced; to fit one: digitry calibrate "
            f"{shlex.quote(str(place))}"
        )
    kept = _kept(path)
    if not _is_of(kept, model):
        raise ModelError(f"{path} is damaged or belongs to another model; delete it, and calibrate {place} anew")
    scale = Scale.from_json(kept.get("scale"))
    files = write_scale(place, model, scale)
    path.unlink()
    return PutBack(model.contract.confidence_scale, scale, files)


def _kept_in(place: Path) -> Path:
    path = model_path(place)
    return path.with_name(f"{path.name}.former-scale.json")


def _kept(path: Path) -> dict[str, Any]:
    try:
        kept = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _is_of(kept: dict[str, Any], model: Model) -> bool:
    """Tell whether a scale was kept of this model, be it under a name that its recipe had before."""
    now = model.contract.recipe
    return any(kept.get("model") == _identity(model, name) for name in (now, *RENAMED) if current_name(name) == now)


def _identity(model: Model, recipe: str | None = None) -> str:
    """Return what stays the same whatever scale the model has."""
    bare = replace(model.contract, recipe=recipe or model.contract.recipe, confidence_scale=None)
    return hashlib.sha256(with_contract(model.data, bare)).hexdigest()
