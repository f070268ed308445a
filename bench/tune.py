"""`digitry tune` against Keras Tuner: the same space, network, cores and minutes, in turn; then kills, and fresh seeds.

python bench/tune.py [--minutes 10] [--seeds 3] [--fresh 5] [--recipes dense-relu cnn] [--workers 2] [--hours H]

For every recipe and seed both search for this many minutes, in turn: `digitry tune`, and Keras Tuner's Hyperband, which
ends trials early too. Both also search thirty short trials of `dense-relu` while they are repeatedly killed with
SIGKILL, and the surviving trials are counted. Last, the best settings of each, and the published ones, are trained with
fresh seeds by `digitry train`; their test accuracy is read once.

Every piece is written to results/tune.json as soon as it is done, and an unfinished one continues: stop it at any time,
or limit it with --hours, and call it again. The table in docs/tuning.md is rewritten with every piece.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

import keras_tuner_side
from digitry.evaluation.significance import mean_interval
from digitry.files import write_atomically
from digitry.training import run_folder
from documents import fill, put_between

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "results" / "tune.json"
PAGE = ROOT / "docs" / "tuning.md"
START, END = "<!-- tune: written by bench/tune.py -->", "<!-- end of tune -->"
SIDES = ("digitry", "keras-tuner")
EPOCHS = 10
FIRST_FRESH_SEED = 101
KILLED_TRIALS, KILLED_EPOCHS, KILLS = 30, 3, 5
MEASURE = Path(__file__)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--fresh", type=int, default=5)
    parser.add_argument("--recipes", nargs="+", default=["dense-relu", "cnn"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--data", default="mnist", help="other data, for a short look at whether all of it works")
    parser.add_argument("--hours", type=float, help="start no further piece after this many hours")
    parser.add_argument("--work", type=Path, default=Path("runs/bench-tune"), help="where studies and runs are kept")
    parser.add_argument("--result", type=Path, default=RESULT)
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one_process(*options.one)
        return
    until = time.monotonic() + 3600 * options.hours if options.hours else float("inf")
    found = read_result(options)
    for name, measure in pieces(options, found):
        if name in found["pieces"]:
            continue
        if time.monotonic() > until:
            print(f"{name} and what follows is left for the next call")
            return
        print(f"{name} …", flush=True)
        found["pieces"][name] = measure() | where_and_when()
        print(f"{name}: {found['pieces'][name]}", flush=True)
        write_result(options.result, found)
        write_table(options, found)
    write_table(options, found)
    print(table(found))


def read_result(options: argparse.Namespace) -> dict[str, Any]:
    """Return what has already been measured. Pieces with different plans are not mixed."""
    plan = {name: getattr(options, name) for name in ("minutes", "seeds", "fresh", "recipes", "workers", "data")}
    if not options.result.is_file():
        return {"plan": plan, "pieces": {}}
    found: dict[str, Any] = json.loads(options.result.read_text())
    if found["plan"] != plan:
        sys.exit(f"{options.result} has {found['plan']}: remove it, or name another --result and --work")
    return found


def where_and_when() -> dict[str, Any]:
    """Return the processor and the time of a piece: later calls may run on another machine."""
    about = run_folder.describe_surroundings()
    return {"processor": about["hardware"]["processor"], "created": about["created"]}


def write_result(path: Path, found: dict[str, Any]) -> None:
    about = {"command": "python -m bench tune", **run_folder.describe_surroundings()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (json.dumps(found | about, indent=1) + "\n").encode())


def pieces(options: argparse.Namespace, found: dict[str, Any]) -> list[tuple[str, Callable[[], Any]]]:
    """Return name → measurement, in order: searches in turn, then kills, then fresh seeds for the results."""
    every: list[tuple[str, Callable[[], Any]]] = []
    for seed in range(options.seeds):
        for recipe in options.recipes:
            # In alternating order, so that on a machine that warms up or cools down each takes a turn at being last.
            for side in SIDES if seed % 2 == 0 else reversed(SIDES):
                folder = options.work / f"{recipe}-{seed}-{side}"
                every.append(
                    (f"search/{recipe}/{seed}/{side}", lambda a=(side, recipe, seed, folder): search(options, *a))
                )
    every += [(f"kills/{side}", lambda s=side: kills(options, s)) for side in SIDES]
    for recipe in options.recipes:
        every.append((f"fresh/{recipe}/own", lambda r=recipe: fresh(options, r, "own", {})))
        for seed in range(options.seeds):
            for side in SIDES:
                name = f"search/{recipe}/{seed}/{side}"
                what = lambda r=recipe, s=seed, d=side, n=name: fresh(  # noqa: E731
                    options, r, f"{s}-{d}", found["pieces"][n]["settings"]
                )
                every.append((f"fresh/{recipe}/{seed}/{side}", what))
    return every


def search(options: argparse.Namespace, side: str, recipe: str, seed: int, folder: Path) -> dict[str, Any]:
    """Run or continue one search → the best it found, by its own account, and its number of trials."""
    seconds = 60 * options.minutes
    if side == "digitry":
        command = [
            *tune_command(recipe, options.data, seed, folder, options.workers),
            "--minutes",
            str(options.minutes),
        ]
        said = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)
        states = Counter(one["state"] for one in said["trials"])
        best = said["trials"][said["best"]]
        settings = {**said["plan"]["settings"], **best["values"]}
        return {"trials": len(said["trials"]), "states": states, "best": best["accuracy"], "settings": settings}
    folder.mkdir(parents=True, exist_ok=True)
    used = folder / "seconds"
    before = float(used.read_text()) if used.exists() else 0.0
    began = time.monotonic()
    process = subprocess.Popen(own_command("search", recipe, options.data, folder, seed))
    while process.poll() is None and before + time.monotonic() - began < seconds:
        time.sleep(0.5)
        write_atomically(used, str(before + time.monotonic() - began).encode())
    process.kill()
    process.wait()
    said = keras_tuner_side.found(folder)
    if said["best"] is None:
        sys.exit(f"Keras Tuner has found nothing in {folder}, {said['states']}; remove it and try again")
    return said | {"settings": {"validation_fraction": 0.1, **said["settings"]}}


def tune_command(recipe: str, data: str, seed: int, folder: Path, workers: int) -> list[str]:
    how = ["--workers", str(workers), "--fresh-seeds", "0", "--no-page", "--quiet", "--json", "--resume"]
    what = [recipe, "--data", data, "--seed", str(seed), "--study", str(folder)]
    return [sys.executable, "-m", "digitry", "tune", *what, *how]


def own_command(*what: object) -> list[str]:
    return [sys.executable, str(MEASURE), "--one", *map(str, what)]


def one_process(kind: str, recipe: str, data: str, folder: str, number: str, *more: str) -> None:
    """Run a task that needs its own process."""
    if kind == "fresh":
        print(json.dumps(train_fresh(recipe, data, Path(folder), int(number), json.loads(more[0]))))
    else:
        trials, epochs = (int(more[0]), int(more[1])) if more else (None, EPOCHS)
        keras_tuner_side.search(recipe, data, Path(folder), int(number), trials, epochs)


def fresh(options: argparse.Namespace, recipe: str, name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Train settings with fresh seeds → accuracies on validation, and on test, which is opened only here."""
    settings = {"epochs": EPOCHS, "validation_fraction": 0.1, **settings}
    folder = options.work / "fresh" / recipe / name
    command = own_command("fresh", recipe, options.data, folder, options.fresh, json.dumps(settings))
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def train_fresh(recipe: str, data: str, folder: Path, count: int, settings: dict[str, Any]) -> dict[str, Any]:
    import digitry
    from digitry.evaluation.judging import judge_run

    runs = digitry.train_seeds(
        recipe, data, seeds=count, seed=FIRST_FRESH_SEED, run=folder, resume=True, report=False, settings=settings
    ).runs
    test = [judge_run(one, split="test").scores.accuracy for one in runs]
    return {"settings": settings, "validation": [one.figures["val_accuracy"] for one in runs], "test": test}


