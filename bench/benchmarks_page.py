"""Put what the benchmarks measured where people look: docs/benchmarks.md, the README's table, `digitry recipes`.

python bench/benchmarks_page.py

Reads what these leave in results/: `python -m bench` train (race.json, cold_start.json) and, where they are there,
inference, exports, peers, serve and page. `champion` stands beside the peers with what results/reproduce/ says of it.
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean, median
from typing import Any

from digitry import recipes
from results_page import mean_sd, training_seconds
from serving_section import serving_section

ROOT = Path(__file__).parent.parent
OURS = ("quick", "balanced")
START, END = "<!-- race: written by bench/benchmarks_page.py -->", "<!-- end of race -->"


def main(root: Path = ROOT) -> None:
    """Write the page with its pictures, and the figures for the README and `digitry recipes`, below `root`."""
    race = _result("race")
    assert race is not None
    sections = [race_section(race, _result("cold_start"))]
    for name, section in (("inference", inference_section), ("exports", exports_section)):
        found = _result(name)
        if found is not None:
            sections.append(section(found))
    peers = _result("peers")
    if peers is not None:
        sections.append(peers_section(peers, root / "docs" / "benchmarks"))
    serve = _result("serve")
    if serve is not None:
        sections.append(serving_section(serve, _result("page"), _surroundings(serve)))
    intro = "# Benchmarks\n\n<!-- written by bench/benchmarks_page.py from the files in results/ -->\n\n"
    (root / "docs" / "benchmarks.md").write_text(intro + "\n".join(sections), encoding="utf-8")
    path = root / "src" / "digitry" / "recipes" / "measured.json"
    known = json.loads(path.read_text(encoding="utf-8")) | measured(race)
    path.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
    readme = root / "README.md"
    head, rest = readme.read_text(encoding="utf-8").split(START)
    readme.write_text(head + "\n".join([START, *own_table(race, known), END]) + rest.split(END)[1], encoding="utf-8")


def own_table(race: dict[str, Any], known: dict[str, Any]) -> list[str]:
    """Our recipes in a few columns, below what the tutorials' network takes to its first 99%; all by training alone."""
    keras = mean(run["seconds"] for run in race["keras_cnn_to_99"])
    lines = [
        "| training | parameters | seconds of training, mean | on cores | test accuracy | seeds |",
        "|---|---:|---:|---:|---:|---:|",
        f"| the tutorials' `cnn` in plain Keras, until it first has 99.0% | {recipes.get('cnn').parameters:,} | "
        f"{keras:.0f} | {race['hardware']['cores']} | – | {len(race['keras_cnn_to_99'])} |",
    ]
    for name, recipe in recipes.RECIPES.items():
        if recipe.source == "digitry" and name in known:
            one = known[name]
            seconds, accuracy = one["seconds_mean"], 100 * one["test_accuracy_mean"]
            lines.append(
                f"| `digitry train {name}` | {recipe.parameters:,} | {seconds:,.{0 if seconds > 10 else 1}f} | "
                f"{one['threads']} | "
                f"{accuracy:.2f} ± {100 * one['test_accuracy_sd']:.2f}% | {one['seeds']} |"
            )
    return lines


def _result(name: str) -> dict[str, Any] | None:
    path = ROOT / "results" / f"{name}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def _surroundings(result: dict[str, Any]) -> str:
    """ "By `make x` on 2026-11-21: 2 cores of an AMD EPYC" """
    hardware = result["hardware"]
    return (
        f"By `{result['command']}` on {result['created'][:10]}: {hardware['cores']} cores of an {hardware['processor']}"
    )


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


def race_section(race: dict[str, Any], cold_start: dict[str, Any] | None) -> str:
    """The race to 99%: ours beside the tutorials' network."""
    versions, quick = race["versions"], race["quick"]
    rounds = "; ".join(f"`{name}` {', '.join(f'{ratio:.1f}' for ratio in race[name]['ratios'])}" for name in OURS)
    typed = ""
    if cold_start is not None:
        typed = (
            "The whole command `digitry train quick`, from the shell to the report and the ONNX file, data in the "
            f"cache: {_range(cold_start['seconds'])} s over {len(cold_start['seconds'])} seeds.\n"
        )
    return RACE.format(
        cold_start=typed,
        surroundings=_surroundings(race),
        keras=versions["keras"],
        tensorflow=versions.get("tensorflow-cpu") or versions.get("tensorflow"),
        torch=versions["torch"],
        table="\n".join(table(race)),
        count=len(race["keras_cnn_to_99"]),
        rounds=rounds,
        seeds=len(quick["runs"]),
        below=quick["below_98_9"] or "none",
    )


