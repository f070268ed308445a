"""`digitry robustness`: how well does a model read unfamiliar input?"""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import click

from digitry.errors import SettingError

PARTS = ("mnist", "corruptions", "photographs", "numbers", "signs", "pages", "open_set")


@click.command("robustness", short_help="Show a model photographs, corruptions and pictures without a digit.")
@click.argument("model", metavar="[RUN|FILE.onnx|NAME]", required=False)
@click.option("--beside", metavar="RUN|FILE.onnx|NAME", help="A second model, for the corruptions.")
@click.option("--part", "parts", multiple=True, metavar=f"[{'|'.join(PARTS)}]", help="Only this part; may be repeated.")
@click.option("--quick", is_flag=True, help="A tenth of the pictures, for a first look.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes. [default: one per core]")
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path),
    metavar="OUT.html",
    help="Also a page with the tables and the mistakes.",
)
@click.option("--json", "as_json", is_flag=True, help="All figures as one JSON object, nothing else.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    model: str | None,
    beside: str | None,
    parts: tuple[str, ...],
    quick: bool,
    jobs: int | None,
    page: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Show a model MNIST's test digits in unfamiliar forms, and pictures without a digit.

    The parts: mnist (as arrays, and as PNG files), corruptions (after MNIST-C), photographs of digits, numbers
    (photographs of numbers and of lists), signs (photographs of numbers with signs: 2.5, -8, 12/05/2024), pages (drawn,
    of every kind), open_set (blank paper, noise, clothes, letters, signs, scribbles, shapes). Everything takes about a
    quarter of an hour on two cores, --quick two minutes; the pictures are the same every time. The default model is the
    one that comes with digitry; name a run, a file, or another that comes with it (such as tiny).
    """
    from digitry.cli.progress import Bar
    from digitry.evaluation.robustness import robustness
    from digitry.evaluation.robustness_page import tables, text_table, title, write_robustness_page
    from digitry.files import PAGE_SUFFIXES, check_file_place
    from digitry.workers.usable_cores import usable_cores

    if beside is not None and parts and "corruptions" not in parts:
        raise SettingError("--beside is for the corruptions; add --part corruptions, or leave it out")
    if page is not None:
        check_file_place(page, *PAGE_SUFFIXES)
    with Bar(quiet=quiet) as progress:
        result = robustness(
            model,
            beside=beside,
            parts=parts or PARTS,
            quick=quick,
            jobs=jobs or usable_cores(),
            progress=progress,
        )
    for name, reason in result.left_out.items():
        click.echo(f"digitry: {name} is left out: {reason}", err=True)
    if as_json:
        click.echo(json.dumps(result.to_json(), allow_nan=False))
    else:
        blocks = [[title(result)], *(text_table(table) for _, table in tables(result))]
        click.echo("\n\n".join("\n".join(block) for block in blocks))
    if page is not None:  # last, so that the figures are printed even if it cannot be written
        write_robustness_page(result, page, command=shlex.join(["digitry", *sys.argv[1:]]))
        if not as_json:
            click.echo(f"Page: {page}")
