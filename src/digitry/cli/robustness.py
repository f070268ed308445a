"""`digitry robustness`: how well does a model read what it was not made on?"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from digitry.evaluation.robustness import Robustness

PARTS = ("mnist", "corruptions", "photographs", "numbers", "open_set")


@click.command("robustness", short_help="Show a model photographs, corruptions and what is no digit.")
@click.argument("model", metavar="[RUN|FILE.onnx]", required=False)
@click.option("--beside", metavar="RUN|FILE.onnx", help="A second model, for the corruptions.")
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), help="Only this part; may be repeated.")
@click.option("--quick", is_flag=True, help="A tenth of the pictures, for a first look.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes. [default: one a core]")
@click.option("--json", "as_json", is_flag=True, help="All figures as one JSON object, nothing else.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    model: str | None,
    beside: str | None,
    parts: tuple[str, ...],
    quick: bool,
    jobs: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Show a model MNIST's test digits in ways they were not made, and things that are no digit at all.

    Five parts: mnist (as arrays, and as PNG files), corruptions (fifteen, after MNIST-C), photographs of digits,
    numbers (photographs of numbers and of lists), open_set (blank paper, noise, clothes, letters, signs, scribbles,
    shapes). Everything takes about a quarter of an hour on two cores, --quick two minutes; the same pictures every
    time. The model is the one that comes with digitry unless you name one.
    """
    from digitry.cli.progress import Bar
    from digitry.evaluation.robustness import robustness

    with Bar(quiet=quiet) as progress:
        result = robustness(
            model,
            beside=beside,
            parts=parts or PARTS,
            quick=quick,
            jobs=jobs or _cores(),
            progress=progress,
        )
    for name, reason in result.left_out.items():
        click.echo(f"digitry: {name} is left out: {reason}", err=True)
    if as_json:
        click.echo(json.dumps(result.to_json(), allow_nan=False))
    else:
        click.echo("\n\n".join("\n".join(block) for block in _blocks(result)))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _blocks(result: Robustness) -> list[list[str]]:
    parts = result.parts
    blocks = [
        [
            f"{result.model or 'the networks that come with digitry'}, beside {result.beside}"
            if result.beside
            else result.model or "The networks that come with digitry"
        ]
    ]
    rows = []
    if "mnist" in parts:
        rows.append(("MNIST test, as arrays", parts["mnist"]["arrays"]))
        rows.append(("MNIST test, as PNG files", parts["mnist"]["pictures"]))
    if "photographs" in parts:
        rows.append(("photographs of a digit", parts["photographs"]))
    if "numbers" in parts:
        rows.append(("photographs of a number", parts["numbers"]["numbers"]))
        rows.append(("numbers in photographed lists", parts["numbers"]["lists"]))
    if rows:
        blocks.append(
            _table(
                ["", "shown", "right", "95% interval", "sure", "right when sure"], [_reading_row(*row) for row in rows]
            )
        )
    if "corruptions" in parts:
        blocks.append(_corruptions(parts["corruptions"]))
    if "open_set" in parts:
        blocks.append(_open_set(parts["open_set"]))
    return blocks


def _reading_row(name: str, one: dict[str, Any]) -> list[str]:
    count = one.get("images") or one.get("pictures") or one["numbers"]
    ends = one.get("accuracy_interval_95")
    return [
        name,
        f"{count:,}",
        _percent(one["accuracy"], 2),
        " – ".join(_percent(end) for end in ends) if ends else "–",
        _percent(one.get("sure")),
        _percent(one.get("right_when_sure"), 2),
    ]


def _corruptions(part: dict[str, Any]) -> list[str]:
    others = [who for who in part["mean_error"] if who != "reader"]
    head = ["wrong after", "arrays", "pictures", "sure", "right when sure"]
    rows = []
    for name, one in [*part["corruptions"].items(), ("mean", part["mean_error"])]:
        reader = one["reader"]
        row = [name, _percent(reader["arrays"]), _percent(reader["pictures"])]
        row += [_percent(reader.get("sure")), _percent(reader.get("right_when_sure"))]
        rows.append(row + [_percent(one[who][way]) for who in others for way in ("arrays", "pictures")])
    lines = _table(head + [f"{who}, {way}" for who in others for way in ("arrays", "pictures")], rows)
    ratios = part.get("mean_corruption_error")
    if ratios:
        lines.append(
            f"error beside the other model's, on average: {_percent(ratios['arrays'])} on arrays, "
            f"{_percent(ratios['pictures'])} on pictures"
        )
    return lines


def _open_set(part: dict[str, Any]) -> list[str]:
    digit, page = part["digit"], part["page"]
    rows = [
        [
            name,
            f"{one['pictures']:,}",
            _percent(one["refused_at_99"]),
            _percent(one["not_sure"]),
            _percent(page["sets"][name]["not_sure"]),
        ]
        for name, one in digit["sets"].items()
    ]
    lines = _table(["what is no digit", "pictures", "refused", "not sure", "not sure, as a page"], rows)
    return [*lines, f"refused: below the confidence {digit['threshold']:.3f}, which 99% of the digits reach"]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table, the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, *rows]
    ]


def _percent(share: float | None, places: int = 1) -> str:
    return "–" if share is None else f"{100 * share:.{places}f}%"
