"""Train the small networks in the package for makers: src/digitry/models/NAME/, each the folder of a run.

python bench/shipped_runs.py [tiny] [small] [quick] [--runs runs/shipped] [--seed 0]

The recipes with their own settings, as `digitry train NAME --set validation_fraction=0.1 --seed 0`: a tenth of the
training images is held back, and `digitry calibrate` fits the scale of confidence to pictures made of them. The test
split is opened once, for metrics.json. A finished run goes into the package without checkpoints, plots and report.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import digitry
from digitry.files import write_atomically
from digitry.runs import CONFIG, DONE, HISTORY, METRICS, MODEL, WEIGHTS

MODELS = Path(__file__).parent.parent / "src" / "digitry" / "models"
RECIPES = ("tiny", "small", "quick")
HELD_BACK = 0.1
"""Fraction of the training images for the scale of confidence, without which no reading would ever be sure."""
KEPT = (CONFIG, HISTORY, DONE, MODEL, WEIGHTS, METRICS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help=f"of {', '.join(RECIPES)}; none means all")
    parser.add_argument("--runs", type=Path, default=Path("runs/shipped"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if unknown := set(options.recipes) - set(RECIPES):
        parser.error(f"no small network that ships is made by {', '.join(sorted(unknown))}")
    for recipe in options.recipes or RECIPES:
        place = options.runs / recipe
        settings = {"validation_fraction": HELD_BACK}
        run = digitry.train(
            recipe, seed=options.seed, run=place, settings=settings, resume=True, scale=False, quiet=False
        )
        # A training calibrates on few pictures, to save time; here all are used.
        digitry.calibrate(run.folder)
        scores = digitry.evaluate(run).scores
        folder = MODELS / recipe
        folder.mkdir(exist_ok=True)
        for name in KEPT:
            write_atomically(folder / name, (run.folder / name).read_bytes())
        size = sum(path.stat().st_size for path in folder.iterdir())
        print(f"{folder}: {size:,} bytes, {scores.accuracy:.2%} of the test images right")


if __name__ == "__main__":
    main()
