"""Check, before anything is loaded or written, that the nodes of a cluster can share a training."""

from __future__ import annotations

import os

from digitry.errors import SettingError
from digitry.packages import need
from digitry.recipes.backend import PLAIN_TORCH, PLAIN_TORCH_OPTIMIZERS
from digitry.recipes.base import Recipe
from digitry.recipes.registry import RECIPES


def check_shareable(plan: Recipe) -> None:
    """Raise SettingError, with a remedy, unless the nodes of a cluster can train the recipe.

    Keras trainings are refused: one of Keras' ways to use several machines silently trains a separate model on each.
    """
    need("ray", by="--ray")
    need("torch", by="train --ray", extra="torch")
    known = RECIPES.get(plan.name)
    if known is None or not plan.plain_torch or known.build is not plan.build:
        able = ", ".join(sorted(name for name, recipe in RECIPES.items() if recipe.plain_torch))
        raise SettingError(
            f"recipe {plan.name} is trained by Keras, on one machine; train it without --ray, or use --ray with one "
            f"that plain Torch trains: {able}"
        )
    settings = plan.settings
    if settings.optimizer not in PLAIN_TORCH_OPTIMIZERS:
        raise SettingError(
            f"with --ray the optimizer is {' or '.join(PLAIN_TORCH_OPTIMIZERS)}, not {settings.optimizer}, which only "
            "Keras has, on one machine; change it, or leave out --ray"
        )
    if settings.outlier_share:
        raise SettingError("--ray does not train on images without a digit; set outlier_share=0, or leave out --ray")
    if plan.trainer != PLAIN_TORCH:
        wish = os.environ.get("KERAS_BACKEND")
        why = f"KERAS_BACKEND is {wish}: unset it" if wish else "Keras is loaded on another backend: restart Python"
        raise SettingError(f"with --ray plain Torch trains, not Keras on {plan.trainer}; {why}, or leave out --ray")
