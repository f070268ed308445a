"""Keras activation → ONNX nodes, a function an activation: from the names of arrays to that of the result."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from digitry.errors import ModelError
from digitry.exports.onnx_graph import Graph, Value
from digitry.recipes.base import known_name


def activated(graph: Graph, x: Value, activation: Any) -> str:
    """Send the value through an activation function of Keras. Raises ModelError for one that has no form here."""
    name = known_name(activation)
    if name == "linear":
        return x.name
    if name in ("softmax", "log_softmax"):
        return graph.add("Softmax" if name == "softmax" else "LogSoftmax", x.name, axis=x.axis(-1))
    if name not in ACTIVATIONS:
        given = getattr(activation, "__name__", type(activation).__name__)
        given = given if name else f"{given} of {getattr(activation, '__module__', 'your own')}"
        raise ModelError(f"activation {given} has no ONNX form here; known: {', '.join(sorted(ACTIVATIONS))}")
    return ACTIVATIONS[name](graph, x.name)


def rectified(graph: Graph, x: str, slope: float, highest: float | None, threshold: float) -> str:
    """Apply Keras' ReLU in full: x between `threshold` and `highest`, 0 or `highest` elsewhere, and a slope below."""
    if threshold:
        found = graph.add("Mul", x, graph.add("Cast", graph.add("Greater", x, threshold), to=1))
    elif slope and highest is None:
        return graph.add("LeakyRelu", x, alpha=slope)
    else:
        found = graph.add("Relu", x)
    if highest is not None:
        found = graph.add("Min", found, highest)
    if slope:
        missing = graph.add("Min", graph.add("Sub", x, threshold), 0.0)
        found = graph.add("Add", found, graph.add("Mul", missing, slope))
    return found


def clipped(graph: Graph, x: str, low: float, high: float) -> str:
    """Clip x: at least `low` and at most `high`."""
    return graph.add("Clip", x, low, high)


def _node(operator: str, **attributes: float) -> Callable[[Graph, str], str]:
    return lambda graph, x: graph.add(operator, x, **attributes)


def _gelu(graph: Graph, x: str) -> str:
    share = graph.add("Add", graph.add("Erf", graph.add("Mul", x, math.sqrt(0.5))), 1.0)
    return graph.add("Mul", graph.add("Mul", x, 0.5), share)


def _silu(graph: Graph, x: str) -> str:
    return graph.add("Mul", x, graph.add("Sigmoid", x))


def _hard_silu(graph: Graph, x: str) -> str:
    return graph.add("Mul", x, _hard_sigmoid(graph, x))


def _hard_sigmoid(graph: Graph, x: str) -> str:
    return graph.add("HardSigmoid", x, alpha=1 / 6, beta=0.5)


def _mish(graph: Graph, x: str) -> str:
    return graph.add("Mul", x, graph.add("Tanh", graph.add("Softplus", x)))


def _tanh_shrink(graph: Graph, x: str) -> str:
    return graph.add("Sub", x, graph.add("Tanh", x))


def _log_sigmoid(graph: Graph, x: str) -> str:
    return graph.add("Neg", graph.add("Softplus", graph.add("Neg", x)))


def _soft_shrink(graph: Graph, x: str) -> str:
    return graph.add("Sub", x, clipped(graph, x, -0.5, 0.5))


def _hard_shrink(graph: Graph, x: str) -> str:
    far = graph.add("Cast", graph.add("Greater", graph.add("Abs", x), 0.5), to=1)
    return graph.add("Mul", x, far)


def _squareplus(graph: Graph, x: str) -> str:
    root = graph.add("Sqrt", graph.add("Add", graph.add("Mul", x, x), 4.0))
    return graph.add("Mul", graph.add("Add", x, root), 0.5)


def _sparse_sigmoid(graph: Graph, x: str) -> str:
    return clipped(graph, graph.add("Mul", graph.add("Add", x, 1.0), 0.5), 0.0, 1.0)


def _sparse_plus(graph: Graph, x: str) -> str:
    middle = clipped(graph, x, -1.0, 1.0)
    bend = graph.add("Add", middle, 1.0)
    beyond = graph.add("Relu", graph.add("Sub", x, 1.0))
    return graph.add("Add", graph.add("Mul", graph.add("Mul", bend, bend), 0.25), beyond)


ACTIVATIONS: dict[str, Callable[[Graph, str], str]] = {
    "celu": _node("Elu"),
    "elu": _node("Elu"),
    "exponential": _node("Exp"),
    "gelu": _gelu,
    "hard_shrink": _hard_shrink,
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": _hard_silu,
    "hard_tanh": lambda graph, x: clipped(graph, x, -1.0, 1.0),
    "leaky_relu": _node("LeakyRelu", alpha=0.2),
    "log_sigmoid": _log_sigmoid,
    "mish": _mish,
    "relu": _node("Relu"),
    "relu6": lambda graph, x: clipped(graph, x, 0.0, 6.0),
    "selu": _node("Selu"),
    "sigmoid": _node("Sigmoid"),
    "silu": _silu,
    "soft_shrink": _soft_shrink,
    "softplus": _node("Softplus"),
    "softsign": _node("Softsign"),
    "sparse_plus": _sparse_plus,
    "sparse_sigmoid": _sparse_sigmoid,
    "squareplus": _squareplus,
    "tanh": _node("Tanh"),
    "tanh_shrink": _tanh_shrink,
}
"""Name in Keras → the function that adds its nodes."""
