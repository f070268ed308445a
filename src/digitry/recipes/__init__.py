"""The recipes, one short file each; `registry.py` lists them."""

from digitry.recipes.registry import RECIPES, get, measured, names

__all__ = ["RECIPES", "get", "measured", "names"]
