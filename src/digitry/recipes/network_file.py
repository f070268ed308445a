"""The layers of a user's own network, stored in its run's folder, so that it can be rebuilt without the user's code.

The file is Keras' JSON description of the network. Keras would import whatever such a file names: only the names listed
here reach it, layers that compute, none that reads a file, imports a module or carries code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from digitry.errors import ModelError, SettingError
from digitry.files import cannot_read
from digitry.recipes.base import Recipe, Settings

NETWORK = "network.json"

MAX_BYTES = 8 * 2**20


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


KNOWN_LAYERS = _words(
    """Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention Average AveragePooling1D
    AveragePooling2D BatchNormalization Bidirectional CenterCrop Concatenate Conv1D Conv1DTranspose Conv2D
    Conv2DTranspose Cropping1D Cropping2D Dense DepthwiseConv1D DepthwiseConv2D Dot Dropout ELU EinsumDense Embedding
    Flatten GRU GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D
    GlobalMaxPooling2D GroupNormalization GroupQueryAttention Identity InputLayer LSTM LayerNormalization LeakyReLU
    MaxPooling1D MaxPooling2D Maximum Minimum MultiHeadAttention Multiply Normalization PReLU Permute RMSNormalization
    RandomBrightness RandomContrast RandomCrop RandomErasing RandomFlip RandomRotation RandomShear
    RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape Resizing SeparableConv1D
    SeparableConv2D SimpleRNN Softmax SpatialDropout1D SpatialDropout2D SpectralNormalization Subtract TimeDistributed
    UnitNormalization UpSampling1D UpSampling2D ZeroPadding1D ZeroPadding2D"""
)
"""Allowed names in `keras.layers`."""

KNOWN_OPERATIONS = _words(
    """Abs Add Clip Concatenate Divide Elu Exp ExpandDims Gelu GetItem LeakyRelu Log LogSoftmax Max Maximum Mean Min
    Minimum Multiply Negative Power Relu Relu6 Reshape Selu Sigmoid Silu Softmax Softplus Sqrt Square Squeeze Subtract
    Sum Tanh Transpose TrueDivide"""
)
"""Allowed names in `keras.ops`, as used by `x + y`."""


class NotBuiltHereError(ModelError):
    """A network that cannot be built here without its author's code."""


KNOWN_PARTS: dict[str, frozenset[str] | None] = {
    "keras": frozenset({"DTypePolicy", "Sequential"}),
    "keras.src.models.functional": frozenset({"Functional"}),
    "keras.layers": KNOWN_LAYERS,
    "keras.src.ops.nn": KNOWN_OPERATIONS,
    "keras.src.ops.numpy": KNOWN_OPERATIONS,
    "keras.constraints": None,
    "keras.initializers": None,
    "keras.losses": None,
    "keras.optimizers": None,
    "keras.optimizers.schedules": None,
    "keras.regularizers": None,
}
"""Module → names that a file may use; None for all."""

WITHOUT_MODULE = {"__keras_tensor__", "__tuple__", "__ellipsis__", "__slice__"}
"""What Keras writes for values."""


@dataclass(frozen=True)
class KeptNetwork:
    """The content of the file."""

    recipe: str
    settings: dict[str, Any]
    """Those of the run that are the recipe's own."""
    scale: float
    polarity: str
    reads: str
    keeps_compile: bool
    network: dict[str, Any] | None
    """None if a part of it is not Keras' own."""
    optimizer: Any
    loss: Any
    """In Keras' description; None if the settings name them, or they are not Keras' own."""
    missing: str
    """Which part is not Keras' own, or empty."""
    sha256: str
    """Over the network and its compilation, independent of layer names."""


def keep(recipe: Recipe, network: Any) -> KeptNetwork:
    """Describe a recipe's network as its author wrote it."""

    def compiled() -> list[Any]:
        found = network.get_compile_config()
        return [found["optimizer"], found["loss"]]

    described, text, missing = _part(lambda: _described(network))
    optimizer = loss = None
    if recipe.keeps_compile:
        values, more, why = _part(compiled)
        optimizer, loss = values or (None, None)
        text, missing = text and more and text + more, missing or why
    return KeptNetwork(
        recipe.name,
        recipe.settings.to_json(),
        recipe.scale,
        recipe.polarity,
        recipe.reads,
        recipe.keeps_compile,
        described,
        optimizer,
        loss,
        missing,
        hashlib.sha256(text.encode()).hexdigest() if text else "",
    )


def _part(describe: Callable[[], Any]) -> tuple[Any, str, str]:
    """Return what may be stored of an object, its text, and why it may not be stored."""
    try:
        value = json.loads(json.dumps(describe()))
    except Exception as error:  # Keras reports problems with user code in many ways
        return None, "", f"Keras cannot describe it ({type(error).__name__})"
    text = json.dumps(value, sort_keys=True)
    try:
        _check(value)
    except ModelError as error:
        return None, text, str(error)
    return value, text, ""


def kept_bytes(kept: KeptNetwork) -> bytes:
    """Return the file's bytes."""
    return (json.dumps(vars(kept), sort_keys=True, indent=1) + "\n").encode()


