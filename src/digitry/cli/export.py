"""`digitry export`: write a run's model as one ONNX file, if it answers as the Keras model does."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(name="export")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), default="digits.onnx", show_default=True, help="The file to write."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(run: Path, out: Path, as_json: bool) -> None:
    """Write the model of RUN as ONNX, once its labels equal Keras' on the run's whole test split."""
    from digitry.training import export

    difference, images = export(run, out)
    if as_json:
        click.echo(json.dumps({"file": str(out), "images_compared": images, "largest_difference": difference}))
    else:
        click.echo(f"{out}: {out.stat().st_size:,} bytes, same labels as Keras on {images:,} images")
