"""Put what the benchmarks measured where people look: docs/benchmarks.md, the README's table, `digitry recipes`.

python bench/benchmarks_page.py

Reads results/race.json (make bench-train); `bench/race.py` calls it when it is done.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

from digitry import recipes

ROOT = Path(__file__).parent.parent
OURS = ("quick", "balanced")
START, END = "<!-- race: written by bench/benchmarks_page.py -->", "<!-- end of race -->"


def main() -> None:
    race = json.loads((ROOT / "results" / "race.json").read_text(encoding="utf-8"))
    (ROOT / "docs" / "benchmarks.md").write_text(page(race), encoding="utf-8")
    readme = ROOT / "README.md"
    head, rest = readme.read_text(encoding="utf-8").split(START)
    readme.write_text(head + "\n".join([START, *table(race), END]) + rest.split(END)[1], encoding="utf-8")
    path = ROOT / "src" / "digitry" / "recipes" / "measured.json"
    known = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(known | measured(race), indent=2) + "\n", encoding="utf-8")


def table(race: dict[str, Any]) -> list[str]:
    """Seconds and accuracy of plain Keras and of ours, in Markdown."""
    keras = race["keras_cnn_to_99"]
    seconds, epochs = ([run[key] for run in keras] for key in ("seconds", "epochs"))
    lines = [
        "| training | parameters | seconds, median (range) | times as fast | test accuracy | lowest |",
        "|---|---:|---:|---:|---:|---:|",
        f"| the tutorials' `cnn`, plain Keras-TensorFlow, until it first has 99.0%: {min(epochs)} to {max(epochs)} "
        f"epochs | {recipes.get('cnn').parameters:,} | {_range(seconds)} | 1 | – | – |",
    ]
    for name in OURS:
        ours = race[name]
        accuracy = f"{100 * ours['test_accuracy_mean']:.2f} ± {100 * ours['test_accuracy_sd']:.2f}%"
        lines.append(
            f"| `digitry train {name}`, {len(ours['runs'])} seeds | {recipes.get(name).parameters:,} | "
            f"{_range([run['seconds'] for run in ours['runs']])} | {median(ours['ratios']):.1f} | {accuracy} | "
            f"{100 * ours['test_accuracy_lowest']:.2f}% |"
        )
    return lines


def page(race: dict[str, Any]) -> str:
    """All of docs/benchmarks.md."""
    hardware, versions, quick = race["hardware"], race["versions"], race["quick"]
    rounds = "; ".join(f"`{name}` {', '.join(f'{ratio:.1f}' for ratio in race[name]['ratios'])}" for name in OURS)
    return PAGE.format(
        date=race["created"][:10],
        machine=f"{hardware['cores']} cores of an {hardware['processor']}",
        keras=versions["keras"],
        tensorflow=versions.get("tensorflow-cpu") or versions.get("tensorflow"),
        torch=versions["torch"],
        table="\n".join(table(race)),
        count=len(race["keras_cnn_to_99"]),
        rounds=rounds,
        seeds=len(quick["runs"]),
        below=quick["below_98_9"] or "none",
    )


PAGE = """# Benchmarks

<!-- written by bench/benchmarks_page.py from results/race.json -->

By `make bench-train` on {date}: {machine}, Keras {keras}, TensorFlow {tensorflow}, Torch {torch}.

## The race to 99%

{table}

Counted is training alone, from arrays in memory to trained weights: tracing and compiling included, imports and the
look at the test split excluded, ours with its run folder and checkpoints. Plain Keras is stopped at the first epoch
with 99.0% on test, its luckiest moment; ours run to their end, and every seed counts. It trains on 54,000 images, as
the tutorials do, ours on all 60,000. "Times as fast" is the median of the ratios of {count} interleaved rounds:
{rounds}.

Of {seeds} seeds of `quick` {below} end below 98.9%. Both recipes were chosen by training on 54,000 images and judging
on the last 6,000 ([decision 7](decisions/0007-plain-torch.md)); the test split was opened once a seed, for this table.
"""


def measured(race: dict[str, Any]) -> dict[str, Any]:
    """What `digitry recipes` shows of ours."""
    return {
        name: {
            "seeds": len(race[name]["runs"]),
            "epochs": recipes.get(name).settings.epochs,
            "test_accuracy_mean": race[name]["test_accuracy_mean"],
            "test_accuracy_sd": race[name]["test_accuracy_sd"],
            "seconds_mean": round(sum(run["seconds"] for run in race[name]["runs"]) / len(race[name]["runs"]), 1),
            "processor": race["hardware"]["processor"],
            "cores": race["hardware"]["cores"],
        }
        for name in OURS
    }


def _range(values: list[float]) -> str:
    return f"{median(values):.1f} ({min(values):.1f}–{max(values):.1f})"


if __name__ == "__main__":
    main()