def read_kept(path: Path) -> KeptNetwork:
    """Read the file. Raises ModelError if it is damaged, or names what is not listed here."""
    try:
        data = path.read_bytes()
        kept = KeptNetwork(**json.loads(data if len(data) <= MAX_BYTES else b""))
        _check([kept.network, kept.optimizer, kept.loss])
    except OSError as error:
        raise ModelError(cannot_read(f"the network {path}", error)) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise ModelError(f"{path} does not describe a network; take another copy of the run") from error
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    kinds = {"recipe": str, "settings": dict, "scale": float, "polarity": str, "reads": str, "missing": str}
    if not all(isinstance(getattr(kept, name), kind) for name, kind in kinds.items()):
        raise ModelError(f"{path} does not describe a network; take another copy of the run")
    return kept


def kept_name(folder: Path) -> str | None:
    """Return the recipe's name in a run folder's file of this kind; None without one."""
    try:
        return read_kept(folder / NETWORK).recipe
    except ModelError:
        return None


def network_recipe(path: Path) -> Recipe:
    """Return a recipe made from such a file, with the settings of its run. No user code is run.

    Raises ModelError for a damaged file, and for a network that cannot be built from it.
    """
    from digitry.recipes.own_recipe import CompiledSettings

    kept = read_kept(path)
    if kept.network is None or (kept.keeps_compile and kept.optimizer is None):
        raise ModelError(f"{path} is not enough to continue with: {kept.missing}; {named(path.parent)}")
    kind: type[Settings] = CompiledSettings if kept.keeps_compile else Settings
    try:
        settings = kind(**kept.settings)
    except (SettingError, TypeError) as error:
        raise ModelError(f"{path} has settings of its recipe's own; {named(path.parent)}") from error
    return _recipe(path, kept, settings)


def building_recipe(path: Path) -> Recipe:
    """Return a recipe made from such a file only to build the network: its settings do not matter.

    Raises ModelError as `network_recipe` does.
    """
    from digitry.recipes.own_recipe import DEFAULTS

    kept = read_kept(path)
    if kept.network is None:
        raise NotBuiltHereError(f"{path} is not enough to build it: {kept.missing}; {named(path.parent)}")
    return _recipe(path, replace(kept, keeps_compile=False), Settings(**DEFAULTS))


def _recipe(path: Path, kept: KeptNetwork, settings: Settings) -> Recipe:
    from digitry.recipes.own_recipe import taken_in

    recipe = Recipe(
        name=kept.recipe,
        summary="a network that was kept",
        source=str(path),
        parameters=0,
        settings=settings,
        build=lambda classes, settings: built(kept),
        reads=kept.reads,
        polarity=kept.polarity,
        scale=kept.scale,
        keeps_compile=kept.keeps_compile,
    )
    return taken_in(recipe)


def named(folder: Path) -> str:
    """Return a sentence that tells the user how to name the code with which a run was made."""
    copy = folder / "recipe.py"
    where = f"a copy of its recipe is in {copy}" if copy.is_file() else "give the model, or the file that builds it"
    return f"{where}: digitry runs such a file only if you name it (recipe=, --recipe)"


def built(kept: KeptNetwork) -> Any:
    """Build the network, untrained, compiled as it was. Raises ModelError if Keras cannot."""
    from keras.saving import deserialize_keras_object

    def build(described: Any) -> Any:
        return deserialize_keras_object(deepcopy(described), safe_mode=True)  # Keras modifies its argument

    if kept.network is None:
        raise ModelError(f"its network cannot be built from {NETWORK}: {kept.missing}")
    try:
        network = build(kept.network)
        if kept.keeps_compile and kept.optimizer is not None:
            loss = kept.loss if isinstance(kept.loss, str) else build(kept.loss)
            network.compile(build(kept.optimizer), loss)
    except Exception as error:  # Keras' errors have no narrower common base
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"its network cannot be built from {NETWORK}: {reason[:200]}") from error
    return network


def _described(network: Any) -> dict[str, Any]:
    from keras.saving import serialize_keras_object

    described: dict[str, Any] = json.loads(json.dumps(serialize_keras_object(network)))
    _drop(described, ("build_config", "compile_config"))
    names = {name: f"layer_{number}" for number, name in enumerate(_names(described))}
    renamed: dict[str, Any] = _renamed(described, names)
    return renamed


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in JSON values."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _parts(one)


def _check(value: Any) -> None:
    """Raise ModelError unless everything that the values name is listed here."""
    for part in _parts(value):
        if not {"class_name", "module", "registered_name"} & part.keys():
            continue
        kind, module = part.get("class_name"), part.get("module")
        if module is None and kind in WITHOUT_MODULE and "registered_name" not in part:
            continue
        known = KNOWN_PARTS.get(module, frozenset()) if isinstance(module, str) else frozenset()
        is_known = isinstance(kind, str) and (kind.isidentifier() if known is None else kind in known)
        if not is_known or part.get("registered_name") not in (None, kind):
            raise ModelError(f"its part {kind} is not one of Keras' own that are built from a file")


def _drop(value: Any, names: tuple[str, ...]) -> None:
    for part in _parts(value):
        for name in names:
            part.pop(name, None)


def _names(described: Any) -> list[str]:
    """Return the names of layers, in order: Keras numbers them anew in every process."""
    layers = [part for part in _parts(described) if "inbound_nodes" in part or part.get("module") == "keras.layers"]
    found = [part["config"].get("name") for part in [described, *layers] if isinstance(part.get("config"), dict)]
    return list(dict.fromkeys(name for name in found if isinstance(name, str)))


def _renamed(value: Any, names: dict[str, str], key: str = "") -> Any:
    if isinstance(value, dict):
        return {one: _renamed(inner, names, one) for one, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, names, key) for inner in value]
    places = ("name", "keras_history", "input_layers", "output_layers")
    return names.get(value, value) if key in places and isinstance(value, str) else value
