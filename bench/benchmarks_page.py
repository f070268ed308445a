"""Publish the benchmarks: docs/benchmarks.md, `digitry recipes`, and evidence_page.py's pages.

python bench/benchmarks_page.py

Reads the results of `python -m bench` train (race.json, cold_start.json) and, if they exist, of inference, exports,
peers, serve and page. `champion` is compared with the peers by its results in results/reproduce/.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean, median
from typing import Any

import evidence_page
from digitry import recipes
from documents import fill
from results_page import training_seconds

ROOT = Path(__file__).parent.parent
OURS = ("quick", "balanced")
RESULTS = ("race", "cold_start", "inference", "exports", "peers", "serve", "page")


def main(root: Path = ROOT) -> None:
    """Write the page with its charts, the figures for `digitry recipes`, and the pages that show them, below `root`."""
    results = {name: _result(name) for name in RESULTS}
    race, peers = results["race"], results["peers"]
    assert race is not None
    if peers is not None:
        runs = peer_runs(peers)
        peers["ranked"] = sorted(runs.items(), key=lambda one: -mean(run["test_accuracy"] for run in one[1]))
        for x, label in (("seconds", "seconds of training"), ("parameters", "parameters")):
            _draw(runs, x, label, root / "docs" / "benchmarks" / f"{x}.svg")
    parameters = {name: recipe.parameters for name, recipe in recipes.RECIPES.items()}
    text = fill("benchmarks", **results, ours=OURS, parameters=parameters)
    (root / "docs" / "benchmarks.md").write_text(text, encoding="utf-8")
    path = root / "src" / "digitry" / "recipes" / "measured.json"
    known = json.loads(path.read_text(encoding="utf-8")) | measured(race)
    path.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
    evidence_page.main(root)


def _result(name: str) -> dict[str, Any] | None:
    path = ROOT / "results" / f"{name}.json"
    if not path.is_file():
        return None
    found = dict(json.loads(path.read_text(encoding="utf-8")))
    if "versions" in found:
        found["versions"] = {"tensorflow-cpu": None, "tensorflow": None, **found["versions"]}
    return found


def peer_runs(peers: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return everything that was trained, including `champion`: its runs, each with its number of parameters."""
    runs = {name: group for name, group in peers["runs"].items() if group} | {"champion": champion_runs()}
    for name, group in runs.items():
        for run in group:
            run.setdefault("parameters", recipes.get(name).parameters if name in recipes.names() else 0)
    return runs


def champion_runs() -> list[dict[str, Any]]:
    """Return seconds and accuracy of every seed, as measured by bench/reproduce.py."""
    files = sorted((ROOT / "results" / "reproduce").glob("champion-seed*.json"))
    runs = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    accuracies = [run["judged"][-1]["scores"]["test"]["accuracy"] for run in runs]
    seconds = map(training_seconds, runs)
    return [{"seconds": a, "test_accuracy": b} for a, b in zip(seconds, accuracies, strict=True)]


def _draw(runs: dict[str, list[dict[str, Any]]], x: str, label: str, path: Path) -> None:
    """Plot errors against cost: lower and further left is better."""
    from digitry.pages import charts
    from digitry.pages.style import BLUE, MUTED, to_svg

    with charts.styled():
        figure, (axes,) = charts.new_figure(3.6)
        for name, group in runs.items():
            here, errors = median(run[x] for run in group), 100 - 100 * mean(run["test_accuracy"] for run in group)
            own = name in recipes.names()
            axes.plot([max(here, 0.01)], [errors], "o", color=BLUE if own else MUTED, markersize=7 if own else 5)
            axes.annotate(
                name.removeprefix("scikit-learn "),
                (max(here, 0.01), errors),
                xytext=(6, 3),
                textcoords="offset points",
                fontsize=8,
                color=BLUE if own else MUTED,
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.margins(x=0.18, y=0.12)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: charts.plain_number(value))
        axes.yaxis.set_minor_formatter(lambda value, _: charts.plain_number(round(value, 3)))
        axes.tick_params(axis="y", which="minor", labelsize=7)
        axes.set_title("Errors on the test split, %")
        axes.set_xlabel(label)
    path.parent.mkdir(exist_ok=True)
    path.write_text(to_svg(figure), encoding="utf-8")


def measured(race: dict[str, Any]) -> dict[str, Any]:
    """Return the figures that `digitry recipes` shows for our recipes."""
    return {
        name: {
            "seeds": len(race[name]["runs"]),
            "epochs": recipes.get(name).settings.epochs,
            "test_accuracy_mean": race[name]["test_accuracy_mean"],
            "test_accuracy_sd": race[name]["test_accuracy_sd"],
            "seconds_mean": round(mean(run["seconds"] for run in race[name]["runs"]), 1),
            "processor": race["hardware"]["processor"],
            "threads": race["hardware"]["cores"],
        }
        for name in OURS
    }


if __name__ == "__main__":
    main()
