"""results/reproduce/*.json → docs/results.md and the figures that `digitry recipes` shows, generated."""

from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import mean
from typing import Any

from digitry import recipes
from digitry.recipes.backend import PLAIN_TORCH
from documents import fill, sd

Run = dict[str, Any]

TRAIN_JUDGED = "train accuracy, judged after training"
TRAIN_SHOWN = "train accuracy, as fit's progress bar shows it"

TARGETS = {"tiny": "reproduce-small", "small": "reproduce-small", "champion": "reproduce-champion"}
"""The bench that trains each of our own recipes."""

FASHION = "fashion-mnist"
FASHION_LIST = {
    "WRN40-4, 8.9M parameters": 0.967,
    "WRN-28-10 with random erasing": 0.963,
    "DenseNet-BC, 768K parameters": 0.954,
    "MobileNet": 0.950,
    "VGG16, 26M parameters": 0.935,
    "2 convolutions and 3 dense layers, 1.8M parameters": 0.932,
    "2 convolutions, less than 100K parameters": 0.925,
    "2 convolutions, 113K parameters": 0.922,
    "people, without knowledge of fashion": 0.835,
}
"""From the list in Fashion-MNIST's README (github.com/zalandoresearch/fashion-mnist), which nobody has tested."""

CHANCE_SD = 2.0
"""A published figure is one run: up to this many standard deviations count as chance."""


def write_page(results: Path, root: Path) -> None:
    """Write the page and src/digitry/recipes/measured.json from all runs that exist."""
    runs: dict[str, list[Run]] = {}
    for path in sorted(results.glob("*.json")):
        run = json.loads(path.read_text())
        runs.setdefault(run["recipe"], []).append(run)
    ordered = {name: runs[name] for name in recipes.names() if name in runs}
    fashion = [json.loads(path.read_text()) for path in sorted((results / FASHION).glob("*.json"))]
    (root / "docs" / "results.md").write_text(_page(ordered, fashion), encoding="utf-8")
    measured = {name: _measured(group) for name, group in ordered.items()}
    path = root / "src" / "digitry" / "recipes" / "measured.json"
    known = json.loads(path.read_text(encoding="utf-8"))  # bench/benchmarks_page.py writes to it too
    path.write_text(json.dumps(known | measured, indent=2) + "\n", encoding="utf-8")


def _measured(group: list[Run]) -> dict[str, Any]:
    accuracies = [run["judged"][-1]["scores"]["test"]["accuracy"] for run in group]
    return {
        "seeds": len(group),
        "epochs": group[0]["judged"][-1]["epochs"],
        "test_accuracy_mean": round(mean(accuracies), 6),
        "test_accuracy_sd": round(sd(accuracies), 6),
        "seconds_mean": round(mean(map(training_seconds, group)), 1),
        "processor": group[0]["hardware"]["processor"],
        # Ours are trained two at once.
        "threads": 1 if group[0]["recipe"] in TARGETS else group[0]["hardware"]["cores"],
    }


def training_seconds(run: Run) -> float:
    """Return the seconds of all epochs together, without imports, loading and the report."""
    return sum(line["seconds"] for line in run["history"])


def _page(runs: dict[str, list[Run]], fashion: list[Run]) -> str:
    first = next(iter(runs.values()))[0]
    return fill(
        "results",
        dates=sorted(run["created"][:10] for group in runs.values() for run in group),
        hardware=first["hardware"],
        versions={"tensorflow-cpu": None, "tensorflow": None, **first["versions"]},
        accuracies=[
            _accuracy(name, group, at) for name, group in runs.items() for at in range(len(group[0]["judged"]))
        ],
        others=[
            {"name": name, "what": what, "ours": ours, "published": theirs, "sds": _deviations(theirs, ours)}
            | {"is_loss": what.endswith("loss")}
            for name, group in runs.items()
            for what, ours, theirs in _published_figures(name, group)
            if what != "test accuracy"
        ],
        without_doubtful=_without_doubtful(runs),
        fashion=_on_fashion(fashion),
        times=[
            {
                "name": name,
                "seconds": [line["seconds"] for run in group for line in run["history"]],
                "whole": [run["judged"][-1]["train_seconds"] for run in group],
                "processor": [sum(part["processor_seconds"] for part in run["judged"]) for run in group],
                "memory": [run["peak_memory_mib"] for run in group],
            }
            for name, group in runs.items()
        ],
        remarks_of={name: _remarks(name, group) for name, group in runs.items()},
    )


