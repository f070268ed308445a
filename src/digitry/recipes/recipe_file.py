"""A user's Python file → the recipe in it. The file is run: only one that the user names is."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from digitry.errors import SettingError, with_errors_named
from digitry.files import cannot_read, name_for_a_file
from digitry.recipes.backend import choose_backend
from digitry.recipes.base import Recipe
from digitry.recipes.network_file import kept_name
from digitry.recipes.own_recipe import recipe_of, taken_in

COPY = "recipe.py"
"""Name of the copy in a run's folder."""


def recipe_file(path: Path) -> Recipe:
    """Run a Python file, and return its `RECIPE`, or the recipe of its function `build`.

    Raises SettingError for a file that cannot be read or run, or has neither.
    """
    try:
        source = path.read_bytes()
    except OSError as error:
        raise SettingError(cannot_read(f"the recipe file {path}", error)) from error
    choose_backend()
    module = with_errors_named(str(path), lambda: _run(path, source))
    found, build = getattr(module, "RECIPE", None), getattr(module, "build", None)
    if isinstance(found, Recipe):
        recipe = taken_in(found)
    elif found is None and callable(build):
        recipe = recipe_of(build, _name(path), f"the file {path.name}")
    else:
        given = f"its RECIPE is a {type(found).__name__}" if found is not None else "it has neither"
        raise SettingError(
            f"{path}: expected RECIPE = digitry.recipes.Recipe(…), or a function build(classes) that gives a "
            f"keras.Model; {given}"
        )
    return replace(recipe, kept={COPY: source})


def _name(path: Path) -> str:
    """Return the file's name; for a copy in a run's folder, the name in the run's config."""
    if path.name == COPY:
        return kept_name(path.parent) or path.parent.name
    return name_for_a_file(path.stem.replace("_", "-"))


def _run(path: Path, source: bytes) -> ModuleType:
    name = f"digitry_recipe_{hashlib.sha256(source).hexdigest()[:16]}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses look up their module while they are created
    try:
        exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module
