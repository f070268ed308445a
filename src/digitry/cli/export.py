"""`digitry export`: write a run's model in another format, if it answers as the Keras model does."""

from __future__ import annotations

import json
from pathlib import Path

import click

from digitry.cli.derived_help import DerivedHelp, formats


@click.command(name="export", cls=DerivedHelp, lists=formats)
@click.argument("run", metavar="RUN|NAME", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    default="onnx",
    show_default=True,
    help="{formats}.",
)
@click.option("--out", type=click.Path(path_type=Path), help="The file to write.  [default: digits.onnx, digits.c …]")
@click.option(
    "--opset",
    metavar="N",
    help="For onnx: the version of its operators, 13 to the newest that runs here.  [default: 17]",
)
@click.option("--ends", help="For litert-int8: float, or integer, so that no step needs floats.  [default: float]")
@click.option("--weights", help="For the C formats: float, or int8 in a quarter of the flash.  [default: float]")
@click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    help="The recipe file that built the network, if the run's folder is not enough: it is run.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    run: Path,
    form: str,
    out: Path | None,
    opset: str | None,
    ends: str | None,
    weights: str | None,
    recipe: Path | None,
    as_json: bool,
) -> None:
    """Write the model of RUN in another format, once its labels equal Keras' on the run's whole test split.

    NAME is a small network that comes with digitry: {shipped_runs}. A network in 8 bits may give a few other labels:
    their number, and its accuracy, are printed. The C files need nothing but a C compiler, with which they are also
    proven here; litert is proven by LiteRT: pip install 'digitry[litert]'. For a network that reads numbers, {logits}
    give logits: divide them by the temperature in the run's metrics and take the softmax; the ONNX files do that
    themselves.
    """
    from digitry.files import check_place
    from digitry.packages import need
    from digitry.recipes.backend import backend_name
    from digitry.training.export_run import export, get_format

    suffix = get_format(form).suffix
    is_litert = form.startswith("litert")
    backend_name(by="export", extra="litert" if is_litert else "train")
    if is_litert:
        need("ai_edge_litert", by="testing a LiteRT file")
    check_place(out or Path.cwd())
    place = out or Path(f"digits{suffix}")
    result = export(run, place, form, opset=opset, ends=ends, weights=weights, recipe=recipe)
    size = sum(file.stat().st_size for file in [result.path, *result.path.rglob("*")] if file.is_file())
    if as_json:
        facts = result._asdict() | {"path": str(result.path), "bytes": size}
        click.echo(json.dumps({name: value for name, value in facts.items() if value is not None}))
        return
    same = f"all {result.labels:,} labels as in Keras"
    if result.labels_differing:
        same = f"{result.labels_differing:,} of {result.labels:,} labels differ from Keras"
    click.echo(f"{result.path}: {size:,} bytes, {same} ({result.images:,} images of the {result.split} split)")
    if result.accuracy is not None:
        click.echo(f"{result.accuracy:.2%} of them right, {result.keras_accuracy:.2%} in Keras")
