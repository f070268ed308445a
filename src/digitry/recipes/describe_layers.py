"""A Keras network → a description of its layers that can be read without Keras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST_LINES = 16
"""A network with more layers is described in one line."""


@dataclass(frozen=True)
class LayerFacts:
    """One layer of a network."""

    kind: str
    """Its class: Conv2D."""
    about: str
    """Its main settings: "32 of 3×3, relu"; may be empty."""
    output: str
    """Output shape for one image: "26×26×32"."""
    parameters: int


def describe_layers(model: Any) -> list[LayerFacts]:
    """Return the layers of a Keras network, without the input, in its own order."""
    return [
        LayerFacts(type(layer).__name__, _about(layer), _output(layer), layer.count_params())
        for layer in model.layers
        if type(layer).__name__ != "InputLayer"
    ]


def layer_lines(layers: Sequence[LayerFacts]) -> list[str]:
    """Format a network as lines in columns; one with very many layers as a single line."""
    parameters = sum(one.parameters for one in layers)
    together = f"{len(layers)} layer{'s' * (len(layers) != 1)}, {parameters:,} parameters"
    if len(layers) > MOST_LINES:
        return [together]
    rows = [(one.kind, one.about, one.output, f"{one.parameters:,}") for one in layers]
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"  {kind:<{wide[0]}}  {about:<{wide[1]}}  {output:>{wide[2]}}  {count:>{wide[3]}}"
        for kind, about, output, count in rows
    ]
    return [*lines, f"  {together}"]


def _about(layer: Any) -> str:
    count = getattr(layer, "filters", None) or getattr(layer, "units", None)
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    size = "×".join(map(str, window)) if isinstance(window, tuple) else ""
    rate = getattr(layer, "rate", None)
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    words = [
        f"{count} of {size}" if count and size else str(count or size),
        f"{rate:g}" if isinstance(rate, float) else "",
        "" if activation == "linear" else activation,
    ]
    return ", ".join(word for word in words if word)


def _output(layer: Any) -> str:
    try:
        shape = layer.output.shape
    except (AttributeError, ValueError):  # a layer that is used more than once, or has several outputs
        return "–"
    return "×".join("any" if side is None else str(side) for side in shape[1:])
