"""The recipes by name. To add one, write a file with a RECIPE and add a line here."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from digitry.errors import SettingError, unknown_name
from digitry.networks.contract import current_name
from digitry.packages import brought, load_brought
from digitry.recipes.base import Recipe

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

MODULES = (
    "dense_relu",
    "cnn",
    "dense_sigmoid",
    "cnn_dropout",
    "quick",
    "balanced",
    "tiny",
    "small",
    "champion",
    "reader",
    "number_reader",
)
"""Modules of `digitry.recipes` in the order in which they are listed; each has a RECIPE."""

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe for recipe in (importlib.import_module(f"digitry.recipes.{name}").RECIPE for name in MODULES)
}


def names() -> list[str]:
    """Return the names of all recipes, the four from tutorials first."""
    return list(RECIPES)


def is_ours(name: str) -> bool:
    """Return whether one of our recipes has or had this name: other recipes cannot use it."""
    return current_name(name) in RECIPES


def get(name: str) -> Recipe:
    """Return the recipe with this name, which may be an old one, built in or from an installed package. Raises
    SettingError with near matches for an unknown name.
    """
    name = current_name(name)
    if name in RECIPES:
        return RECIPES[name]
    from_packages = brought("recipe")
    if name not in from_packages:
        raise SettingError(f"{unknown_name('recipe', name, [*RECIPES, *from_packages])}; or name a file: my_recipe.py")
    return recipe_of_package(from_packages[name])


def recipe_of_package(entry: EntryPoint) -> Recipe:
    """Return the recipe of an installed package. Raises SettingError, with the package's name, if it has none."""
    from digitry.recipes.own_recipe import taken_in

    return taken_in(replace(load_brought(entry, Recipe), name=entry.name))


def measured() -> dict[str, Any]:
    """Return recipe name → what `python -m bench reproduce` measured: mean and spread of the test accuracy, seconds,
    seeds.
    """
    path = files("digitry.recipes") / "measured.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
