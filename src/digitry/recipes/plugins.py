"""Recipes that installed packages bring, by the entry point `digitry.recipes`:

    [project.entry-points."digitry.recipes"]
    my-recipe = "my_package.my_module:RECIPE"

A package is imported when its recipe is asked for, or when all are listed; one that is broken is in nobody's way.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points

from digitry.errors import DigitryError, SettingError
from digitry.recipes.base import Recipe

GROUP = "digitry.recipes"


def found() -> dict[str, EntryPoint]:
    """Return name → entry point of all that is installed; nothing of it is imported."""
    return {one.name: one for one in sorted(entry_points(group=GROUP), key=lambda one: (one.name, one.value))}


def load_plugin(entry: EntryPoint) -> Recipe:
    """Import the package and return its recipe, under the name of its entry point.

    Raises SettingError, with the name of the package, when it cannot be imported or brings something else.
    """
    from digitry.recipes.own_recipe import taken_in, with_errors_named

    try:
        recipe = with_errors_named(entry.value, entry.load)
        if not isinstance(recipe, Recipe):
            raise SettingError(f"{entry.value} is a {type(recipe).__name__}, expected a digitry.recipes.Recipe")
    except DigitryError as error:
        raise broken(entry, str(error)) from error
    return taken_in(replace(recipe, name=entry.name))


def broken(entry: EntryPoint, why: str) -> SettingError:
    """Make the error for a recipe that cannot be used."""
    package = entry.dist.name if entry.dist else entry.value
    return SettingError(f"recipe {entry.name}, of the package {package}, cannot be used: {why}")
