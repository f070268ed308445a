"""results/reproduce/*.json → docs/results.md and the figures that `digitry recipes` shows. Generated, never typed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from digitry import recipes
from digitry.backend import PLAIN_TORCH

Run = dict[str, Any]

TRAIN_JUDGED = "train accuracy, judged after training"
TRAIN_SHOWN = "train accuracy, as fit's progress bar shows it"

TARGETS = {"tiny": "reproduce-small", "small": "reproduce-small", "champion": "reproduce-champion"}
"""What trains our own recipes."""

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
"""A published figure is one run: up to so many standard deviations are called chance."""


def write_page(results: Path, root: Path) -> None:
    """Write the page and src/digitry/recipes/measured.json from whatever runs are there."""
    runs: dict[str, list[Run]] = {}
    for path in sorted(results.glob("*.json")):
        run = json.loads(path.read_text())
        runs.setdefault(run["recipe"], []).append(run)
    ordered = {name: runs[name] for name in recipes.names() if name in runs}
    fashion = [json.loads(path.read_text()) for path in sorted((results / FASHION).glob("*.json"))]
    (root / "docs" / "results.md").write_text(_page(ordered, fashion), encoding="utf-8")
    _fill_readme(root / "README.md", ordered)
    measured = {name: _measured(group) for name, group in ordered.items()}
    path = root / "src" / "digitry" / "recipes" / "measured.json"
    known = json.loads(path.read_text(encoding="utf-8"))  # bench/benchmarks_page.py writes there too
    path.write_text(json.dumps(known | measured, indent=2) + "\n", encoding="utf-8")


def _fill_readme(readme: Path, runs: dict[str, list[Run]]) -> None:
    """Put the short table between the two marks in the README."""
    lines = ["| recipe | parameters | epochs | test accuracy | published | seconds of training |"]
    lines.append("|---|---:|---:|---:|---:|---:|")
    for name, group in runs.items():
        recipe, measured = recipes.get(name), _measured(group)
        if recipe.source == "digitry":
            continue  # ours stand in the table that bench/benchmarks_page.py writes
        published = recipe.published.get("test_accuracy")
        shown = f"{published:.2%}" if published else "> 96%" if "test_accuracy_above" in recipe.published else "–"
        accuracies = [run["judged"][-1]["scores"]["test"]["accuracy"] for run in group]
        lines.append(
            f"| `{name}` | {recipe.parameters:,} | {measured['epochs']} | {mean_sd(accuracies)} | {shown} | "
            f"{measured['seconds_mean']:,.0f} |"
        )
    start, end = "<!-- results: written by bench/results_page.py -->", "<!-- end of results -->"
    head, rest = readme.read_text(encoding="utf-8").split(start)
    tail = rest.split(end)[1]
    readme.write_text(head + "\n".join([start, *lines, end]) + tail, encoding="utf-8")


def _measured(group: list[Run]) -> dict[str, Any]:
    accuracies = [run["judged"][-1]["scores"]["test"]["accuracy"] for run in group]
    return {
        "seeds": len(group),
        "epochs": group[0]["judged"][-1]["epochs"],
        "test_accuracy_mean": round(mean(accuracies), 6),
        "test_accuracy_sd": round(_sd(accuracies), 6),
        "seconds_mean": round(mean(map(training_seconds, group)), 1),
        "processor": group[0]["hardware"]["processor"],
        # Ours are trained two at once.
        "threads": 1 if group[0]["recipe"] in TARGETS else group[0]["hardware"]["cores"],
    }


def training_seconds(run: Run) -> float:
    """Of all epochs together: without imports, loading and the report."""
    return sum(line["seconds"] for line in run["history"])


def _page(runs: dict[str, list[Run]], fashion: list[Run]) -> str:
    first = next(iter(runs.values()))[0]
    dates = sorted(run["created"][:10] for group in runs.values() for run in group)
    hardware, versions = first["hardware"], first["versions"]
    lines = [
        "# Results",
        "",
        "Written by `python -m bench reproduce` from the files in `results/reproduce/`; do not edit.",
        "",
        f"Measured {dates[0]}{' to ' + dates[-1] if dates[-1] != dates[0] else ''} on {hardware['processor']}, "
        f"{hardware['cores']} cores, {hardware['system']}; Python {versions['python']}, Keras {versions['keras']}, "
        f"TensorFlow {versions.get('tensorflow-cpu', versions.get('tensorflow', '–'))}; our own by Torch (remarks). "
        "Mean ± standard deviation over the seeds. The test split was opened after training, for these figures alone.",
        "",
        "## Accuracy beside what was published",
        "",
        "| recipe | epochs | seeds | train accuracy | test accuracy | errors of 10,000 | test loss | published | "
        "published − measured |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for name, group in runs.items():
        lines += [_accuracy_row(name, group, index) for index in range(len(group[0]["judged"]))]
    lines += [
        "",
        "The last column is the published test accuracy minus ours, in percentage points, and its distance in "
        "standard deviations of one run. A published figure is one run of its authors: up to about two standard "
        "deviations is what chance explains.",
        "",
    ]
    lines += _other_published(runs)
    lines += _without_doubtful(runs)
    lines += _on_fashion(fashion)
    lines += [
        "## Time and memory",
        "",
        "| recipe | seconds per epoch (median) | fastest – slowest | whole run, seconds | processor seconds | "
        "peak memory, MiB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, group in runs.items():
        seconds = [line["seconds"] for run in group for line in run["history"]]
        whole = [run["judged"][-1]["train_seconds"] for run in group]
        processor = [sum(part["processor_seconds"] for part in run["judged"]) for run in group]
        memory = [run["peak_memory_mib"] for run in group]
        lines.append(
            f"| `{name}` | {median(seconds):.2f} | {min(seconds):.2f} – {max(seconds):.2f} | {mean(whole):,.0f} ± "
            f"{_sd(whole):,.0f} | {mean(processor):,.0f} ± {_sd(processor):,.0f} | {max(memory):,} |"
        )
    lines += [
        "",
        "A whole run is from loading the data to the written report, imports of Keras included. Seconds per epoch are "
        "of the wall clock and contain the validation pass; where the machine had other work at the same time, "
        "processor seconds are the fairer figure. Peak memory is of the whole process, judging included. Train "
        "accuracy is over the images a recipe trains on: 54,000 where a tenth is held back, else 60,000.",
        "",
        "## Remarks",
        "",
    ]
    for name, group in runs.items():
        lines.append(f"- `{name}`: {' '.join(_remarks(name, group))}")
    return "\n".join(lines) + "\n"


def _accuracy_row(name: str, group: list[Run], index: int) -> str:
    judged = [run["judged"][index] for run in group]
    epochs = judged[0]["epochs"]
    train = [part["scores"]["train"]["accuracy"] for part in judged]
    test = [part["scores"]["test"]["accuracy"] for part in judged]
    errors = [part["scores"]["test"]["error_count"] for part in judged]
    loss = [part["scores"]["test"]["loss"] for part in judged]
    published = recipes.get(name).published
    last = index == len(group[0]["judged"]) - 1
    shown, distance = "–", "–"
    if last and "test_accuracy" in published:
        shown, distance = f"{published['test_accuracy']:.2%}", _distance(published["test_accuracy"], test)
    elif last and "test_accuracy_above" in published:
        bound = published["test_accuracy_above"]
        shown, distance = f"> {bound:.0%}", "holds for every seed" if min(test) > bound else "does not hold"
    return (
        f"| `{name}` | {epochs} | {len(group)} | {mean_sd(train)} | **{mean_sd(test)}** | {mean(errors):.1f} ± "
        f"{_sd(errors):.1f} | {mean(loss):.4f} ± {_sd(loss):.4f} | {shown} | {distance} |"
    )


def _published_figures(name: str, group: list[Run]) -> list[tuple[str, list[float], float]]:
    """(what it is, our values, the published value) for every published figure but lower bounds."""
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
    return abs(published - mean(values)) / (_sd(values) or math.inf)


def _remarks(name: str, group: list[Run]) -> list[str]:
    """Every difference from a published figure, explained from the numbers."""
    if recipes.get(name).source == "digitry":
        trainer = group[0].get("trainer", PLAIN_TORCH)
        version = f" {group[0]['versions']['torch']}" if trainer == PLAIN_TORCH else ""
        command = f"python -m bench {TARGETS[name]}"
        return [f"Ours, by {trainer}{version}; `{command}` trains two networks at once, each on one thread."]
    figures = _published_figures(name, group)
    by_name = {shown: _deviations(theirs, values) for shown, values, theirs in figures}
    remarks = []
    if TRAIN_JUDGED in by_name:
        judged, bar = by_name.pop(TRAIN_JUDGED), by_name.pop(TRAIN_SHOWN)
        nearer, further = (TRAIN_JUDGED, TRAIN_SHOWN) if judged <= bar else (TRAIN_SHOWN, TRAIN_JUDGED)
        remarks.append(
            f"the published training accuracy is {min(judged, bar):.1f} sd from our {nearer}, {max(judged, bar):.1f} "
            f"sd from our {further}, so the first is most likely what was measured (the bar shows a mean over the "
            "epoch, while the weights still move);"
        )
    far = [f"{shown} ({distance:.1f} sd)" for shown, distance in by_name.items() if distance > CHANCE_SD]
    if far:
        remarks.append(f"further from ours than chance explains: {', '.join(far)};")
    elif by_name:
        remarks.append(f"no difference beyond chance in {', '.join(by_name)};")
    if not figures:
        remarks.append("its authors print no figure to compare with;")
    seconds = [line["seconds"] for run in group for line in run["history"][1:]]
    if max(seconds) > 2 * min(seconds):
        remarks.append("its slowest epoch took more than twice its fastest: the machine had other work at that time;")
    text = " ".join(remarks)
    return [text[0].upper() + text[1:].rstrip(";") + "."]


def _other_published(runs: dict[str, list[Run]]) -> list[str]:
    """Rows for published figures that are not the test accuracy."""
    rows = []
    for name, group in runs.items():
        for shown, values, theirs in _published_figures(name, group):
            if shown != "test accuracy":
                is_loss = shown.endswith("loss")
                ours = f"{mean(values):.4f} ± {_sd(values):.4f}" if is_loss else mean_sd(values)
                published = f"{theirs:.4f}" if is_loss else f"{theirs:.2%}"
                cells = [f"`{name}`", shown, ours, f"{min(values):.4f} – {max(values):.4f}", published]
                rows.append(f"| {' | '.join(cells)} | {_deviations(theirs, values):.1f} sd |")
    if not rows:
        return []
    head = ["## Other published figures", "", "| recipe | figure | measured | range | published | distance |"]
    return [*head, "|---|---|---:|---:|---:|---:|", *rows, ""]


def _without_doubtful(runs: dict[str, list[Run]]) -> list[str]:
    """The test accuracy again, without the fifteen labels that people doubt, where that was measured."""
    rows = []
    for name, group in runs.items():
        less = [run["judged"][-1].get("test_without_doubtful") for run in group]
        if all(less):
            accuracies = [1 - one["error_count"] / (10_000 - one["left_out"]) for one in less]
            errors = [one["error_count"] for one in less]
            rows.append(f"| `{name}` | {mean_sd(accuracies)} | {mean(errors):.1f} ± {_sd(errors):.1f} of 9,985 |")
    if not rows:
        return []
    head = ["## Without the fifteen doubtful labels", "", "| recipe | test accuracy | errors |", "|---|---:|---:|"]
    return [*head, *rows, ""]


def _on_fashion(runs: list[Run]) -> list[str]:
    """Fashion-MNIST, with nothing changed but the data, among the README's list."""
    if not runs:
        return []
    accuracies = [run["judged"][-1]["scores"]["test"]["accuracy"] for run in runs]
    parameters = recipes.get(runs[0]["recipe"]).parameters
    epochs = runs[0]["judged"][-1]["epochs"]
    seeds = "one seed" if len(runs) == 1 else f"{len(runs)} seeds"
    ours = f"**`{runs[0]['recipe']}`, {parameters:,} parameters, {epochs} epochs, {seeds}**"
    table = {**{f"{name} (its README's list)": value for name, value in FASHION_LIST.items()}, ours: mean(accuracies)}
    return [
        "## On Fashion-MNIST, with nothing changed but the data",
        "",
        "| | test accuracy |",
        "|---|---:|",
        *(
            f"| {name} | {f'**{mean_sd(accuracies)}**' if name == ours else f'{value:.1%}'} |"
            for name, value in sorted(table.items(), key=lambda row: -row[1])
        ),
        "",
    ]


def _distance(published: float, values: list[float]) -> str:
    difference = published - mean(values)
    spread = _sd(values)
    within = f"{abs(difference) / spread:.1f} sd" if spread else "–"
    inside = "inside" if min(values) <= published <= max(values) else "outside"
    return f"{100 * difference:+.2f} points, {within}, {inside} the range of our seeds"


def mean_sd(shares: list[float]) -> str:
    """ "99.14 ± 0.09%", or "99.14%" where there is no spread."""
    spread = f" ± {100 * stdev(shares):.2f}" if len(set(shares)) > 1 else ""
    return f"{100 * mean(shares):.2f}{spread}%"


def _sd(values: list[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0
