"""docs/reference/settings.md: every setting of a training, as the recipes declare it. `make check` compares.

python bench/settings_page.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from digitry.cli.train import command
from digitry.recipes.base import Recipe
from digitry.recipes.registry import RECIPES
from digitry.recipes.settings import About, Settings
from digitry.training.tuning.space import read_space, space_in_words
from documents import fill

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "settings.md"


def main() -> None:
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/reference/settings.md is out of date; write it with: python bench/settings_page.py")


def page() -> str:
    recipes = list(RECIPES.values())
    return fill(
        "settings",
        common=[_facts(name, about, recipes) for name, about in Settings.about().items()],
        own={
            recipe.name: [_facts(name, about, [recipe]) for name, about in recipe.own().items()]
            for recipe in recipes
            if recipe.own()
        },
        spaces={recipe.name: space_in_words(read_space(recipe, {})[0]) for recipe in recipes},
    )


def _facts(name: str, about: About, recipes: list[Recipe]) -> dict[str, Any]:
    """Return what the page says about one setting: its value by recipe, and why it does not apply to some."""
    values: dict[str, list[str]] = {}
    refused: dict[str, list[str]] = {}
    for recipe in recipes:
        why = recipe.has_no_use_for(name)
        kept = refused.setdefault(why, []) if why else values.setdefault(_word(getattr(recipe.settings, name)), [])
        kept.append(recipe.name)
    return {
        "name": name,
        "words": about.words,
        "type": ("list of " if about.is_list else "") + about.kind.__name__,
        "expected": about.expected,
        "option": next((one.opts[0] for one in command.params if one.name == name), ""),
        "values": dict(sorted(values.items(), key=lambda one: -len(one[1]))),
        "refused": refused,
    }


def _word(value: Any) -> str:
    """Format a value as `--set` takes it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return str(value).lower() if isinstance(value, bool | None) else str(value)


if __name__ == "__main__":
    main()
