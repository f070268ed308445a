"""`digitry audit`: find the wrong labels of a dataset, and set them right."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digitry.cli.derived_help import DerivedHelp, datasets
from digitry.cli.options import refuse_beside, view_options, with_view

if TYPE_CHECKING:
    from digitry.auditing.audit import Audit
    from digitry.types import Dataset

SHOWN = 20


@click.command(name="audit", cls=DerivedHelp, lists=datasets)
@click.argument("dataset", default="mnist")
@view_options
@click.option("--split", default="train", show_default=True, help="Which labels are judged: train or test.")
@click.option(
    "--folds",
    type=click.IntRange(2, 100),
    is_flag=False,
    flag_value=10,
    metavar="[N]",
    help="Judge each of N parts of the split (10) by networks that never saw its images. Without this, only if "
    "that takes under two minutes, or the classes are not digits.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Fixes all that is random."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for page, list and table.  [default: audit-<dataset>-<split>]",
)
@click.option(
    "--apply",
    "table",
    metavar="TABLE.csv",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Do not audit: move the pictures of DATASET as the last column of this table says.",
)
@click.option(
    "--review",
    is_flag=True,
    help="Then show the page at an address on this machine, where each answer is saved into the table at once.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    dataset: str,
    transpose: bool,
    rotate: str | None,
    invert: bool | None,
    split: str,
    folds: int | None,
    seed: int,
    out: Path | None,
    table: Path | None,
    review: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Find the labels of DATASET that look wrong, the worst first.

    DATASET is a name ({datasets}) or the path of your own data. Digits are judged by the built-in model, in seconds;
    with --folds every label is judged by networks that were trained without its image, which takes minutes. Look-alikes
    with different labels, and images unlike their class, are listed too. An interrupted audit continues where it
    stopped.

    The page has a button for every class, and keys. With --review each answer goes into suspects.csv at once; otherwise
    you save that table from the page. For pictures of your own, then pass the table to --apply.
    """
    if table is not None:
        refuse_beside("--apply", "dataset", "table", "as_json", "quiet")
        _apply(Path(dataset), table, as_json)
        return
    from digitry.auditing.audit import audit
    from digitry.cli.progress import Bar
    from digitry.datasets.load import load_dataset
    from digitry.files import check_place
    from digitry.pages.number_words import about

    if folds is not None:
        from digitry.recipes.backend import backend_name

        backend_name(by="audit --folds")
    check_place(out or Path.cwd())
    with Bar(quiet=quiet) as progress:
        loaded = load_dataset(with_view(dataset, transpose, rotate, invert), progress=progress)
    began: list[float] = []

    def say(message: str) -> None:
        if not quiet:
            click.echo(f"digitry: {message}", err=True)

    def estimate(seconds: float) -> None:
        say(f"judging each label by networks that never saw its image: {about(seconds)}")

    def tell(fold: int, count: int) -> None:
        began.append(time.monotonic())
        left = ""
        if len(began) > 1:
            left = f", {about((began[-1] - began[0]) / (len(began) - 1) * (count - fold + 1))} left"
        say(f"fold {fold} of {count}{left}")

    found = audit(loaded, split=split, folds=folds, seed=seed, out=out, tell=tell, estimate=estimate, quiet=quiet)
    if found.folds_seconds:
        say(
            f"judged by the built-in model alone; networks that never saw the image judge better, in "
            f"{about(found.folds_seconds)}: add --folds"
        )
    if as_json:
        click.echo(json.dumps(found.to_json() | {"folder": str(found.folder)}))
    else:
        _print(found)
    if review:
        _review(found, loaded, as_json=as_json)


def _review(found: Audit, data: Dataset, *, as_json: bool) -> None:
    """Show the page until the user leaves."""
    from digitry.auditing.review import ReviewServer

    server = ReviewServer(found, data)
    click.echo(f"review {server.address}   (Ctrl-C when you are done)", err=as_json)
    server.serve()
    count = f"{server.answers:,} answer{'' if server.answers == 1 else 's'}"
    click.echo(f"\n{count} saved in {found.folder / 'suspects.csv'}", err=as_json)


def _print(found: Audit) -> None:
    from digitry.pages.number_words import confidence

    wrong = round(found.estimated_errors)
    click.echo(
        f"{found.dataset}, {found.split}: {found.images:,} labels, {len(found.suspects):,} suspects; about "
        f"{wrong:,} label{' is' if wrong == 1 else 's are'} wrong by confident learning\n"
    )
    images = [one.where for one in found.suspects[:SHOWN]]
    wide = max(map(len, ["image", *images]))
    click.echo(f"{'rank':>4}  {'image':>{wide}}  {'label':<8} {'taken for':<16} {'trust':>7}  why")
    for rank, (image, one) in enumerate(zip(images, found.suspects, strict=False), 1):
        taken_for = f"{one.likely} ({confidence(one.likely_probability)})"
        click.echo(
            f"{rank:>4}  {image:>{wide}}  {one.label:<8} {taken_for:<16} {one.trust:>7.2%}  {'; '.join(one.reasons)}"
        )
    more = len(found.suspects) - SHOWN
    if more > 0:
        click.echo(f"      and {more:,} more")
    click.echo(f"\npage   {found.folder / 'audit.html'}\nlist   {found.folder / 'audit.json'}")
    if any(one.file for one in found.suspects):
        table = found.folder / "suspects.csv"
        click.echo(f"table  {table}: answer in the page or fill in the last column, then use --apply {table}")


def _apply(folder: Path, table: Path, as_json: bool) -> None:
    from digitry.auditing.correcting import apply_corrections, read_corrections

    lines = apply_corrections(folder, read_corrections(table))
    if as_json:
        click.echo(json.dumps({"changes": lines}))
        return
    for line in lines:
        click.echo(line)
    click.echo(
        f"{len(lines):,} label{'' if len(lines) == 1 else 's'} set right"
        if lines
        else f"nothing to do: the last column of {table} is empty, or its changes were made before"
    )
