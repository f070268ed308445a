"""Options that several commands share."""

from __future__ import annotations

import click

model_option = click.option(
    "--model",
    "models",
    multiple=True,
    metavar="RUN|FILE.onnx",
    help="A run folder or an ONNX file, for digits, for numbers or for pages; give it several times for several. "
    "[default: the built-in ones]",
)
