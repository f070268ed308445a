"""digitry adopt: turn a foreign model into one that digitry reads with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from digitry.evaluation.adopt import Adopted


@click.command("adopt", short_help="Turn somebody else's ONNX or Keras file into a model.")
@click.argument("file", metavar="FILE.onnx|FILE.keras", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="The file to write.  [default: FILE-adopted.onnx]")
@click.option(
    "--data",
    default="mnist",
    show_default=True,
    metavar="DATASET",
    help="The dataset it learnt to read; its images are tried.",
)
@click.option(
    "--trust-this-file",
    is_flag=True,
    help="Open a Keras file, in a process without network; it may run what its maker put into it.",
)
@click.option("--json", "as_json", is_flag=True, help="What was found out as one JSON object, nothing else.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(file: Path, out: Path | None, data: str, trust_this_file: bool, as_json: bool, quiet: bool) -> None:
    """Find out how a foreign model takes its images, and write it as a model for read, evaluate, score and serve.

    Layout, scale, polarity, logits or probabilities: all are tried on images that a training would hold back. The
    result is the same network with a contract and a scale of confidence; the file itself is not changed.
    """
    from digitry.cli.progress import Foreseen
    from digitry.evaluation.adopt import adopt

    with Foreseen(quiet=quiet) as progress:
        done = adopt(file, out, data=data, trust_this_file=trust_this_file, progress=progress)
    if as_json:
        click.echo(json.dumps(_facts(done)))
    else:
        _print(done)


def _facts(done: Adopted) -> dict[str, Any]:
    names = ("layout", "fit", "scale", "polarity", "lying", "answers", "order", "accuracy", "images", "data")
    return {"path": str(done.path)} | {name: getattr(done, name) for name in names}


def _print(done: Adopted) -> None:
    from digitry.cli.reading_text import printable
    from digitry.evaluation.calibrate import scale_in_words
    from digitry.pages.number_words import percent
    from digitry.types import IMAGE_SIDE

    wants = [done.layout, done.scale, done.polarity.replace("-", " ")]
    wants += [f"{done.fit} from {IMAGE_SIDE}×{IMAGE_SIDE}"] if done.fit != "as it is" else []
    wants += ["on its side"] if done.lying else []
    print(f"input   {', '.join(wants)}")
    print(f"output  {done.answers}, for {' '.join(map(printable, done.order))}")
    print(f"reads   {percent(done.accuracy)} of {done.images:,} images of {printable(done.data)} correctly")
    scale = done.model.contract.confidence_scale
    assert scale is not None
    print("sure    " + "\n        ".join(scale_in_words(scale)))
    print(f"written into {printable(str(done.path))}")
