"""digitry info: what a model is."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click


@click.command("info", short_help="Show what a model reads, where it comes from and when it is sure.")
@click.argument("place", metavar="RUN|FILE.onnx|shipped", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The same as one JSON object, nothing else.")
def command(place: Path, as_json: bool) -> None:
    """Show a model: what it reads, its contract, its figures, its scale of confidence, SHA-256 and size.

    RUN is the folder of a finished training, FILE.onnx what digitry has exported; shipped, shipped-numbers and
    shipped-pages are the networks that come with digitry.
    """
    from digitry.networks.model import Model
    from digitry.runs import judged_splits

    names = {"shipped": "digit", "shipped-numbers": "number", "shipped-pages": "page"}
    model = Model.shipped(names[str(place)]) if str(place) in names else Model.open(place)
    facts = {
        "model": str(place),
        "reads": model.reads,
        "sha256": model.sha256,
        "bytes": len(model.data),
        "contract": asdict(model.contract),
        "splits": judged_splits(place),
    }
    click.echo(json.dumps(facts) if as_json else _text(facts, model))


def _text(facts: dict[str, Any], model: Any) -> str:
    from digitry.cli.reading_text import printable
    from digitry.evaluation.calibrate import scale_in_words
    from digitry.networks.model import WHAT
    from digitry.networks.scale import with_place
    from digitry.pages.number_words import percent
    from digitry.reading.certainty import NO_SCALE

    contract = model.contract
    height, width, _ = contract.input_shape
    names = contract.class_names
    shown = ", ".join(names[:12]) + (f", … ({len(names)})" if len(names) > 12 else "")
    scale = contract.confidence_scale
    lines = {
        "reads": f"{WHAT[model.reads]}: {shown}{_what_is_missing(names)}",
        "input": f"{height or 'any'}×{width or 'any'} pixels, {contract.polarity}, times {contract.scale:.6f}",
        "recipe": contract.recipe,
        "settings": ", ".join(f"{name}={value}" for name, value in contract.settings.items() if value is not None),
        "seed": "unknown" if contract.seed is None else str(contract.seed),
        "data": f"SHA-256 {contract.data_sha256}" if contract.data_sha256 else "unknown",
        "figures": ", ".join(f"{name} {value:g}" for name, value in sorted(contract.metrics.items())),
        **{f"{name} split": f"{percent(accuracy)} read correctly" for name, accuracy in facts["splits"].items()},
        "scale": scale_in_words(scale) if scale else with_place(NO_SCALE, model.place),
        "versions": ", ".join(f"{name} {version}" for name, version in contract.versions.items()),
        "SHA-256": facts["sha256"],
        "size": f"{facts['bytes']:,} bytes",
    }
    width = max(map(len, lines))
    return "\n".join(f"{name:<{width}}  {printable(value or '–')}" for name, value in lines.items())


def _what_is_missing(names: tuple[str, ...]) -> str:
    """Say what it means that a model knows some of the ten digits."""
    from digitry.reading.networks import DIGITS, knows_some_digits

    if not knows_some_digits(names):
        return ""
    lacking = ", ".join(name for name in DIGITS if name not in names)
    return f"; not {lacking}: whatever it is shown, it answers with a digit that it knows"
