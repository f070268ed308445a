"""A custom layer or activation → ONNX nodes, by tracing its operations.

Its function is called once on symbolic values, like those of Keras' functional networks; each operation of `keras.ops`
between these and the result is written, with the layer's weights as further values.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from digitry.errors import ModelError
from digitry.exports.onnx_activations import ONNX_ACTIVATIONS
from digitry.exports.onnx_graph import Graph, Value
from digitry.recipes.base import known_name

Symbols = dict[int, tuple[Any, Any]]
"""Id of a value or weight → its symbolic tensor, and the value or weight itself."""


def activated(graph: Graph, x: Value, activation: Any) -> str:
    """Write an activation of the value. Raises ModelError for one that cannot be traced."""
    name = known_name(activation)
    if name == "linear":
        return x.name
    if name in ("softmax", "log_softmax"):
        return graph.add("Softmax" if name == "softmax" else "LogSoftmax", x.name, axis=x.axis(-1))
    if name in ONNX_ACTIVATIONS:
        return ONNX_ACTIVATIONS[name](graph, x.name)
    symbols: Symbols = {}
    try:
        return graph.ordered(_followed(graph, activation, _symbolic([x], symbols), {}, symbols), first=x.first).name
    except ModelError as error:
        given = getattr(activation, "__name__", type(activation).__name__)
        raise ModelError(f"activation {given} has no ONNX form here, and cannot be followed: {error}") from error


def layer_followed(graph: Graph, layer: Any, *values: Any, **options: Any) -> Value:
    """Write what a layer's `call` does at inference. Raises ModelError, naming the layer, if it cannot be traced."""
    symbols: Symbols = {}
    given, options = _symbolic(list(values), symbols), _symbolic(options, symbols)
    # The layer itself stays unchanged: the copy with symbolic weights shares everything else with it.
    twin = object.__new__(type(layer))
    for name, value in vars(layer).items():
        kept_by_keras = name.startswith("_") and isinstance(value, dict | list | tuple)
        vars(twin)[name] = value if kept_by_keras else _symbolic(value, symbols)
    if "training" in inspect.signature(twin.call).parameters:
        options["training"] = False
    try:
        return _followed(graph, twin.call, given, options, symbols)
    except ModelError as error:
        kind = type(layer).__name__
        raise ModelError(
            f"layer {layer.name} ({kind}) has no ONNX form here, and cannot be followed: {error}"
        ) from error


def _followed(
    graph: Graph, function: Callable[..., Any], values: list[Any], options: dict[str, Any], symbols: Symbols
) -> Value:
    from keras import Function, KerasTensor, StatelessScope

    try:
        with StatelessScope() as scope:
            answer = function(*values, **options)
    except Exception as error:  # third-party code may raise anything
        said = (str(error).strip().splitlines() or ["it gives no reason"])[0]
        raise ModelError(
            f"it does not consist only of operations of keras.ops ({type(error).__name__}: {said[:200]})"
        ) from error
    if scope.state_mapping:
        raise ModelError("it keeps a state, or draws at random")
    if not isinstance(answer, KerasTensor):
        raise ModelError("its answer is not one value that depends on what it is given")
    network = Function([symbol for symbol, _ in symbols.values()], answer)
    meant = [itself for _, itself in symbols.values()]
    found = network._run_through_graph(meant, operation_fn=lambda operation: partial(graph.call, operation))
    return found if isinstance(found, Value) else graph.constant(found)


def _symbolic(given: Any, symbols: Symbols) -> Any:
    """Return `given` with every value and weight replaced by a symbolic tensor."""
    from keras import Input, Variable

    if isinstance(given, Value | Variable):
        if id(given) not in symbols:
            symbols[id(given)] = Input(batch_shape=given.shape), given
        return symbols[id(given)][0]
    if isinstance(given, dict):
        return {name: _symbolic(one, symbols) for name, one in given.items()}
    if isinstance(given, list | tuple):
        return [_symbolic(one, symbols) for one in given]
    return given