def kills(options: argparse.Namespace, side: str) -> dict[str, Any]:
    """Search short trials, repeatedly killed, then left alone → how many have no final record, or several."""
    folder = options.work / f"kills-{side}"
    if side == "digitry":
        command = [
            *tune_command("dense-relu", options.data, 0, folder, 1),
            "--trials",
            str(KILLED_TRIALS),
            "--set",
            "epochs=1",
        ]
    else:
        command = own_command("search", "dense-relu", options.data, folder, 0, KILLED_TRIALS, KILLED_EPOCHS)
    chance, killed = random.Random(0), 0
    surroundings = os.environ | {"OMP_NUM_THREADS": "2"}
    for _ in range(KILLS):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=surroundings)
        try:
            process.wait(timeout=chance.uniform(8, 20))
            break  # it has finished
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed += 1
    last = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    ended = final_records(folder) if side == "digitry" else keras_records(folder)
    return {
        "wanted": KILLED_TRIALS,
        "killed": killed,
        "exit_code": last.returncode,
        "lost": KILLED_TRIALS - sum(count == 1 for count in ended.values()),
        "doubled": sum(count > 1 for count in ended.values()),
    }


def final_records(study: Path) -> Counter[int]:
    """Return trial → number of final records in Optuna's journal, counted in the file itself."""
    lines = [json.loads(line) for line in (study / "trials.log").read_text().splitlines()]
    return Counter(one["trial_id"] for one in lines if one.get("state") in (1, 2, 3))


def keras_records(folder: Path) -> Counter[str]:
    """Return trial → 1 if its file says that it finished."""
    trials = [json.loads(path.read_text()) for path in folder.glob("search/trial_*/trial.json")]
    return Counter(one["trial_id"] for one in trials if one["status"] in ("COMPLETED", "FAILED", "INVALID"))


def write_table(options: argparse.Namespace, found: dict[str, Any]) -> None:
    """Write the results so far into the page, if they are the committed ones."""
    if options.result == RESULT:
        put_between(PAGE, START, END, table(found))


def table(found: dict[str, Any]) -> str:
    """Return a table with one row per search: its trials, and the gain of its best over the published settings."""
    so_far = defaultdict(dict, found["pieces"])
    return fill("tune", plan=found["plan"], pieces=so_far, sides=SIDES, accuracy=accuracy, gain=gain).strip()


def accuracy(piece: dict[str, Any], part: str) -> str:
    """Format the mean over the fresh seeds: "98.70%"."""
    return f"{mean(piece[part]):.2%}" if piece else "–"


def gain(piece: dict[str, Any], own: dict[str, Any], part: str) -> str:
    """Format the mean difference over seeds, in points, with its interval: "+1.05 (+0.80 to +1.30)"."""
    if not (piece and own):
        return "–"
    differences = [100 * (a - b) for a, b in zip(piece[part], own[part], strict=True)]
    if len(differences) < 2:
        return f"{differences[0]:+.2f}"
    low, high = mean_interval(differences)
    return f"{mean(differences):+.2f} ({low:+.2f} to {high:+.2f})"


if __name__ == "__main__":
    main()
