"""`digitry explore`: show what is in a dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digitry.cli.derived_help import DerivedHelp, datasets
from digitry.cli.options import view_options, with_view

if TYPE_CHECKING:
    from digitry.exploration.explore import Exploration
    from digitry.exploration.facts import Facts

_MOST_ROWS = 30


@click.command(name="explore", cls=DerivedHelp, lists=datasets)
@click.argument("dataset", default="mnist")
@view_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the page and the pictures.  [default: explore-<dataset>]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON; draw only if --out is given.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    dataset: str,
    transpose: bool,
    rotate: str | None,
    invert: bool | None,
    out: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Show what is in DATASET: counts, classes, pixels, ink, duplicates, typical and odd examples.

    DATASET is a name ({datasets}) or the path of your own data.
    """
    from digitry.cli.progress import Bar
    from digitry.datasets.load import load_dataset
    from digitry.exploration.explore import explore
    from digitry.files import check_place, name_for_a_file
    from digitry.packages import need

    if out or not as_json:
        need("matplotlib", by="explore")
        check_place(out or Path.cwd())
    with Bar(quiet=quiet) as progress:
        loaded = load_dataset(with_view(dataset, transpose, rotate, invert), progress=progress)
        folder = out or (None if as_json else Path(f"explore-{name_for_a_file(loaded.name)}"))
        found = explore(loaded, out=folder, progress=progress)
    if as_json:
        click.echo(json.dumps(found.to_json(), allow_nan=False))
    else:
        _print(found)


def _print(found: Exploration) -> None:
    from rich.console import Console
    from rich.table import Table

    from digitry.exploration.explore_page import dataset_lead, key_figures
    from digitry.pages.style import safe_label

    facts = found.facts
    console = Console(highlight=False, markup=False, emoji=False)
    click.echo(f"{safe_label(facts.name, 60)}: {dataset_lead(facts)}\n")
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for row in key_figures(facts):
        table.add_row(*row)
    console.print(table, "")
    console.print(_class_table(facts))
    if len(facts.class_names) > _MOST_ROWS:
        console.print(f"… and {len(facts.class_names) - _MOST_ROWS} more classes; --json has them all.")
    if found.page is not None:
        # Printed without wrapping, since paths are copied and clicked.
        click.echo(
            f"\npage      {found.page}\npictures  {found.page.parent / '*.png'}, *.svg ({len(found.pictures)} files)"
        )


def _class_table(facts: Facts) -> object:
    from rich.table import Table

    from digitry.exploration.explore_page import class_table
    from digitry.pages.style import safe_label

    content = class_table(facts)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(content.columns):
        table.add_column(column, justify="left" if number == 0 else "right", no_wrap=True)
    for name, *values in content.rows[:_MOST_ROWS]:
        table.add_row(safe_label(str(name), 30), *(f"{v:,}" if isinstance(v, int) else str(v) for v in values))
    return table
