"""digitry info: describe a model, and what can be done with it next."""

from __future__ import annotations

import json
import shlex
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digitry.cli.derived_help import DerivedHelp, shipped_networks

if TYPE_CHECKING:
    from digitry.networks.contract import Contract
    from digitry.networks.model import Model

WIDTH = 88
"""Characters per line of settings."""


@click.command(
    "info",
    cls=DerivedHelp,
    lists=shipped_networks,
    short_help="Show what a model reads, where it comes from and when it is sure.",
)
@click.argument("place", metavar="RUN|FILE.onnx|NAME", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The same as one JSON object, nothing else.")
def command(place: Path, as_json: bool) -> None:
    """Show a model: what it reads, its contract, its figures, its scale of confidence, SHA-256 and size.

    RUN is the folder of a finished training, FILE.onnx what digitry has exported. NAME is one of the networks that
    come with digitry: {shipped}, or for makers {shipped_runs}.
    """
    from digitry.networks.model import Model
    from digitry.networks.model_files import run_or_shipped
    from digitry.runs import judged_splits

    model = Model.open(place)
    folder = run_or_shipped(place)
    splits = judged_splits(folder)
    facts: dict[str, Any] = {
        "model": str(place),
        "reads": model.reads,
        "sha256": model.sha256,
        "bytes": len(model.data),
        "contract": asdict(model.contract),
        "splits": splits,
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    click.echo(_text(_about(facts, model) | {"next": _next_steps(place, folder, model, splits)}))


def _text(lines: dict[str, list[str]]) -> str:
    from digitry.cli.reading_text import printable

    width = max(map(len, lines))
    text = []
    for name, values in lines.items():
        text += [f"{name if at == 0 else '':<{width}}  {printable(value)}" for at, value in enumerate(values or ["–"])]
    return "\n".join(text)


def _about(facts: dict[str, Any], model: Model) -> dict[str, list[str]]:
    from digitry.evaluation.calibrate import scale_in_words
    from digitry.networks.model import WHAT
    from digitry.pages.number_words import percent

    contract = model.contract
    height, width, _ = contract.input_shape
    names = contract.class_names
    shown = ", ".join(names[:12]) + (f", … ({len(names)})" if len(names) > 12 else "")
    scale = contract.confidence_scale
    return {
        "reads": [f"{WHAT[model.reads]}: {shown}{_what_is_missing(names)}"],
        "input": [f"{height or 'any'}×{width or 'any'} pixels, {contract.polarity}, times {contract.scale:.6f}"],
        "recipe": [contract.recipe],
        "settings": _settings(contract),
        "seed": ["unknown" if contract.seed is None else str(contract.seed)],
        "data": [f"SHA-256 {contract.data_sha256}" if contract.data_sha256 else "unknown"],
        **_figures(contract),
        **{f"{name} split": [f"{percent(accuracy)} read correctly"] for name, accuracy in facts["splits"].items()},
        "scale": list(scale_in_words(scale))
        if scale
        else ["none: its confidence was never measured, so it is never sure"],
        "versions": _wrapped([f"{name} {version}" for name, version in contract.versions.items()], ", "),
        "SHA-256": [facts["sha256"]],
        "size": [f"{facts['bytes']:,} bytes"],
    }


def _settings(contract: Contract) -> list[str]:
    """Return the settings as `--set` takes them, followed by the names of those that are off."""
    settings = {name: value for name, value in contract.settings.items() if value is not None}
    on = [f"{name}={_value(value)}" for name, value in settings.items() if value]
    off = [name for name, value in settings.items() if not value]
    return _wrapped(on, "  ") + _wrapped(["off or 0:", *off] if off else [], "  ")


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wrapped(words: list[str], between: str) -> list[str]:
    """Return words side by side, none of them split, in as many lines as they need."""
    kept = [word.replace(" ", "\0") for word in words]
    lines = textwrap.wrap(between.join(kept), WIDTH, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def _figures(contract: Contract) -> dict[str, list[str]]:
    """Return what is known of its training, in words; figures that have none keep their names."""
    from digitry.pages.number_words import percent

    left = dict(contract.metrics)
    lines = {}
    epoch, parameters = left.pop("epoch", None), left.pop("parameters", None)
    told = "during training" if epoch is None else f"during training, in epoch {epoch:.0f}"
    for name, prefix, when in (("training", "", told), ("validation", "val_", "on the held-back images")):
        accuracy, loss = left.pop(f"{prefix}accuracy", None), left.pop(f"{prefix}loss", None)
        parts = [] if accuracy is None else [f"{percent(accuracy)} read correctly"]
        parts += [] if loss is None else [f"loss {loss:.4f}"]
        if parts:
            lines[name] = [f"{', '.join(parts)} ({when})"]
    if left:
        lines["figures"] = _wrapped([f"{name} {value:g}" for name, value in sorted(left.items())], ", ")
    if parameters is not None:
        lines["parameters"] = [f"{parameters:,.0f}"]
    return lines


def _next_steps(place: Path, folder: Path, model: Model, judged: dict[str, float]) -> list[str]:
    """Return the commands that are useful for this model now, each with its purpose."""
    from digitry.packages import can_train

    name = shlex.quote(str(place))
    steps = []
    if "test" not in judged and folder.is_dir():
        steps.append((f"digitry evaluate {name}", "evaluate it on the test set"))
    if model.contract.confidence_scale is None:
        given = "" if _has_held_back(place, model) else " PICTURES"
        what = "on your own labelled pictures" if given else "on digits that it has not seen"
        steps.append((f"digitry calibrate {name}{given}", f"measure its confidence, {what}"))
    steps.append((f"digitry read --model {name} PICTURE", "read with it"))
    if folder.is_dir() and can_train():
        steps.append((f"digitry export {name}", "write it as ONNX, C, Keras …"))
    width = max(len(step) for step, _ in steps)
    return [f"{step:<{width}}  {what}" for step, what in steps]


def _has_held_back(place: Path, model: Model) -> bool:
    from digitry.errors import DataError, ModelError
    from digitry.evaluation.calibrate import held_back_of

    try:
        held_back_of(place, model)
    except (DataError, ModelError):
        return False
    return True


def _what_is_missing(names: tuple[str, ...]) -> str:
    """Return a note if the model knows only some of the ten digits, else an empty text."""
    from digitry.reading.networks import knows_some_digits
    from digitry.types import TEN_DIGITS

    if not knows_some_digits(names):
        return ""
    lacking = ", ".join(name for name in TEN_DIGITS if name not in names)
    return f"; not {lacking}: it answers every picture with a digit that it knows"
