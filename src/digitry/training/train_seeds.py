"""One recipe with several seeds: a folder of runs, and how much luck alone moves their figures."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from digitry.datasets.load import Arrays, load_dataset
from digitry.errors import SettingError
from digitry.files import write_atomically
from digitry.recipes.find_recipe import RecipeLike, find_recipe
from digitry.recipes.settings import MAX_SEED, check_number
from digitry.runs import CONFIG, Run
from digitry.training import run_folder
from digitry.training.interrupt import TrainingInterrupted
from digitry.training.train import train
from digitry.types import Dataset

SEEDS = "seeds.json"
MOST_SEEDS = 100


@dataclass(frozen=True)
class Spread:
    """One figure over several seeds."""

    mean: float
    sd: float
    """Sample standard deviation (n - 1) over the runs; 0 for one run."""
    least: float
    most: float


@dataclass(frozen=True)
class SeedRuns:
    """Runs of one plan that differ only in the seed."""

    folder: Path
    runs: tuple[Run, ...]

    @property
    def figures(self) -> dict[str, Spread]:
        """Figure, such as `accuracy` or `val_accuracy`, → its spread; only figures that all runs have."""
        kept = [one.figures for one in self.runs]
        names = [name for name in kept[0] if name != "epoch" and all(name in one for one in kept)]
        return {name: _spread([one[name] for one in kept]) for name in names}

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, as in seeds.json."""
        first = self.runs[0]
        return {
            "recipe": first.recipe,
            "data": first.data,
            "settings": first.settings,
            "seeds": [one.seed for one in self.runs],
            "runs": [one.name for one in self.runs],
            "figures": {name: vars(one) for name, one in self.figures.items()},
        }


def train_seeds(
    recipe: RecipeLike = "cnn",
    data: str | Path | Dataset | Arrays = "mnist",
    *,
    seeds: int = 5,
    seed: int = 0,
    run: str | os.PathLike[str] | None = None,
    resume: bool = False,
    **options: Any,
) -> SeedRuns:
    """Train a recipe with `seeds` seeds, from `seed` up, into one folder: a run each, and the figures' spread.

    `options` are those of `digitry.train`, settings among them. The folder is `run`, or the next free one; it holds
    `seed-0`, `seed-1` … and seeds.json. With `resume`, unfinished runs continue and finished ones are left as they are.

    Raises SettingError unless `seeds` is from 1 to 100, or if the folder is itself a run, and what `digitry.train`
    raises.
    """
    count = check_number("seeds", seeds, 1, MOST_SEEDS)
    first = check_number("seed", seed, 0, MAX_SEED - count + 1)
    plan = find_recipe(recipe)
    if run is not None and (Path(run) / CONFIG).exists():
        raise SettingError(f"{run} holds a run; choose another --run for the runs of several seeds")
    if resume and run is None:
        raise SettingError("--resume continues the runs in a folder: say which one with --run")
    dataset = data if isinstance(data, Dataset) else load_dataset(data)
    with run_folder.made_folder(run, f"{plan.name}-seeds") as folder:
        done: list[Run] = []
        for number in range(first, first + count):
            place = folder / f"seed-{number}"
            goes_on = resume and (place / CONFIG).is_file()
            try:
                done.append(train(plan, dataset, seed=number, run=place, resume=goes_on, **options))
            except TrainingInterrupted as error:
                how = f"continue with the same command and {shlex.join(['--run', str(folder), '--resume'])}"
                raise TrainingInterrupted(error.signal_number, folder, how) from error
        result = SeedRuns(folder, tuple(done))
        write_atomically(folder / SEEDS, (json.dumps(result.to_json(), indent=1) + "\n").encode())
    return result


def describe_seeds(runs: SeedRuns) -> str:
    """Describe the runs in one line: how many, and the spread of their accuracy."""
    figures = runs.figures
    seen, one = (
        ("validation", figures["val_accuracy"]) if "val_accuracy" in figures else ("training", figures["accuracy"])
    )
    spread = f" ± {100 * one.sd:.2f}" if len(runs.runs) > 1 else ""
    return (
        f"{runs.folder}: {len(runs.runs)} seeds, {seen} accuracy {100 * one.mean:.2f}{spread}% (mean ± sd), "
        f"from {100 * one.least:.2f} to {100 * one.most:.2f}%"
    )


def _spread(values: Sequence[float]) -> Spread:
    return Spread(mean(values), stdev(values) if len(values) > 1 else 0.0, min(values), max(values))
