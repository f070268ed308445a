"""digitry calibrate: measure how reliable a model's confidence is, and write that into its file."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digitry.cli.options import refuse_beside

if TYPE_CHECKING:
    from digitry.evaluation.calibrate import Calibration
    from digitry.networks.scale import Scale

NO_SCALE_BEFORE = "no scale, so nothing was ever sure"


@click.command("calibrate", short_help="Measure what a model's confidence is worth: when it is sure.")
@click.argument("place", metavar="RUN|FILE.onnx", type=click.Path(path_type=Path))
@click.argument("pictures", metavar="[PICTURES]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--count",
    type=click.IntRange(10, 1_000_000),
    metavar="N",
    help="How many pictures to make; at most two per held-back digit, or four for numbers. "
    "[default: 12000; numbers 24000]",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of the pictures.")
@click.option("--undo", is_flag=True, help="Restore the scale that the model had before it was calibrated.")
@click.option("--json", "as_json", is_flag=True, help="The scales before and after as one JSON object, nothing else.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    place: Path, pictures: Path | None, count: int | None, seed: int, undo: bool, as_json: bool, quiet: bool
) -> None:
    """Fit the scale of confidence of a model, and write it into its file: from then on it can be sure.

    Pictures are made of the digits that the training of RUN held back, or PICTURES are read: a folder of your own with
    a labels.csv (columns file,label) or with class folders 0/ to 9/, or such a .csv. The model must not have learnt
    from them. Few pictures prove little: it takes 600 read without a mistake to be sure of at most one error in 200.

    Thousands of pictures take minutes; how many is printed once the first have been read. The previous scale is kept in
    a file beside the model, and restored with --undo.
    """
    if undo:
        refuse_beside("--undo", "place", "undo", "as_json", "quiet")
        _undo(place, as_json)
        return
    from digitry.cli.progress import Foreseen
    from digitry.evaluation.calibrate import calibrate

    with Foreseen(quiet=quiet, fewer="" if pictures else "; fewer with --count N") as progress:
        done = calibrate(place, pictures, count=count, seed=seed, progress=progress)
        if done.before and done.after.pictures < done.before.pictures and not quiet:
            progress.note(
                f"the new scale is fitted to {done.after.pictures:,} pictures, the one that it replaces to "
                f"{done.before.pictures:,}"
            )
    if as_json:
        click.echo(json.dumps(_facts(done)))
    else:
        _print(done)


def _undo(place: Path, as_json: bool) -> None:
    from digitry.evaluation.scale_files import put_back_scale

    done = put_back_scale(place)
    if as_json:
        scales = {"before": done.before and asdict(done.before), "after": asdict(done.after)}
        click.echo(json.dumps(scales | {"files": [str(path) for path in done.files]}))
        return
    _print_scales(done.before, done.after)
    _print_files(done.files)


def _facts(done: Calibration) -> dict[str, object]:
    return {
        "reads": done.reads,
        "before": done.before and asdict(done.before),
        "after": asdict(done.after),
        "sure_share": done.sure_share,
        "files": [str(path) for path in done.files],
        "kept": done.kept and str(done.kept),
    }


def _print(done: Calibration) -> None:
    from digitry.pages.number_words import percent
    from digitry.reading.certainty import MAX_ERROR

    _print_scales(done.before, done.after)
    print(f"sure at the default error rate of {MAX_ERROR:.1%}: {percent(done.sure_share)} of these pictures")
    _print_files(done.files)
    if done.kept:
        print(f"to restore the scale that it came with: digitry calibrate {shlex.quote(str(done.place))} --undo")


def _print_scales(before: Scale | None, after: Scale) -> None:
    from digitry.evaluation.calibrate import scale_in_words

    print("before: " + "\n        ".join(scale_in_words(before) if before else [NO_SCALE_BEFORE]))
    print("after:  " + "\n        ".join(scale_in_words(after)))


def _print_files(files: Sequence[Path]) -> None:
    from digitry.cli.reading_text import printable

    print(f"written into {', '.join(printable(str(path)) for path in files)}")