RACE = """## The race to 99%

{surroundings}, Keras {keras}, TensorFlow {tensorflow}, Torch {torch}.

{table}

Counted is training alone, from arrays in memory to trained weights: tracing and compiling included, imports and the
look at the test split excluded, ours with its run folder and checkpoints. Plain Keras is stopped at the first epoch
with 99.0% on test, its luckiest moment; ours run to their end, and every seed counts. It trains on 54,000 images, as
the tutorials do, ours on all 60,000. "Times as fast" is the median of the ratios of {count} interleaved rounds:
{rounds}.

{cold_start}
Of {seeds} seeds of `quick` {below} end below 98.9%. Both recipes were chosen by training on 54,000 images and judging
on the last 6,000 ([decision 7](decisions/0007-plain-torch.md)); the test split was opened once a seed, for this table.
"""


def inference_section(inference: dict[str, Any]) -> str:
    """How fast a trained network answers, engine by engine."""
    versions, what = inference["versions"], {"cnn": "the tutorials' `cnn`", "shipped": "the shipped digit network"}
    parts = [
        "## Answers",
        "",
        f"{_surroundings(inference)}, ONNX Runtime {versions['onnxruntime']}, TensorFlow "
        f"{versions.get('tensorflow-cpu') or versions.get('tensorflow')}. Each figure is the median of "
        f"{inference['rounds']} rounds, in which every engine had its turn in a process of its own. `digitry` is "
        "`Reader.read_digits`, which takes the uint8 images of a dataset; all others get theirs prepared.",
        "",
    ]
    for network, name in what.items():
        parts += [
            f"**{name[0].upper() + name[1:]}**",
            "",
            "| engine | threads | one digit, µs: p50 | p99 | digits/s: batch 1 | 64 | 1,024 |",
            "|---|---:|---:|---:|---:|---:|---:|",
        ]
        for row in inference["figures"]:
            if row["network"] == network:
                one, some, many = (row["batches"][batch] for batch in ("1", "64", "1024"))
                parts.append(
                    f"| {row['engine']} | {row['threads']} | {one['p50_us']:,.0f} | {one['p99_us']:,.0f} | "
                    f"{one['digits_per_s']:,.0f} | {some['digits_per_s']:,.0f} | {many['digits_per_s']:,.0f} |"
                )
        parts.append("")
    parts += [
        "| engine | import, s | first answer after that, s | installed with all it needs, MB |",
        "|---|---:|---:|---:|",
    ]
    for row in inference["figures"]:
        if row["network"] == "shipped" and row["threads"] == 1:
            size = inference["installed_mb"][row["engine"]]
            parts.append(f"| {row['engine']} | {row['import_s']:.2f} | {row['first_answer_s']:.2f} | {size:,} |")
    parts.append("")
    for network, name in what.items():
        one, some = (inference["overhead_of_digitry"][network][batch] for batch in ("1", "64"))
        parts.append(
            f"Call by call in turn, {name}, one thread: `digitry` adds {one['added_us']:.0f} µs to ONNX Runtime's "
            f"own {one['onnxruntime_us']:.0f} for a digit, and {some['added_us'] / some['onnxruntime_us']:.1%} for 64."
        )
    return "\n".join([*parts, ""])


