"""`digitry learning-curve`: would more images help?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digitry.cli.options import setting_pairs, view_options, with_view
from digitry.errors import SettingError

if TYPE_CHECKING:
    from digitry.training.curve_points import LearningCurve


def _sizes(context: click.Context, parameter: click.Parameter, text: str | None) -> list[int] | None:
    try:
        return None if text is None else [int(part.replace("_", "")) for part in text.split(",")]
    except ValueError as error:
        raise SettingError(
            f"--sizes expects numbers of images separated by commas, as in 500,1000,2000, not {text!r}"
        ) from error


@click.command("learning-curve")
@click.argument("recipe", metavar="RECIPE|FILE.py")
@click.option("--data", default="mnist", show_default=True, help="Dataset name, or a folder, .csv, .npz or IDX file.")
@view_options
@click.option(
    "--sizes",
    callback=_sizes,
    metavar="N,N,…",
    help="Numbers of training images to try.  [default: all, half of them, a quarter …, seven sizes at most]",
)
@click.option(
    "--seeds", type=click.IntRange(1, 20), default=1, show_default=True, help="Train each size this many times."
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="The first seed.")
@click.option("--run", type=click.Path(path_type=Path), help="The folder of all runs.  [default: runs/RECIPE-curve-N]")
@click.option("--resume", is_flag=True, help="Continue where the curve in this folder stopped.")
@click.option("--epochs", type=int, help="How often to go through all training images.")
@click.option(
    "--set", "others", multiple=True, callback=setting_pairs, metavar="NAME=VALUE", help="Any setting; repeatable."
)
@click.option("--config", type=click.Path(path_type=Path), help="A TOML file of settings; options win over it.")
@click.option("--no-page", is_flag=True, help="Write no learning-curve.html.")
@click.option("--json", "as_json", is_flag=True, help="Print the curve as JSON and nothing else.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    recipe: str,
    data: str,
    transpose: bool,
    rotate: str | None,
    invert: bool | None,
    sizes: list[int] | None,
    seeds: int,
    seed: int,
    run: Path | None,
    resume: bool,
    epochs: int | None,
    others: dict[str, str],
    config: Path | None,
    no_page: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Train RECIPE on more and more of the training images: would still more help?

    Images that no training sees judge every size; the test set is never opened. All sizes together take about twice as
    long as one training on all images, times the seeds.
    """
    from digitry.files import check_place
    from digitry.packages import need
    from digitry.recipes.backend import backend_name
    from digitry.recipes.settings import read_settings
    from digitry.training.learning_curve import learning_curve

    backend_name(by="learning-curve")
    need("onnx", "safetensors", *([] if no_page else ["matplotlib"]), by="learning-curve")
    check_place(run or Path("runs"))
    settings: dict[str, Any] = {**(read_settings(config) if config else {}), **others}
    if epochs is not None:
        settings["epochs"] = epochs
    curve = learning_curve(
        recipe,
        with_view(data, transpose, rotate, invert),
        sizes=sizes,
        seeds=seeds,
        seed=seed,
        run=run,
        resume=resume,
        settings=settings,
        page=not no_page,
        quiet=quiet,
    )
    if as_json:
        click.echo(json.dumps({"run": str(curve.folder)} | curve.to_json()))
    else:
        _print(curve)


def _print(curve: LearningCurve) -> None:
    from digitry.training.chart import braille_chart
    from digitry.training.learning_curve_page import figures_of

    rows = [("images", "epochs", "accuracy", "mistakes")]
    rows += [(f"{one.images:,}", f"{one.epochs:,}", *figures_of(one)) for one in curve.points]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        click.echo("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    chart, low, high = braille_chart([[one.accuracy for one in curve.points]], width=56, height=7)
    for number, line in enumerate(chart):
        edge = f"{high:8.2%} " if number == 0 else f"{low:8.2%} " if number == len(chart) - 1 else " " * 9
        click.echo((edge + "".join(character for character, _ in line)).rstrip())
    click.echo(f"Validation accuracy, {curve.validation_images:,} images: {curve.sentence}.")
    click.echo(f"See {curve.page}" if curve.page.is_file() else f"The runs: digitry runs {curve.folder}")
