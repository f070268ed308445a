"""Find a recipe by name, file, network or function."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from digitry.errors import SettingError
from digitry.recipes import registry
from digitry.recipes.base import Recipe

RecipeLike = str | os.PathLike[str] | Recipe | Callable[..., Any]
"""The name of a recipe, the path of a recipe file or of a run's network.json, a Recipe, a keras.Model, or a function
that builds one."""


def find_recipe(given: RecipeLike) -> Recipe:
    """Return the recipe that is meant. A `.py` file is run: this is only called with a file that the user named.

    Raises SettingError for an unknown name, and for anything that is not a recipe; ModelError for a network.json that
    cannot be used.
    """
    if isinstance(given, Recipe):
        return given
    if not isinstance(given, (str, os.PathLike)):
        from digitry.recipes.own_recipe import own_recipe

        recipe = own_recipe(given)
        return replace(recipe, name=f"own-{recipe.name}") if registry.is_ours(recipe.name) else recipe
    path = Path(given)
    if path.suffix == ".py":
        from digitry.recipes.recipe_file import recipe_file

        recipe = recipe_file(path)
        if registry.is_ours(recipe.name):
            raise SettingError(f"{path}: {recipe.name} is the name of a recipe of digitry; give it another")
        return recipe
    if path.suffix == ".json":
        from digitry.recipes.network_file import network_recipe

        return network_recipe(path)
    return registry.get(os.fspath(given))
