"""Keras activation → ONNX nodes, with a function per activation: from the name of an array to that of the result.

Further parameters have the names and defaults of Keras.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from digitry.exports.onnx_graph import Graph


def _relu(
    graph: Graph, x: str, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> str:
    """Write ReLU with all its options: x from `threshold` to `max_value`, clipped above, and with a slope below."""
    if threshold:
        found = graph.add("Mul", x, graph.add("Cast", graph.add("Greater", x, threshold), to=1))
    elif negative_slope and max_value is None:
        return graph.add("LeakyRelu", x, alpha=negative_slope)
    else:
        found = graph.add("Relu", x)
    if max_value is not None:
        found = graph.add("Min", found, max_value)
    if negative_slope:
        missing = graph.add("Min", graph.add("Sub", x, threshold), 0.0)
        found = graph.add("Add", found, graph.add("Mul", missing, negative_slope))
    return found


def _clipped(graph: Graph, x: str, low: float, high: float) -> str:
    return graph.add("Clip", x, low, high)


def _node(operator: str) -> Callable[[Graph, str], str]:
    return lambda graph, x: graph.add(operator, x)


def _elu(graph: Graph, x: str, alpha: float = 1.0) -> str:
    return graph.add("Elu", x, alpha=alpha)


def _celu(graph: Graph, x: str, alpha: float = 1.0) -> str:
    return _elu(graph, x) if alpha == 1 else graph.add("Mul", _elu(graph, graph.add("Div", x, alpha)), alpha)


def _leaky_relu(graph: Graph, x: str, negative_slope: float = 0.2) -> str:
    return graph.add("LeakyRelu", x, alpha=negative_slope)


def _gelu(graph: Graph, x: str, approximate: bool = False) -> str:
    if approximate:
        bent = graph.add("Mul", graph.add("Mul", graph.add("Mul", x, x), x), 0.044715)
        wave = graph.add("Tanh", graph.add("Mul", graph.add("Add", x, bent), math.sqrt(2 / math.pi)))
        return graph.add("Mul", graph.add("Mul", x, 0.5), graph.add("Add", wave, 1.0))
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


def _soft_shrink(graph: Graph, x: str, threshold: float = 0.5) -> str:
    return graph.add("Sub", x, _clipped(graph, x, -threshold, threshold))


def _hard_shrink(graph: Graph, x: str, threshold: float = 0.5) -> str:
    far = graph.add("Cast", graph.add("Greater", graph.add("Abs", x), threshold), to=1)
    return graph.add("Mul", x, far)


def _squareplus(graph: Graph, x: str, b: float = 4.0) -> str:
    root = graph.add("Sqrt", graph.add("Add", graph.add("Mul", x, x), b))
    return graph.add("Mul", graph.add("Add", x, root), 0.5)


def _sparse_sigmoid(graph: Graph, x: str) -> str:
    return _clipped(graph, graph.add("Mul", graph.add("Add", x, 1.0), 0.5), 0.0, 1.0)


def _sparse_plus(graph: Graph, x: str) -> str:
    middle = _clipped(graph, x, -1.0, 1.0)
    bend = graph.add("Add", middle, 1.0)
    beyond = graph.add("Relu", graph.add("Sub", x, 1.0))
    return graph.add("Add", graph.add("Mul", graph.add("Mul", bend, bend), 0.25), beyond)


ONNX_ACTIVATIONS: dict[str, Callable[..., str]] = {
    "celu": _celu,
    "elu": _elu,
    "exponential": _node("Exp"),
    "gelu": _gelu,
    "hard_shrink": _hard_shrink,
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": _hard_silu,
    "hard_tanh": lambda graph, x: _clipped(graph, x, -1.0, 1.0),
    "leaky_relu": _leaky_relu,
    "log_sigmoid": _log_sigmoid,
    "mish": _mish,
    "relu": _relu,
    "relu6": lambda graph, x: _clipped(graph, x, 0.0, 6.0),
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
"""Keras name → the function that adds its nodes."""
