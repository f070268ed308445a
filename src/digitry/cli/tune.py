"""`digitry tune`: find the best settings of a recipe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digitry.cli.options import setting_pairs, view_options, with_view

if TYPE_CHECKING:
    from digitry.training.tuning.study import Study


@click.command("tune")
@click.argument("recipe")
@click.option("--data", help="Dataset name, or a folder, .csv, .npz or IDX file.  [default: mnist]")
@view_options
@click.option(
    "--trials",
    type=click.IntRange(1, 100_000),
    help="Train at most this many times.  [default: 20, if --minutes is not given]",
)
@click.option("--minutes", type=float, help="Search for at most this long, not counting fresh seeds.")
@click.option("--space", type=click.Path(path_type=Path), help="A TOML file of what to try; --set wins over it.")
@click.option(
    "--set",
    "others",
    multiple=True,
    callback=setting_pairs,
    metavar="NAME=WHAT",
    help="What to try: A|B|C, LOW:HIGH or log:LOW:HIGH; or a value, for every trial. Repeatable. [default: the "
    "recipe's own space]",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Trials trained at once.  [default: 1; with --ray as many as the cluster has room for]",
)
@click.option(
    "--ray",
    metavar="ADDRESS",
    help="Train on the nodes of a Ray cluster: HOST:PORT, or auto for the one that runs here (extra digitry[cluster]).",
)
@click.option("--cores", type=click.IntRange(1, 256), help="With --ray: cores that each trial has.  [default: 1]")
@click.option(
    "--gpus",
    type=float,
    help="With --ray: GPUs that each trial has; with 0.5 two share one. Only useful if the nodes have a Torch, JAX or "
    "TensorFlow built for GPUs.  [default: 0]",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Fixes all that is random.  [default: 0]")
@click.option("--study", type=click.Path(path_type=Path), help="The study's folder.  [default: runs/RECIPE-study-N]")
@click.option(
    "--resume", is_flag=True, help="Continue where the study in this folder stopped, also with more --trials."
)
@click.option(
    "--fresh-seeds",
    type=click.IntRange(0, 20),
    help="Number of seeds with which the best and the recipe's own settings are trained at the end.  [default: 5]",
)
@click.option("--track", help="Also log every trial to: tensorboard, mlflow (extras).")
@click.option("--no-page", is_flag=True, help="Write no study.html.")
@click.option("--json", "as_json", is_flag=True, help="Print the study as JSON and nothing else.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    recipe: str,
    data: str | None,
    transpose: bool,
    rotate: str | None,
    invert: bool | None,
    trials: int | None,
    minutes: float | None,
    space: Path | None,
    others: dict[str, str],
    workers: int | None,
    ray: str | None,
    cores: int | None,
    gpus: float | None,
    seed: int | None,
    study: Path | None,
    resume: bool,
    fresh_seeds: int | None,
    track: str | None,
    no_page: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Find the best settings of RECIPE: train it many times, and let validation decide.

    Each trial is a run in the study's folder; the test set is never opened. In the end the best settings and the
    recipe's own are trained with fresh seeds: is the gain more than chance?
    """
    from digitry.files import check_place
    from digitry.recipes.settings import read_settings
    from digitry.training.tuning.tune import check_ready, tune

    check_ready(page=not no_page, ray=ray)
    check_place(study or Path("runs"))
    where = data if data is None and not (transpose or rotate or invert is not None) else data or "mnist"
    wanted: dict[str, Any] = {**(read_settings(space) if space else {}), **others}
    done = tune(
        recipe,
        None if where is None else with_view(where, transpose, rotate, invert),
        trials=trials,
        minutes=minutes,
        space=wanted,
        workers=workers,
        ray=ray,
        cores=cores,
        gpus=gpus,
        seed=seed,
        study=study,
        resume=resume,
        fresh_seeds=fresh_seeds,
        track=track,
        page=not no_page,
        quiet=quiet,
    )
    if as_json:
        click.echo(json.dumps(done.to_json(), allow_nan=False))
    else:
        _print(done)


def _print(done: Study) -> None:
    from digitry.evaluation.run_list_page import settings_text
    from digitry.training.tuning.study_plan import train_command

    best = done.best
    assert best is not None
    states = [one.state for one in done.trials]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    trials = f"{len(states)} trial{'s' * (len(states) != 1)}"
    click.echo(f"{done.folder}: {trials} ({counts}); the best, trial {best.number}:")
    click.echo(f"  {settings_text(best.values)}")
    click.echo(f"  validation accuracy {best.accuracy:.2%}")
    click.echo(done.verdict)
    if done.page.is_file():
        click.echo(f"See {done.page}")
    click.echo(f"Train with them: {train_command(done.plan, done.folder)}")
