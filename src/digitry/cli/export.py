"""`digitry export`: write a run's model in another format, if it answers as the Keras model does."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(name="export")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--format", "form", default="onnx", show_default=True, help="onnx, or c-array: one C99 file.")
@click.option("--out", type=click.Path(path_type=Path), help="The file to write.  [default: digits.onnx, digits.c]")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(run: Path, form: str, out: Path | None, as_json: bool) -> None:
    """Write the model of RUN as ONNX or C, once its labels equal Keras' on the run's whole test split.

    The C file needs nothing but a C compiler, which is also what proves it here.
    """
    from digitry.errors import unknown_name
    from digitry.training.export import FORMATS, export

    if form not in FORMATS:
        raise unknown_name("format", form, FORMATS)
    out = out or Path(f"digits{FORMATS[form][0]}")
    difference, images = export(run, out, form)
    if as_json:
        click.echo(json.dumps({"file": str(out), "images_compared": images, "largest_difference": difference}))
    else:
        click.echo(f"{out}: {out.stat().st_size:,} bytes, same labels as Keras on {images:,} images")
