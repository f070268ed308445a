"""Keras Tuner's part in bench/tune.py: the same space, network and optimizer, with its own search.

It has neither a time limit nor a way to stop, so it is ended as a user would end it: killed. What it has found by then
is read from the files that it wrote.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

VALIDATION_BATCH = 256


def search(recipe: str, data: str, folder: Path, seed: int, trials: int | None, epochs: int) -> None:
    """Search until nothing is left to do, or the process is killed; continues from the content of the folder."""
    from digitry.recipes.backend import choose_backend, make_deterministic

    choose_backend("tensorflow")
    import keras
    import keras_tuner

    import digitry
    from digitry import recipes
    from digitry.datasets.load import hold_out
    from digitry.training.compiled import build_and_compile
    from digitry.training.tuning.space import read_space

    make_deterministic(seed)
    plan = recipes.get(recipe).with_settings({"epochs": epochs})
    space, _ = read_space(plan, {})
    training, validation = hold_out(digitry.load_dataset(data).train, 0.1, "last", seed)

    class Model(keras_tuner.HyperModel):
        def build(self, hp: Any) -> Any:
            chosen = plan.with_settings({name: ask(hp, name, one) for name, one in space.items()})
            return build_and_compile(chosen, 10, math.ceil(len(training) / chosen.settings.batch_size))

        def fit(self, hp: Any, model: Any, *arguments: Any, **options: Any) -> Any:
            size = plan.with_settings({name: ask(hp, name, one) for name, one in space.items()}).settings.batch_size
            return model.fit(*arguments, batch_size=size, **options)

    where = {"directory": str(folder), "project_name": "search", "overwrite": False}
    goal = keras_tuner.Objective("val_accuracy", "max")
    tuner: Any
    if trials is None:
        tuner = keras_tuner.Hyperband(
            Model(), goal, max_epochs=epochs, factor=3, hyperband_iterations=100, seed=seed, **where
        )
    else:
        tuner = keras_tuner.RandomSearch(Model(), goal, max_trials=trials, seed=seed, **where)
    x, y = inputs(training)
    keras.utils.disable_interactive_logging()
    tuner.search(
        x, y, epochs=epochs, validation_data=inputs(validation), validation_batch_size=VALIDATION_BATCH, verbose=0
    )


def inputs(split: Any) -> tuple[Any, Any]:
    """Return images prepared by the recipes' contract, and labels as their loss takes them."""
    import numpy as np

    return split.images[..., None].astype(np.float32) / 255, split.labels.astype(np.int32)


def ask(hp: Any, name: str, one: Any) -> Any:
    """Return one setting of the space, as Keras Tuner asks for it."""
    from digitry.training.tuning.space import Choices

    if isinstance(one, Choices):
        return hp.Choice(name, list(one.words))
    sampling = "log" if one.log else "linear"
    if one.whole:
        return hp.Int(name, int(one.low), int(one.high), sampling=sampling)
    return hp.Float(name, one.low, one.high, sampling=sampling)


def found(folder: Path) -> dict[str, Any]:
    """Return the content of its files: trials by state, and the best of the complete ones."""
    trials = [json.loads(path.read_text()) for path in sorted(folder.glob("search/trial_*/trial.json"))]
    done = [one for one in trials if one["status"] == "COMPLETED" and one["score"] is not None]
    best = max(done, key=lambda one: one["score"], default=None)
    states = [one["status"] for one in trials]
    values = {} if best is None else best["hyperparameters"]["values"]
    return {
        "trials": len(trials),
        "states": {state: states.count(state) for state in sorted(set(states))},
        "best": best and best["score"],
        "settings": {name: value for name, value in values.items() if not name.startswith("tuner/")},
    }
