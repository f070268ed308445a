"""`digitry train`: train a recipe; one run is one folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from digitry.cli.options import setting_pairs, view_options, with_view


@click.command(name="train")
@click.argument("recipe", metavar="RECIPE|FILE.py")
@click.option("--data", default="mnist", show_default=True, help="Dataset name, or a folder, .csv, .npz or IDX file.")
@view_options
@click.option(
    "--from",
    "start_from",
    metavar="shipped|RUN|FILE.onnx",
    help="Continue from the weights of the shipped model, of a run, or of a small network that comes with digitry "
    "(such as tiny); on your own pictures, with --data.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Fixes all that is random."
)
@click.option("--seeds", type=click.IntRange(1, 100), help="Train this many runs, seeds from --seed up, in one folder.")
@click.option("--run", type=click.Path(path_type=Path), help="The run's folder.  [default: runs/RECIPE-N]")
@click.option("--resume", is_flag=True, help="Continue where the run in this folder stopped.")
@click.option("--epochs", type=int, help="How often to go through the training images.")
@click.option("--batch-size", type=int, help="Images per step.")
@click.option("--learning-rate", type=float, help="Peak learning rate.")
@click.option("--optimizer", help="adam, adamw, sgd, rmsprop, …")
@click.option("--dropout", type=float, help="Share of activations dropped, if the recipe has dropout.")
@click.option(
    "--early-stopping", "early_stopping_epochs", type=int, help="Stop after this many epochs without progress."
)
@click.option("--keep-best", is_flag=True, default=None, help="Keep the epoch with the lowest validation loss.")
@click.option(
    "--set", "others", multiple=True, callback=setting_pairs, metavar="NAME=VALUE", help="Any setting; repeatable."
)
@click.option("--config", type=click.Path(path_type=Path), help="A TOML file of settings; options win over it.")
@click.option("--track", help="Also log to: tensorboard, mlflow (extras).")
@click.option(
    "--ray",
    metavar="ADDRESS",
    help="Share the training among the nodes of a Ray cluster: HOST:PORT, or auto for the one that runs here (extra "
    "digitry[cluster]); for recipes that plain Torch trains.",
)
@click.option("--checkpoint-seconds", type=float, default=20.0, show_default=True, help="Longest time between saves.")
@click.option("--no-report", is_flag=True, help="Draw no plots and write no report page, which saves some seconds.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    recipe: str,
    data: str,
    transpose: bool,
    rotate: str | None,
    invert: bool | None,
    start_from: str | None,
    seed: int,
    seeds: int | None,
    run: Path | None,
    resume: bool,
    others: dict[str, str],
    config: Path | None,
    track: str | None,
    ray: str | None,
    checkpoint_seconds: float,
    no_report: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Train RECIPE and write its run folder: weights, ONNX, figures, plots, a report page.

    See the recipes with: digitry recipes. A FILE.py of your own is run: its build(classes) gives a keras.Model, or
    it has a RECIPE.
    """
    from digitry.files import check_place
    from digitry.packages import need
    from digitry.recipes.backend import backend_name
    from digitry.recipes.settings import read_settings
    from digitry.runs import MODEL, NUMBERS, REPORT
    from digitry.training.train import train

    backend_name(by="train")
    need("onnx", "safetensors", *([] if no_report else ["matplotlib"]), by="train")
    check_place(run or Path("runs"))
    settings: dict[str, Any] = read_settings(config) if config else {}
    settings |= others | {name: value for name, value in options.items() if value is not None}
    plan: dict[str, Any] = {
        "data": with_view(data, transpose, rotate, invert),
        "start_from": start_from,
        "seed": seed,
        "run": run,
        "resume": resume,
        "settings": settings,
        "track": track,
        "ray": ray,
        "checkpoint_seconds": checkpoint_seconds,
        "report": not no_report,
        "quiet": quiet,
    }
    if seeds is not None:
        _train_seeds(recipe, seeds, plan, as_json)
        return
    done = train(recipe, **plan)
    kept = done.figures
    if as_json:
        result: dict[str, Any] = {
            "run": str(done.folder),
            "recipe": done.recipe,
            "seed": done.seed,
            "history": done.history,
        }
        if done.compared is not None:
            result["start"] = done.compared
        click.echo(json.dumps(result))
        return
    seen = "validation" if "val_accuracy" in kept else "training"
    epochs = "epoch" if len(done.history) == 1 else "epochs"
    accuracy = kept.get("val_accuracy", kept["accuracy"])
    made = [name for name in (MODEL, REPORT, NUMBERS) if (done.folder / name).is_file()]
    click.echo(f"{done.folder}: {len(done.history)} {epochs}, {seen} accuracy {accuracy:.2%}, {', '.join(made)}")
    if done.compared is not None:
        _print_comparison(done.compared)
        click.echo(f"Read with it: digitry read --model {done.folder} PICTURE")
        return
    click.echo(f"Judge it on the test set with: digitry evaluate {done.folder}")


def _train_seeds(recipe: str, seeds: int, plan: dict[str, Any], as_json: bool) -> None:
    from digitry.training.train_seeds import describe_seeds, train_seeds

    runs = train_seeds(recipe, seeds=seeds, **plan)
    if as_json:
        click.echo(json.dumps({"run": str(runs.folder)} | runs.to_json()))
        return
    click.echo(describe_seeds(runs))
    click.echo(f"See them with: digitry runs {runs.folder}")


def _print_comparison(compared: dict[str, Any]) -> None:
    from digitry.pages.number_words import percent

    for one in compared["compared"]:
        images, before, after = one["images"], one["errors_before"], one["errors_after"]
        click.echo(
            f"{one['part']}, {images:,} images: {percent(1 - before / images)} right before, "
            f"{percent(1 - after / images)} after (errors {before:,} → {after:,})"
        )
