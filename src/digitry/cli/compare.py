"""`digitry compare`: lay runs side by side and say whether they differ by more than chance."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from digitry.evaluation.comparison import Comparison

_PLAIN_WIDTH = 120
"""Characters per line if there is no terminal to ask."""


@click.command("compare")
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...", type=click.Path(path_type=Path))
@click.option("--split", default="test", show_default=True, metavar="NAME", help="train, validation or test.")
@click.option("--data", metavar="DATASET|PATH", help="Other data than what the runs were trained on.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a page too, with their curves.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON and nothing else.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    runs: tuple[Path, ...], split: str, data: str | None, html: Path | None, as_json: bool, quiet: bool
) -> None:
    """Lay runs side by side: is the difference more than chance?

    Every pair is tested by McNemar's exact test on the images that only one of the two reads right.
    """
    from digitry.cli.progress import Bar
    from digitry.evaluation.comparison import compare

    if html is not None:
        from digitry.files import PAGE_SUFFIXES, check_file_place
        from digitry.packages import need

        need("matplotlib", by="the page of a comparison")
        check_file_place(html, *PAGE_SUFFIXES)
    with Bar(quiet=quiet) as progress:
        comparison = compare(runs, split=split, data=data, progress=partial(progress, "reading images"))
    if html is not None:
        from digitry.evaluation.comparison_page import comparison_page
        from digitry.pages.html import write_page

        write_page(comparison_page(comparison), html)
    if as_json:
        import json

        click.echo(json.dumps(comparison.to_json(), allow_nan=False))
        return
    _print(comparison)
    if html is not None:
        click.echo(f"Page: {html}")


_CURVE_COLOURS = ("cyan", "yellow", "magenta", "green", "blue", "red")


def _print_curves(comparison: Comparison, console: Console) -> None:
    """Draw validation accuracy after each epoch, one curve per run, if all have some epochs of it."""
    from rich.text import Text

    from digitry.runs import Run
    from digitry.training.chart import braille_chart

    histories = [Run.open(one.folder).history for one in comparison.runs]
    curves = [[line["val_accuracy"] for line in history if "val_accuracy" in line] for history in histories]
    if min(map(len, curves)) < 2:
        return
    rows, low, high = braille_chart(curves, width=64, height=8)
    text = Text("validation accuracy after each epoch\n")
    for number, row in enumerate(rows):
        text.append(f"{high:8.2%} " if number == 0 else f"{low:8.2%} " if number == len(rows) - 1 else " " * 9)
        for character, curve in row:
            text.append(character, style=_CURVE_COLOURS[curve % len(_CURVE_COLOURS)] if curve >= 0 else "")
        text.append("\n")
    for number, one in enumerate(comparison.runs):
        text.append(f"{' ' * 9}⠒ {one.name}\n", style=_CURVE_COLOURS[number % len(_CURVE_COLOURS)])
    console.print(text)


def _print(comparison: Comparison) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from digitry.pages.number_words import interval, percent

    terminal = sys.stdout.isatty()
    console = Console(highlight=False, markup=False, width=None if terminal else _PLAIN_WIDTH)
    console.print(
        f"{len(comparison.runs)} runs on {comparison.images:,} {comparison.split} images of {comparison.data_name}"
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("run", overflow="fold")
    table.add_column("recipe")
    for name in ("params", "accuracy", "95% interval", "errors", "loss", "ECE"):
        table.add_column(name, justify="right")
    for one in comparison.runs:
        table.add_row(
            one.name,
            one.recipe,
            "–" if one.parameters is None else f"{one.parameters:,}",
            percent(one.scores.accuracy),
            interval(one.scores.interval),
            f"{one.scores.error_count:,}",
            f"{one.scores.nll:.4f}",
            f"{one.scores.ece:.4f}",
        )
    console.print(table)
    _print_curves(comparison, console)
    for pair in comparison.pairs:
        console.print(pair.sentence, soft_wrap=not terminal)
    corrected = ", p after Holm's correction" if len(comparison.pairs) > 1 else ""
    console.print(
        f"(McNemar's exact test{corrected}. It allows for the choice of images, not for the luck of the seed: to "
        "judge recipes, compare several seeds.)",
        soft_wrap=not terminal,
    )
