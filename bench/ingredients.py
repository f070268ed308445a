"""What each ingredient of `champion` brings: the recipe as it is, and with one thing taken away or put in its place.

python bench/ingredients.py [--seeds 3] [--only NAME …]

Trained on the first 54,000 images of MNIST's training split, judged on its last 6,000: the test split is not opened.
What is in results/ingredients.json already is not trained again. Writes that file, and the table in docs/log.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import own_process

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "results" / "ingredients.json"
START, END = "<!-- ingredients: written by bench/ingredients.py -->", "<!-- end of ingredients -->"
CHANGES: dict[str, dict[str, Any]] = {
    "champion as it is": {},
    "images moved by a pixel, not bent": {"distortion": 0, "shift_pixels": 1},
    "images as they are": {"distortion": 0},
    "bent twice as far": {"distortion": 2},
    "labels not smoothed": {"label_smoothing": 0},
    "no dropout": {"dropout": 0},
    "weight decay 0.01": {"weight_decay": 0.01},
    "half the rate": {"learning_rate": 0.015},
    "half the epochs": {"epochs": 10},
}
"""What is different → the settings that make it so."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=list(CHANGES), default=list(CHANGES), metavar="NAME")
    parser.add_argument("--one", nargs=2, metavar=("NAME", "SEED"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(train_one(options.one[0], int(options.one[1]))))
        return
    from digitry.training import run_folder

    runs = json.loads(RESULT.read_text())["runs"] if RESULT.is_file() else {}
    for seed in range(options.seeds):
        for name in options.only:
            settings = settings_of(name)
            runs[name] = [run for run in runs.get(name, []) if run["settings"] == settings]
            if any(run["seed"] == seed for run in runs[name]):
                continue
            found = own_process.measure(__file__, name, str(seed))
            runs[name].append({"seed": seed, "settings": settings, **found})
            print(f"{name}, seed {seed}: {runs[name][-1]}", file=sys.stderr, flush=True)
            about = {"changes": CHANGES, "command": "make ingredients", **run_folder.describe_surroundings()}
            RESULT.write_text(json.dumps({"runs": runs, **about}, indent=1) + "\n")
    log = ROOT / "docs" / "log.md"
    head, rest = log.read_text(encoding="utf-8").split(START)
    log.write_text(head + "\n".join([START, *table(runs), END]) + rest.split(END)[1], encoding="utf-8")


def settings_of(name: str) -> dict[str, Any]:
    """All settings of the recipe with this change: what was trained with others is another experiment."""
    from digitry import recipes

    return asdict(recipes.get("champion").with_settings({"validation_fraction": 0.1, **CHANGES[name]}).settings)


def train_one(name: str, seed: int) -> dict[str, Any]:
    """Accuracy and loss on the validation part, and seconds of all epochs."""
    import digitry

    with tempfile.TemporaryDirectory() as folder:
        settings = {"validation_fraction": 0.1, **CHANGES[name]}
        done = digitry.train("champion", seed=seed, run=Path(folder) / "run", settings=settings)
    seconds = sum(epoch["seconds"] for epoch in done.history)
    return {"accuracy": done.figures["val_accuracy"], "loss": done.figures["val_loss"], "seconds": round(seconds, 1)}


def table(runs: dict[str, list[dict[str, Any]]]) -> list[str]:
    """A line for each change, in the order of `CHANGES`."""
    lines = ["| | seeds | validation accuracy | loss | seconds |", "|---|---:|---:|---:|---:|"]
    for name in CHANGES:
        group = runs.get(name, [])
        if not group:
            continue
        accuracies = [100 * run["accuracy"] for run in group]
        spread = f" ± {stdev(accuracies):.2f}" if len(group) > 1 else ""
        # Smoothed labels have another loss: it is only compared with its like.
        loss = "–" if "label_smoothing" in CHANGES[name] else f"{mean(run['loss'] for run in group):.4f}"
        seconds = mean(run["seconds"] for run in group)
        lines.append(f"| {name} | {len(group)} | {mean(accuracies):.2f}{spread}% | {loss} | {seconds:,.0f} |")
    return lines


if __name__ == "__main__":
    main()