def exports_section(exports: dict[str, Any]) -> str:
    """The same networks in every format."""
    rows = next(iter(exports["recipes"].values()))
    parts = [
        "## One network, every format",
        "",
        f"{_surroundings(exports)}; seed 0 of each recipe. A file is written only if its labels are those of Keras on "
        "all test images, and its probabilities within 0.0001; in 8 bits up to 50 other labels are allowed. The last "
        "columns are the time of one digit by itself, by ONNX Runtime on one thread. The date is that of the recipe "
        "measured last.",
        "",
        f"| bytes | {' | '.join(f'`{form}`' for form in rows)} | other labels in 8 bits | accuracy: 8 bits, Keras | "
        "one digit, µs: p50, p99 | in 8 bits |",
        f"|---|{'---:|' * (len(rows) + 4)}",
    ]
    for recipe, formats in exports["recipes"].items():
        sizes = [f"{one['bytes']:,}" if "bytes" in one else "–" for one in formats.values()]
        int8 = formats["onnx-int8"]
        judged = ["–", "–"]
        if "bytes" in int8:
            judged = [f"{int8['labels_differing']}", f"{int8['accuracy']:.2%}, {int8['keras_accuracy']:.2%}"]
        for one in (formats["onnx"], int8):
            judged.append(f"{one['p50_us']:,.0f}, {one['p99_us']:,.0f}" if "p50_us" in one else "–")
        parts.append(f"| `{recipe}` | {' | '.join([*sizes, *judged])} |")
    for recipe, formats in exports["recipes"].items():
        for form, one in formats.items():
            if "not_written" in one:
                parts += ["", f"`{recipe}` is not written as `{form}`: {one['not_written']}."]
    return "\n".join([*parts, ""])


def peers_section(peers: dict[str, Any], pictures: Path) -> str:
    """Seconds and accuracy of everything, the most accurate first, and two pictures in that folder."""
    runs = {name: group for name, group in peers["runs"].items() if group} | {"champion": champion_runs()}
    for name, group in runs.items():
        for run in group:
            run.setdefault("parameters", recipes.get(name).parameters if name in recipes.names() else 0)
    spread = {name: mean_sd([run["test_accuracy"] for run in group]) for name, group in runs.items()}
    parts = [
        "## Beside its peers",
        "",
        f"{_surroundings(peers)}. Seconds of training, from arrays in memory, imports excluded; one process each, in "
        "turn, a seed a round. Parameters of neighbours and support vectors are the numbers that must be kept to "
        "answer, of trees their nodes; neighbours do all their work when they answer. The tutorial trains on 54,000 "
        "images, as its authors do; so do MLP and HistGradientBoosting, which hold back a tenth of 60,000 to know when "
        "to stop; all others learn from 60,000. An accuracy without a spread is that of every seed. `champion` is from "
        "`python -m bench reproduce-champion`: not in turn with the others, but on one thread beside another training.",
        "",
        "| | seeds | parameters | seconds, median (range) | test accuracy |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, group in sorted(runs.items(), key=lambda one: -mean(run["test_accuracy"] for run in one[1])):
        shown = f"**`{name}`**" if name in recipes.names() else name
        parts.append(
            f"| {shown} | {len(group)} | {group[0]['parameters']:,} | {_range([run['seconds'] for run in group])} | "
            f"{spread[name]} |"
        )
    for x, label in (("seconds", "seconds of training"), ("parameters", "parameters")):
        _draw(runs, x, label, pictures / f"{x}.svg")
        parts += ["", f"![Test errors against {label}, both on logarithmic axes](benchmarks/{x}.svg)"]
    return "\n".join([*parts, ""])


def champion_runs() -> list[dict[str, Any]]:
    """Seconds and accuracy of every seed, as bench/reproduce.py found them."""
    files = sorted((ROOT / "results" / "reproduce").glob("champion-seed*.json"))
    runs = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    accuracies = [run["judged"][-1]["scores"]["test"]["accuracy"] for run in runs]
    seconds = map(training_seconds, runs)
    return [{"seconds": a, "test_accuracy": b} for a, b in zip(seconds, accuracies, strict=True)]


def _draw(runs: dict[str, list[dict[str, Any]]], x: str, label: str, path: Path) -> None:
    """Errors of each against its cost: lower and further left is better."""
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
    """What `digitry recipes` shows of ours."""
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


def _range(values: list[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.1f}"
    return f"{median(values):.1f} ({min(values):.1f}–{max(values):.1f})"


if __name__ == "__main__":
    main()
