"""digitry calibrate: measure what a model's confidence is worth, and write that into its file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from digitry.evaluation.calibrate import Calibration


@click.command("calibrate", short_help="Measure what a model's confidence is worth: when it is sure.")
@click.argument("place", metavar="RUN|FILE.onnx", type=click.Path(path_type=Path))
@click.argument("pictures", metavar="[PICTURES]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--count",
    type=click.IntRange(10, 1_000_000),
    metavar="N",
    help="How many pictures to make; of digits at most as many as were held back. [default: 8000]",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="What the pictures are made by."
)
@click.option("--json", "as_json", is_flag=True, help="The scales before and after as one JSON object, nothing else.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(place: Path, pictures: Path | None, count: int | None, seed: int, as_json: bool, quiet: bool) -> None:
    """Fit the scale of confidence of a model, and write it into its file: from then on it can be sure.

    Pictures are made of the digits that the training of RUN held back, or PICTURES are read: a folder of your own with
    a labels.csv (columns file,label) or with class folders 0/ to 9/, or such a .csv. The model must not have learnt
    from them. From few pictures little follows: it takes 600 that are read without a mistake to be sure of one in 200.
    """
    from digitry.cli.progress import Bar
    from digitry.evaluation.calibrate import calibrate

    with Bar(quiet=quiet) as progress:
        done = calibrate(place, pictures, count=count, seed=seed, progress=progress)
    if as_json:
        click.echo(json.dumps(_facts(done)))
    else:
        _print(done)


def _facts(done: Calibration) -> dict[str, object]:
    return {
        "reads": done.reads,
        "before": done.before and asdict(done.before),
        "after": asdict(done.after),
        "sure_share": done.sure_share,
        "files": [str(path) for path in done.files],
    }


def _print(done: Calibration) -> None:
    from digitry.cli.reading_text import printable
    from digitry.evaluation.calibrate import scale_in_words
    from digitry.pages.number_words import percent
    from digitry.reading.certainty import MAX_ERROR

    print(f"before: {scale_in_words(done.before) if done.before else 'no scale, so nothing was ever sure'}")
    print(f"after:  {scale_in_words(done.after)}")
    print(f"sure at the default error rate of {MAX_ERROR:.1%}: {percent(done.sure_share)} of these pictures")
    print(f"written into {', '.join(printable(str(path)) for path in done.files)}")
