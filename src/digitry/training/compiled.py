"""A recipe's network with its loss, optimizer and metrics, ready for the first step."""

from __future__ import annotations

from typing import Any

from digitry.recipes.backend import compile_options
from digitry.recipes.base import Recipe
from digitry.training.own_network import compile_own, trained_part
from digitry.training.schedule import warmup_steps
from digitry.training.tasks import TASKS


def build_and_compile(plan: Recipe, classes: int, steps_per_epoch: int) -> Any:
    """Build the recipe's network, ready for `fit`; what `trained_part` returns is compiled."""
    model = plan.build_model(classes)
    if plan.keeps_compile:
        compile_own(trained_part(plan, model), classes)
        return model
    task = TASKS[plan.reads](plan, seed=0)
    model.compile(optimizer=optimizer_of(plan, steps_per_epoch), **task.compile_options(), **compile_options())
    # Optimizer slots and metrics are created now, not in the first step, so that a checkpoint can be put into them.
    model.optimizer.build(model.trainable_variables)
    model.compute_metrics(None, *task.first_guess(classes))
    model.reset_metrics()
    return model


def optimizer_of(plan: Recipe, steps_per_epoch: int) -> Any:
    """Return the Keras optimizer of a recipe, with its learning rate schedule."""
    import keras

    settings = plan.settings
    learning_rate: Any = settings.learning_rate
    if settings.schedule != "constant":
        rise = warmup_steps(settings, steps_per_epoch)
        learning_rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if rise else settings.learning_rate,
            warmup_target=settings.learning_rate if rise else None,
            warmup_steps=rise,
            decay_steps=settings.epochs * steps_per_epoch - rise,
        )
    config = {"learning_rate": learning_rate, "weight_decay": settings.weight_decay}
    if settings.optimizer in ("adam", "adamw", "nadam"):
        config["beta_2"] = settings.beta_2
    given = {name: value for name, value in config.items() if value is not None}
    return keras.optimizers.get({"class_name": settings.optimizer, "config": given})
