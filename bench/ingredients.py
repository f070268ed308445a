"""What each ingredient of `champion` contributes: the recipe as it is, and with one part removed or replaced.

python bench/ingredients.py [--seeds 3] [--only NAME …] [--anew]

Trained on the first 54,000 images of MNIST's training split, evaluated on its last 6,000 at the end: the test split is
not opened. All but one line use half of the recipe's epochs, so that a night is enough. Two run at a time, each on one
thread. Results for this kind of machine in results/ingredients.json are not measured again without --anew. Writes that
file, and the table in docs/log.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import own_process
from digitry import recipes
from digitry.recipes.settings import with_defaults
from documents import fill
from earlier_runs import earlier_runs

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "results" / "ingredients.json"
START, END = "<!-- ingredients: written by bench/ingredients.py -->", "<!-- end of ingredients -->"
RECIPE = recipes.get("champion")
BASE: dict[str, Any] = {"epochs": RECIPE.settings.epochs // 2}
HELD_BACK = 0.1
CHANGES: dict[str, dict[str, Any]] = {
    "half of the epochs, the rest as it is": {},
    "all epochs": {"epochs": RECIPE.settings.epochs},
    "images moved by a pixel, not bent": {"distortion": 0, "shift_pixels": 1},
    "images as they are": {"distortion": 0},
    "bent two thirds as far": {"distortion": 1.0},
    "labels not smoothed": {"label_smoothing": 0},
    "no dropout": {"dropout": 0},
    "no weight decay": {"weight_decay": 0},
    "a tenth of the rate, held all the time": {
        "schedule": "constant",
        "learning_rate": RECIPE.settings.learning_rate / 10,
    },
}
"""Variant → the settings that it changes."""

AT_ONCE = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=list(CHANGES), default=list(CHANGES), metavar="NAME")
    parser.add_argument("--anew", action="store_true", help="forget what was measured before")
    parser.add_argument("--one", nargs=2, metavar=("NAME", "SEED"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(train_one(options.one[0], int(options.one[1]))))
        return
    from digitry.training import run_folder

    about = {"changes": CHANGES, "command": "python -m bench ingredients", **run_folder.describe_surroundings()}
    known = {} if options.anew else earlier_runs(RESULT, about["hardware"])
    runs = {name: [run for run in known.get(name, []) if _settings_then(run) == settings_of(name)] for name in CHANGES}
    missing = [
        (name, seed)
        for seed in range(options.seeds)
        for name in options.only
        if all(run["seed"] != seed for run in runs[name])
    ]
    write_page(runs)
    os.environ["OMP_NUM_THREADS"] = "1"
    with ThreadPoolExecutor(AT_ONCE) as threads:
        coming = {
            threads.submit(own_process.measure, __file__, name, str(seed)): (name, seed) for name, seed in missing
        }
        try:
            for done in as_completed(coming):
                name, seed = coming[done]
                runs[name].append({"seed": seed, "settings": settings_of(name), **done.result()})
                print(f"{name}, seed {seed}: {runs[name][-1]}", file=sys.stderr, flush=True)
                RESULT.write_text(json.dumps({"runs": runs, **about}, indent=1) + "\n")
                write_page(runs)
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def write_page(runs: dict[str, list[dict[str, Any]]]) -> None:
    """Put the table between the marks in docs/log.md."""
    log = ROOT / "docs" / "log.md"
    head, rest = log.read_text(encoding="utf-8").split(START)
    log.write_text(f"{head}{START}\n{table(runs)}{END}{rest.split(END)[1]}", encoding="utf-8")


def _settings_then(run: dict[str, Any]) -> dict[str, Any]:
    return with_defaults(run["settings"], type(RECIPE.settings))


def settings_of(name: str) -> dict[str, Any]:
    """Return all settings of the recipe with this change: what was trained with others is another experiment."""
    return RECIPE.with_settings({**BASE, **CHANGES[name]}).settings.to_json()


def train_one(name: str, seed: int) -> dict[str, Any]:
    """Return accuracy and loss on the held-back part, accuracy with a single view of each image, and total seconds."""
    import digitry
    from digitry.datasets.load import hold_out
    from digitry.exports import bundle
    from digitry.networks.prepare import prepare

    dataset = digitry.load_dataset("mnist")
    training, validation = hold_out(dataset.train, HELD_BACK)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        some = replace(dataset, train=training)
        settings = {**BASE, **CHANGES[name]}
        done = digitry.train(RECIPE, data=some, seed=seed, run=run, settings=settings, report=False)
        model, contract = bundle.load_model(run / "weights.safetensors")
    images, labels = prepare(validation.images, contract), validation.labels
    with_views, one_look = (part.predict(images, verbose=0) for part in (model, without_views(model)))
    return {
        "accuracy": float((with_views.argmax(1) == labels).mean()),
        "accuracy_of_one_look": float((one_look.argmax(1) == labels).mean()),
        "loss": float(-np.log(with_views[np.arange(len(labels)), labels]).mean()),
        "seconds": round(sum(epoch["seconds"] for epoch in done.history), 1),
    }


def without_views(model: Any) -> Any:
    """Return the trained network with a single view of an image."""
    import keras

    views, *inner, mean_of_views = model.layers
    assert (type(views).__name__, type(mean_of_views).__name__) == ("Views", "MeanOfViews")
    return keras.Sequential(inner)


def table(runs: dict[str, list[dict[str, Any]]]) -> str:
    """Return a table with one line per change, in the order of `CHANGES`."""
    # Losses with smoothed labels can only be compared with each other.
    another = [name for name, settings in CHANGES.items() if "label_smoothing" in settings]
    changes = {name: runs[name] for name in CHANGES if runs.get(name)}
    return fill("ingredients", changes=changes, with_another_loss=another)


if __name__ == "__main__":
    main()
