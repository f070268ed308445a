"""The recipes, one short file each; `registry.py` lists them."""

from digitry.recipes.base import Recipe, Settings, setting
from digitry.recipes.registry import RECIPES, get, measured, names

__all__ = ["RECIPES", "Recipe", "Settings", "get", "measured", "names", "setting"]
