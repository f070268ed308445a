"""`digitry runs`: a leaderboard of run folders."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from digitry.evaluation.list_runs import RunList

_PLAIN_WIDTH = 160
"""Characters per line if there is no terminal to ask."""


@click.command("runs")
@click.argument("folder", default="runs", type=click.Path(path_type=Path))
@click.option(
    "--sort",
    default="validation",
    show_default=True,
    metavar="ORDER",
    help="validation, test, loss, seconds, size, created, run, recipe, data or seed.",
)
@click.option("--reverse", is_flag=True, help="Reverse the order.")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write it as a page too.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON and nothing else.")
def command(folder: Path, sort: str, reverse: bool, html: Path | None, as_json: bool) -> None:
    """List the runs below FOLDER, the best on validation first.

    Only settings that differ from the recipe's own are shown. The column for test is filled once digitry evaluate has
    opened the test set.
    """
    from digitry.evaluation.list_runs import RUNS, list_runs
    from digitry.files import PAGE_SUFFIXES, check_file_place

    if html is not None:
        check_file_place(html, *PAGE_SUFFIXES)
    found = list_runs(folder, sort=sort, reverse=reverse)
    for sentence in found.damaged:
        print(f"digitry: {sentence}", file=sys.stderr)
    if html is not None:
        from digitry.evaluation.run_list_page import run_list_page
        from digitry.pages.html import write_page

        write_page(run_list_page(found), html)
    if as_json:
        click.echo(json.dumps(found.to_json(), allow_nan=False))
        return
    if found.runs:
        _print(found)
    else:
        from digitry.packages import how_to_train

        where = "you have no runs yet" if folder == Path(RUNS) else f"no runs in {folder}"
        click.echo(f"{where}; make one: {how_to_train()}")
    if html is not None:
        click.echo(f"Page: {html}")


def _print(found: RunList) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from digitry.evaluation.run_list_page import COLUMNS, row

    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _PLAIN_WIDTH)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in COLUMNS:
        right = name in ("validation", "test", "seconds", "model", "seed")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for one in found.runs:
        table.add_row(*row(one))
    console.print(table)
