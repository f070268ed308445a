"""The confidence scale in a model's files: write it, keep the previous one, and restore that."""

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
    """An undone calibration: the scale it had set, the restored one, and the files that were changed."""

    before: Scale | None
    after: Scale
    files: tuple[Path, ...]


def write_scale(place: Path, model: Model, scale: Scale) -> tuple[Path, ...]:
    """Write the scale into a run's model.onnx and weights.safetensors, or into an ONNX file; returns the files written.

    Each is written completely or not at all. Raises StorageError when that is not possible.
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
    """Keep a model's current scale in a file beside it before it gets another; None if it has none.

    However often it is calibrated, the original scale is kept: that of its training. Raises StorageError.
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
    """Restore the scale that a run's model, or an ONNX file, had before it was calibrated.

    Raises SettingError for the name of a small shipped model, ModelError when none is kept, or it is damaged or of
    another model, StorageError when it cannot be written.
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
        raise ModelError(f"{path} is damaged or belongs to another model; delete it, and calibrate {place} again")
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
    """Return whether a kept scale belongs to this model, perhaps under an earlier name of its recipe."""
    now = model.contract.recipe
    return any(kept.get("model") == _identity(model, name) for name in (now, *RENAMED) if current_name(name) == now)


def _identity(model: Model, recipe: str | None = None) -> str:
    """Return a hash that does not depend on the model's scale."""
    bare = replace(model.contract, recipe=recipe or model.contract.recipe, confidence_scale=None)
    return hashlib.sha256(with_contract(model.data, bare)).hexdigest()
