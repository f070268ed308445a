"""Weights with their contract in one safetensors file, which is loaded without running code or trusting its names."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry import recipes
from digitry.errors import ModelError, SettingError
from digitry.files import cannot_read, write_atomically
from digitry.networks.contract import METADATA_KEY, Contract
from digitry.packages import need
from digitry.recipes.backend import backend_name
from digitry.recipes.base import Recipe
from digitry.recipes.find_recipe import RecipeLike, find_recipe
from digitry.recipes.network_file import NETWORK, NotBuiltHereError, building_recipe, named

Weights = dict[str, NDArray[Any]]

MAX_BYTES = 256 * 2**20
"""Far more than any of our networks has; a larger file is refused before it is read."""


def weights_of(model: Any) -> Weights:
    """Return the weights by layer position, layer class and variable name, independent of Keras' automatic names."""
    import keras

    return {
        name: np.asarray(keras.ops.convert_to_numpy(variable.value)) for name, variable in _variables(model).items()
    }


def put_into(model: Any, weights: Weights) -> None:
    """Set the weights of a Keras network. Raises ModelError unless names, shapes and dtypes match exactly."""
    wanted = {name: (array.shape, array.dtype) for name, array in weights_of(model).items()}
    if wanted != {name: (array.shape, array.dtype) for name, array in weights.items()}:
        raise ModelError("these are not exactly the weights of its recipe")
    for name, variable in _variables(model).items():
        variable.assign(weights[name])


def _variables(model: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for position, layer in enumerate(model.layers):
        for variable in layer.weights:
            # Keras numbers unnamed variables across the whole process.
            called = re.sub(r"^variable_\d+$", "variable", variable.name)
            # A nested network, or attention, has several variables of the same name.
            name, number = f"{position}.{type(layer).__name__}.{called}", 2
            while name in found:
                name, number = f"{position}.{type(layer).__name__}.{called}.{number}", number + 1
            found[name] = variable
    return found


def save_weights(path: Path, weights: Weights, contract: Contract) -> None:
    """Write the file atomically; the same weights and contract give the same bytes."""
    from safetensors.numpy import save as to_safetensors

    # One entry, because safetensors writes several in an order that varies between processes.
    about = json.dumps({"contract": contract.to_json(), "sha256": _sha256(weights)}, sort_keys=True)
    # Contiguous, because safetensors writes the raw memory of an array, which is wrong for a slice.
    arrays = {name: np.asarray(array, order="C") for name, array in weights.items()}
    write_atomically(path, to_safetensors(arrays, metadata={METADATA_KEY: about}))


def write_contract(path: Path, contract: Contract) -> None:
    """Replace the contract in the file, atomically, keeping its weights. Raises ModelError if it is not digitry's."""
    data = _read(path)
    end = 8 + int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8:end])
        about = json.loads(header["__metadata__"][METADATA_KEY])
        about["contract"] = contract.to_json()
        header["__metadata__"][METADATA_KEY] = json.dumps(about, sort_keys=True)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"{path} is not a digitry weights file ({error}); train or export it again") from error
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # the weights must begin at a multiple of eight bytes
    write_atomically(path, len(text).to_bytes(8, "little") + text + data[end:])


def load(path: Path) -> tuple[Weights, Contract]:
    """Read and verify the file. Raises ModelError if it is damaged, not digitry's, or has non-finite weights."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_safetensors

    data = _read(path)
    try:
        weights = from_safetensors(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        about = json.loads(header["__metadata__"][METADATA_KEY])
        text, sha256 = str(about["contract"]), about["sha256"]
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"{path} is not a digitry weights file ({error}); train or export it again") from error
    if sha256 != _sha256(weights):
        raise ModelError(f"{path} is damaged: its SHA-256 does not match; take another copy")
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise ModelError(f"{path} holds weights that are not finite numbers; train it again")
    return weights, Contract.from_json(text)


def load_model(path: Path, recipe: Recipe | None = None) -> tuple[Any, Contract]:
    """Rebuild the Keras model and load the weights of the file.

    It is built by digitry's recipe of that name, from a network.json beside the file, or by `recipe`, whose code the
    user trusts. Raises ModelError if none is available, or names, shapes or dtypes do not match exactly; SettingError
    if Keras is not installed.
    """
    backend_name(by="the Keras network of a run")
    need("safetensors", by="the Keras network of a run")
    weights, contract = load(path)
    plan = _recipe_of(path, contract, recipe)
    model = plan.build_model(len(contract.class_names))
    built = plan.contract(model, contract.class_names).input_shape
    if built != contract.input_shape:
        raise ModelError(
            f"{path} expects input {list(contract.input_shape)}, but recipe {contract.recipe} now builds "
            f"{list(built)}; train it again"
        )
    try:
        put_into(model, weights)
    except ModelError as error:
        raise ModelError(
            f"{path} does not hold exactly the weights of recipe {contract.recipe}; train it again"
        ) from error
    return model, contract


def load_network(path: Path, recipe: Recipe | None = None) -> Any:
    """Load the Keras network as its author built it, without the layers that digitry put around a user's own.

    Raises ModelError and SettingError as `load_model` does.
    """
    from digitry.recipes.canonical_form import network_in

    return network_in(load_model(path, recipe)[0])


def recipe_named(given: RecipeLike | None) -> Recipe | None:
    """Return the recipe given by a user to build a network. Raises SettingError if it is not one."""
    return None if given is None else find_recipe(given)


def _recipe_of(path: Path, contract: Contract, given: Recipe | None) -> Recipe:
    """Return the recipe, with settings, that builds a weights file's network. Raises ModelError if there is none."""
    kept = path.with_name(NETWORK)
    try:
        if given is not None and given.name != contract.recipe:
            raise SettingError(f"it is of recipe {contract.recipe}, not {given.name}")
        if given is None and contract.recipe not in recipes.RECIPES and kept.is_file():
            return building_recipe(kept)
        plan = given or _recipe_called(contract.recipe, path)
        return plan.with_settings({name: value for name, value in contract.settings.items() if value is not None})
    except SettingError as error:
        raise ModelError(f"{path} cannot be rebuilt: {error}") from error


def _recipe_called(name: str, path: Path) -> Recipe:
    try:
        return recipes.get(name)
    except SettingError as error:
        raise NotBuiltHereError(f"{path} cannot be rebuilt: {error}; {named(path.parent)}") from error


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ModelError(f"{path} is larger than {MAX_BYTES // 2**20} MiB; it is not a digitry model")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(cannot_read(f"the model {path}", error)) from error


def _sha256(weights: Weights) -> str:
    digest = hashlib.sha256()
    for name in sorted(weights):
        array = np.ascontiguousarray(weights[name])
        digest.update(f"{name} {array.dtype} {array.shape}\n".encode() + array.tobytes())
    return digest.hexdigest()