def _accuracy(name: str, group: list[Run], index: int) -> dict[str, Any]:
    """Return a recipe's accuracy at this evaluation, with the published figure for its last epoch."""
    judged = [run["judged"][index] for run in group]
    test = [part["scores"]["test"]["accuracy"] for part in judged]
    is_last = index == len(group[0]["judged"]) - 1
    given = recipes.get(name).published if is_last else {}
    published, above = given.get("test_accuracy"), given.get("test_accuracy_above")
    difference = None if published is None else published - mean(test)
    return {
        "name": name,
        "epochs": judged[0]["epochs"],
        "seeds": len(group),
        "train": [part["scores"]["train"]["accuracy"] for part in judged],
        "test": test,
        "errors": [part["scores"]["test"]["error_count"] for part in judged],
        "loss": [part["scores"]["test"]["loss"] for part in judged],
        "published": published,
        "difference": difference,
        "sds": abs(difference) / sd(test) if difference is not None and sd(test) else None,
        "is_inside": published is not None and min(test) <= published <= max(test),
        "above": above,
        "holds": above is not None and min(test) > above,
    }


def _published_figures(name: str, group: list[Run]) -> list[tuple[str, list[float], float]]:
    """Return (description, our values, the published value) for every published figure except lower bounds."""
    published = recipes.get(name).published
    final, last = [run["judged"][-1]["scores"] for run in group], [run["history"][-1] for run in group]
    candidates = [
        ("test_accuracy", "test accuracy", [part["test"]["accuracy"] for part in final]),
        ("train_accuracy", TRAIN_JUDGED, [part["train"]["accuracy"] for part in final]),
        ("train_accuracy", TRAIN_SHOWN, [line["accuracy"] for line in last]),
        ("test_loss", "test loss", [part["test"]["loss"] for part in final]),
        ("validation_accuracy", "validation accuracy", [line.get("val_accuracy") for line in last]),
        (
            "validation_accuracy_after_5_epochs",
            "validation accuracy after 5 epochs",
            [run["history"][min(4, len(run["history"]) - 1)].get("val_accuracy") for run in group],
        ),
    ]
    return [(shown, values, published[key]) for key, shown, values in candidates if key in published]


def _deviations(published: float, values: list[float]) -> float:
    return abs(published - mean(values)) / (sd(values) or math.inf)


def _remarks(name: str, group: list[Run]) -> dict[str, Any]:
    """Return a remark on every difference from a published figure."""
    if recipes.get(name).source == "digitry":
        trainer = group[0].get("trainer", PLAIN_TORCH)
        torch = group[0]["versions"]["torch"] if trainer == PLAIN_TORCH else ""
        return {"ours": True, "trainer": trainer, "torch": torch, "target": TARGETS[name]}
    figures = _published_figures(name, group)
    away = {shown: _deviations(theirs, values) for shown, values, theirs in figures}
    training = None
    if TRAIN_JUDGED in away:
        both = sorted((away.pop(what), place, what) for place, what in enumerate((TRAIN_JUDGED, TRAIN_SHOWN)))
        (near, _, nearer), (far, _, further) = both
        training = {"nearer": nearer, "near_sd": near, "further": further, "far_sd": far}
    seconds = [line["seconds"] for run in group for line in run["history"][1:]]
    return {
        "ours": False,
        "training": training,
        "far": [(shown, sds) for shown, sds in away.items() if sds > CHANCE_SD],
        "within_chance": list(away),
        "has_no_figure": not figures,
        "was_disturbed": max(seconds) > 2 * min(seconds),
    }


def _without_doubtful(runs: dict[str, list[Run]]) -> list[dict[str, Any]]:
    """Return the test accuracy without the fifteen doubted labels, for runs that measured it."""
    found = []
    for name, group in runs.items():
        less = [run["judged"][-1].get("test_without_doubtful") for run in group]
        if all(less):
            accuracies = [1 - one["error_count"] / (10_000 - one["left_out"]) for one in less]
            found.append({"name": name, "accuracies": accuracies, "errors": [one["error_count"] for one in less]})
    return found


def _on_fashion(runs: list[Run]) -> list[dict[str, Any]]:
    """Return Fashion-MNIST, with nothing changed but the data, among the README's list; the most accurate first."""
    if not runs:
        return []
    accuracies = [run["judged"][-1]["scores"]["test"]["accuracy"] for run in runs]
    ours = {
        "name": runs[0]["recipe"],
        "parameters": recipes.get(runs[0]["recipe"]).parameters,
        "epochs": runs[0]["judged"][-1]["epochs"],
        "ours": accuracies,
        "accuracy": mean(accuracies),
    }
    others = [{"name": name, "accuracy": accuracy, "ours": None} for name, accuracy in FASHION_LIST.items()]
    return sorted([*others, ours], key=lambda one: -one["accuracy"])
