"""Recipes over five seeds, each with its own settings: results/reproduce/*.json and docs/results.md.

python bench/reproduce.py [RECIPE …] [--seeds 5]     the tutorials' four by default; a result in a JSON file with the
                                                      recipe's current settings is not measured again
python bench/reproduce.py [RECIPE …] --anew          all of it again
python bench/reproduce.py RECIPE --dataset NAME      the same on other data: results/reproduce/NAME/*.json
python bench/reproduce.py --page                     only rewrite the page

Each run is a separate process, so that peak memory is measured separately. `cnn` is evaluated after five epochs, then
continues to ten, as its authors did. The test split is opened once for every reported figure; nothing is chosen by it.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import own_process
from digitry import recipes
from digitry.recipes.settings import with_defaults
from results_page import TARGETS, write_page

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "results" / "reproduce"
RECIPES = ("dense-relu", "cnn", "dense-sigmoid", "cnn-dropout")
KNOWN = (*RECIPES, *TARGETS)
MNIST = "mnist"
JUDGED_AFTER = {"cnn": (5, 10)}
"""Epochs after which a recipe is evaluated, if not only after its last."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help=", ".join(KNOWN))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--dataset", default=MNIST, help="what is learnt; nothing else changes")
    parser.add_argument("--anew", action="store_true", help="forget what was measured before")
    parser.add_argument("--page", action="store_true", help="only write docs/results.md from the JSON files")
    parser.add_argument("--one", nargs=2, metavar=("RECIPE", "SEED"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(run_one(options.one[0], int(options.one[1]), options.dataset)))
        return
    for name in options.recipes:
        if name not in KNOWN:
            parser.error(f"{name} is none of {', '.join(KNOWN)}")
    if not options.page:
        folder = RESULTS if options.dataset == MNIST else RESULTS / options.dataset
        folder.mkdir(parents=True, exist_ok=True)
        wanted = [
            (recipe, seed, folder / f"{recipe}-seed{seed}.json")
            for recipe in options.recipes or RECIPES
            for seed in range(options.seeds)
        ]
        if options.anew:
            print("measures all of it again; once stopped, it goes on without --anew", file=sys.stderr)
            for *_, path in wanted:
                path.unlink(missing_ok=True)
        for recipe, seed, path in wanted:
            if is_measured(path, recipe):
                print(f"{recipe}, seed {seed}: measured before", file=sys.stderr)
                continue
            print(f"{recipe}, seed {seed}", file=sys.stderr, flush=True)
            found = own_process.measure(__file__, recipe, str(seed), "--dataset", options.dataset)
            path.write_text(json.dumps(found, indent=1) + "\n")
    write_page(RESULTS, ROOT)


def is_measured(path: Path, recipe: str) -> bool:
    """Return whether this file has the recipe's current settings; files that record no settings count as current."""
    if not path.is_file():
        return False
    settings = recipes.get(recipe).settings
    was = with_defaults(json.loads(path.read_text()).get("settings", settings.to_json()), type(settings))
    return was == settings.to_json()


def run_one(recipe: str, seed: int, dataset: str) -> dict[str, Any]:
    """Train one seed and evaluate it."""
    import digitry
    from digitry.training import run_folder

    last = recipes.get(recipe).settings.epochs
    judged = []
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        seconds = 0.0
        for epochs in JUDGED_AFTER.get(recipe, (last,)):
            began = time.perf_counter()
            before = resource.getrusage(resource.RUSAGE_SELF)
            settings = {"epochs": epochs}
            done = digitry.train(recipe, data=dataset, seed=seed, run=run, resume=True, settings=settings, quiet=False)
            seconds += time.perf_counter() - began
            after = resource.getrusage(resource.RUSAGE_SELF)
            evaluation = digitry.evaluate(run)
            scores = {name: part.scores.to_json() for name, part in evaluation.splits.items()}
            less = evaluation.without_doubtful
            judged.append(
                {
                    "epochs": epochs,
                    "scores": {
                        name: {key: part[key] for key in ("images", "error_count", "accuracy", "loss", "ece")}
                        for name, part in scores.items()
                    },
                    "test_without_doubtful": less and {"left_out": less.left_out, "error_count": less.error_count},
                    "train_seconds": round(seconds, 2),
                    "processor_seconds": round(
                        after.ru_utime + after.ru_stime - (before.ru_utime + before.ru_stime), 2
                    ),
                }
            )
        return {
            "recipe": recipe,
            "seed": seed,
            "dataset": dataset,
            "settings": recipes.get(recipe).settings.to_json(),
            "trainer": done.config["backend"],
            "judged": judged,
            "history": done.history,
            "peak_memory_mib": round(_peak_memory_mib()),
            "command": f"python bench/reproduce.py {recipe}" + (f" --dataset {dataset}" if dataset != MNIST else ""),
            **run_folder.describe_surroundings(),
        }


def _peak_memory_mib() -> float:
    """Return the peak of the whole process, including evaluation. Linux counts in KiB, macOS in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main()
