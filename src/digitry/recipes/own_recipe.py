"""A user's own Keras network, or the function that builds it → a recipe like any other.

A compiled network keeps its optimizer and its loss; others get those of the settings.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from digitry.errors import ModelError, SettingError, with_errors_named
from digitry.files import name_for_a_file
from digitry.recipes.backend import choose_backend
from digitry.recipes.base import Recipe, Settings, setting

Network = Any
"""A keras.Model."""

OWN_MODEL = "own-model"
"""Name of the recipe of a network that was given itself, not as a function."""

NOT_KERAS = ("torch", "tensorflow", "tf_keras", "jax", "flax", "sklearn")


DEFAULTS: dict[str, Any] = {
    "epochs": 10,
    "batch_size": 64,
    "optimizer": "adam",
    "learning_rate": 0.001,
    "validation_fraction": 0.1,
    "validation_method": "stratified",
}
"""Default settings for training a user's own network."""


@dataclass(frozen=True, kw_only=True)
class CompiledSettings(Settings):
    """Settings of a compiled network: the optimizer is its own."""

    optimizer: str = setting("The optimizer that it was compiled with.")
    learning_rate: float = setting("The learning rate of that.", least=0, most=1e9)


def own_recipe(given: Any) -> Recipe:
    """Make a recipe of a keras.Model, or of a function that builds one; it may take the number of classes and the
    settings.

    Raises SettingError for anything else, and when the function fails.
    """
    if _is_network(given):
        return recipe_of(lambda classes, settings: _copy(given), OWN_MODEL, "a keras.Model")
    kinds = {base.__module__.partition(".")[0] for base in type(given).__mro__}
    if kinds & set(NOT_KERAS) or not callable(given):
        elsewhere = " (others come in as ONNX: digitry adopt FILE.onnx)" if kinds & set(NOT_KERAS) else ""
        raise SettingError(
            f"train accepts the name of a recipe, a recipe file, a keras.Model, or a function that builds one, not "
            f"{type(given).__name__}{elsewhere}"
        )
    name = name_for_a_file(getattr(given, "__name__", "own").strip("<>_").replace("_", "-")) or "own"
    return recipe_of(given, name, "a function")


def recipe_of(build: Callable[..., Network], name: str, source: str) -> Recipe:
    """Make a recipe of a function that builds a network; it is called once here, to inspect the result."""
    from digitry.recipes.canonical_form import scales_itself

    choose_backend()
    call = _with_what_it_takes(build, name)
    network = with_errors_named(name, lambda: call(10, Settings(**DEFAULTS)))
    if not _is_network(network):
        raise SettingError(f"{name}: expected a keras.Model, its function gives {type(network).__name__}")
    settings = Settings(**DEFAULTS)
    if network.compiled:
        if network.loss is None:
            raise SettingError(f"{name}: its network was compiled without a loss; compile it with one, or not at all")
        optimizer, rate = (
            type(network.optimizer).__name__.lower(),
            float(f"{float(network.optimizer.learning_rate):.7g}"),
        )
        settings = CompiledSettings(**DEFAULTS | {"optimizer": optimizer, "learning_rate": rate})
    try:
        scale = 1.0 if scales_itself(network) else 1 / 255
    except (AttributeError, ValueError):  # its layers are unknown until it is called
        scale = 1 / 255
    recipe = Recipe(
        name=name,
        summary=f"{type(network).__name__} of {len(network.layers)} layers",
        source=source,
        parameters=network.count_params() if network.built else 0,
        settings=settings,
        build=call,
        scale=scale,
        keeps_compile=bool(network.compiled),
    )
    return taken_in(recipe)


def taken_in(recipe: Recipe) -> Recipe:
    """Return a recipe written by others with a `build` that returns the form that digitry trains.

    Errors in it are reported with the line of their file. Keras trains it. A network that reads numbers is left as it
    is.
    """
    build = recipe.build

    def form(classes: int, settings: Any) -> Network:
        from digitry.recipes.canonical_form import canonical_form

        network = with_errors_named(recipe.name, lambda: build(classes, settings))
        if recipe.reads != "digit":
            return network
        try:
            return canonical_form(network, classes)
        except ModelError as error:
            raise ModelError(f"the network of {recipe.name} cannot be trained: {error}") from error

    return replace(recipe, build=form, is_own=True, plain_torch=False)


def _is_network(given: Any) -> bool:
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(given, keras.Model)


def _with_what_it_takes(build: Callable[..., Network], name: str) -> Callable[[int, Any], Network]:
    """Return the function as one of (classes, settings). Raises SettingError if it has other required arguments."""
    try:
        taken = list(inspect.signature(build).parameters.values())
    except (TypeError, ValueError) as error:
        raise SettingError(f"{name}: its function hides its arguments; write def build(classes): …") from error
    needed = [
        one for one in taken if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]
    if len(needed) > 2 or any(one.kind is one.KEYWORD_ONLY for one in needed):
        raise SettingError(
            f"{name}({', '.join(one.name for one in taken)}) takes more than the number of classes and the settings; "
            "write def build(classes): …"
        )
    count = max(len(needed), sum("class" in one.name for one in taken[:1]))
    return lambda classes, settings: build(*(classes, settings)[:count])


def _copy(given: Network) -> Network:
    """Return a network with the same layers, weights and compilation: training must not change the given one."""
    import keras

    if not (isinstance(given, keras.Sequential) or hasattr(given, "_run_through_graph")):
        raise ModelError(
            f"a network of the class {type(given).__name__} cannot be copied; give the function that builds it"
        )
    copy = keras.models.clone_model(given)
    copy.set_weights(given.get_weights())
    if given.compiled:
        optimizer = type(given.optimizer).from_config(given.optimizer.get_config())
        copy.compile(optimizer, given.loss)
    return copy
