"""One backend's answers, for tests/functional/test_backends.py: python backend_probe.py RECIPE IN.npz OUT.npz."""

from __future__ import annotations

import sys

import numpy as np

from digitry import recipes
from digitry.exports import bundle
from digitry.networks.contract import Contract
from digitry.networks.prepare import prepare
from digitry.recipes.backend import choose_backend, make_deterministic
from digitry.training.compiled import build_and_compile

DIGITS = tuple("0123456789")


def main(recipe_name: str, source: str, target: str) -> None:
    choose_backend()
    make_deterministic(0)
    given = dict(np.load(source))
    images, labels = prepare(given.pop("images"), Contract(recipe_name, DIGITS)), given.pop("labels").astype(np.int32)
    # A rate at which a step is far larger than the rounding of the weights it moves.
    changes = {"schedule": "constant", "optimizer": "sgd", "learning_rate": 0.1}
    recipe = recipes.get(recipe_name).with_settings(changes)
    if recipe.settings.dropout is not None:
        # Each backend draws its own dropout: without it, one step from the same weights is the same step.
        recipe = recipe.with_settings({"dropout": 0.0})
    model = build_and_compile(recipe, 10, steps_per_epoch=1)
    for name, array in given.items():
        position, _, variable = name.split(".")
        next(v for v in model.layers[int(position)].weights if v.name == variable).assign(array)
    answers = model.predict(images, verbose=0)
    # Networks that read numbers answer in logits themselves.
    logits = answers if recipe.reads == "number" else np.log(np.maximum(answers, 1e-30))
    model.fit(images, labels, batch_size=len(images), epochs=1, shuffle=False, verbose=0)
    after = {f"after.{name}": array for name, array in bundle.weights_of(model).items()}
    np.savez(target, parameters=model.count_params(), logits=logits, **after)


if __name__ == "__main__":
    main(*sys.argv[1:])
