"""Operation of `keras.ops` → ONNX nodes, with a function per operation: (graph, operation, value, …) → result's name.

Booleans are numbers here, 1 or 0. Parameters of an operation, such as `axis`, are its attributes in Keras.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from digitry.errors import ModelError
from digitry.exports.onnx_activations import ONNX_ACTIVATIONS
from digitry.exports.onnx_graph import AxisOrder, Graph, Value

FAR = 2**31
"""The end of a slice without one."""


def of_one(function: Callable[..., str]) -> Callable[..., str]:
    """Return the function for an elementwise layer or operation, which gets the latter's attributes as parameters."""
    taken = list(inspect.signature(function).parameters)[2:]
    return lambda graph, layer, x: function(
        graph, x.name, **{name: getattr(layer, name) for name in taken if hasattr(layer, name)}
    )


def _of_two(operator: str) -> Callable[..., str]:
    """Return the function for an operation on two values or numbers, as in `x + y` or `2 * x`."""
    return lambda graph, operation, one, other: graph.add(operator, _name(one), _name(other))


def _plain(operator: str) -> Callable[..., str]:
    return of_one(lambda graph, x: graph.add(operator, x))


def _name(given: Any) -> Any:
    return given.name if isinstance(given, Value) else given


def _refused(operation: Any, what: str) -> ModelError:
    return ModelError(f"the operation {type(operation).__name__} has no ONNX form here with {what}")


def _nothing(graph: Graph, operation: Any, x: Value) -> str:
    return x.name


def _cast(graph: Graph, operation: Any, x: Value) -> str:
    if "float" not in str(operation.dtype):
        raise _refused(operation, f"dtype {operation.dtype}")
    return x.name


def _above(graph: Graph, one: Any, other: Any) -> str:
    return graph.add("Cast", graph.add("Greater", _name(one), _name(other)), to=1)


def _greater(graph: Graph, operation: Any, one: Any, other: Any) -> str:
    return _above(graph, one, other)


def _less(graph: Graph, operation: Any, one: Any, other: Any) -> str:
    return _above(graph, other, one)


def _greater_equal(graph: Graph, operation: Any, one: Any, other: Any) -> str:
    return graph.add("Sub", 1.0, _above(graph, other, one))


def _less_equal(graph: Graph, operation: Any, one: Any, other: Any) -> str:
    return graph.add("Sub", 1.0, _above(graph, one, other))


def _where(graph: Graph, operation: Any, condition: Any, one: Any, other: Any) -> str:
    return graph.add("Where", graph.add("Cast", _name(condition), to=9), _name(one), _name(other))


def _clip(graph: Graph, operation: Any, x: Value) -> str:
    low, high = operation.x_min, operation.x_max
    if not all(isinstance(one, int | float) for one in (low, high)):
        raise _refused(operation, "bounds that are not plain numbers")
    return graph.add("Clip", x.name, low, high)


def _power(graph: Graph, operation: Any, x: Any, exponent: Any) -> str:
    if isinstance(exponent, int | float) and exponent in (0.5, 2):
        return graph.add("Sqrt", _name(x)) if exponent == 0.5 else graph.add("Mul", _name(x), _name(x))
    return graph.add("Pow", _name(x), _name(exponent))


def _square(graph: Graph, x: str) -> str:
    return graph.add("Mul", x, x)


def _reciprocal(graph: Graph, x: str) -> str:
    return graph.add("Div", 1.0, x)


def _reciprocal_root(graph: Graph, x: str) -> str:
    return graph.add("Div", 1.0, graph.add("Sqrt", x))


def _softmax(operator: str) -> Callable[..., str]:
    def add(graph: Graph, operation: Any, x: Value) -> str:
        if not isinstance(operation.axis, int):
            raise _refused(operation, f"axis {operation.axis}")
        return graph.add(operator, x.name, axis=x.axis(operation.axis))

    return add


def _axes(operation: Any, x: Value) -> list[int]:
    """Return the axes that are reduced. Raises ModelError if images would depend on others in the batch."""
    given = range(len(x.shape)) if operation.axis is None else operation.axis
    axes = [x.axis(one) for one in ([given] if isinstance(given, int) else given)]
    if 0 in axes and x.shape[0] is None:
        raise _refused(operation, "an axis of all images together")
    return axes


def _reduced(operator: str) -> Callable[..., str]:
    def add(graph: Graph, operation: Any, x: Value) -> str:
        return graph.add(operator, x.name, axes=_axes(operation, x), keepdims=int(operation.keepdims))

    return add


def _sum(graph: Graph, operation: Any, x: Value) -> str:
    """Write a sum as mean times count, which C and the page support."""
    sides = [x.shape[axis] for axis in _axes(operation, x)]
    if None in sides:
        raise _refused(operation, "sides of any length")
    return graph.add("Mul", _reduced("ReduceMean")(graph, operation, x), float(math.prod(side or 0 for side in sides)))


def _variance(graph: Graph, operation: Any, x: Value) -> str:
    axes = _axes(operation, x)
    even = graph.add("Sub", x.name, graph.add("ReduceMean", x.name, axes=axes, keepdims=1))
    return graph.add("ReduceMean", _square(graph, even), axes=axes, keepdims=int(operation.keepdims))


def _product(graph: Graph, operation: Any, one: Value, other: Value) -> str:
    if min(len(one.shape), len(other.shape)) < 2:
        raise _refused(operation, "a single row")
    return graph.add("MatMul", one.name, other.name)


def _einsum(graph: Graph, operation: Any, *values: Value) -> str:
    if "..." in operation.subscripts or "->" not in operation.subscripts:
        raise _refused(operation, operation.subscripts)
    return graph.add("Einsum", *(one.name for one in values), equation=operation.subscripts)


def _reshape(graph: Graph, operation: Any, x: Value) -> str:
    def side(place: int, wanted: Any) -> int:
        if isinstance(wanted, int | np.integer):
            return int(wanted)
        return 0 if place < len(x.shape) and x.shape[place] is None else -1

    sides = [side(place, wanted) for place, wanted in enumerate(operation.newshape)]
    if sides.count(-1) > 1:
        raise _refused(operation, "several sides of any length")
    return graph.add("Reshape", x.name, np.array(sides, np.int64))


def _transpose(graph: Graph, operation: Any, x: Value) -> str:
    axes = operation.axes or range(len(x.shape))[::-1]
    return graph.add("Transpose", x.name, perm=[axis % len(x.shape) for axis in axes])


def _unsqueezed(graph: Graph, x: Value, axes: Any) -> str:
    axes = [axes] if isinstance(axes, int) else list(axes)
    rank = len(x.shape) + len(axes)
    return graph.add("Unsqueeze", x.name, np.array([axis % rank for axis in axes], np.int64))


def _expand_dims(graph: Graph, operation: Any, x: Value) -> str:
    return _unsqueezed(graph, x, operation.axis)


def _squeeze(graph: Graph, operation: Any, x: Value) -> str:
    given = operation.axis
    if given is None:
        given = [place for place, side in enumerate(x.shape) if side == 1]
    axes = [given] if isinstance(given, int) else given
    return graph.add("Squeeze", x.name, np.array([axis % len(x.shape) for axis in axes], np.int64))


def _concatenate(graph: Graph, operation: Any, values: list[Value]) -> str:
    return graph.add("Concat", *(one.name for one in values), axis=values[0].axis(operation.axis))


def _stack(graph: Graph, operation: Any, values: list[Value]) -> str:
    axis = operation.axis % (len(values[0].shape) + 1)
    return graph.add("Concat", *(_unsqueezed(graph, one, axis) for one in values), axis=axis)


def _pad(graph: Graph, operation: Any, x: Value, constant_values: float = 0.0) -> str:
    if operation.mode != "constant":
        raise _refused(operation, f"mode {operation.mode}")
    pairs = list(operation.pad_width)
    pairs = pairs * len(x.shape) if len(pairs) == 1 else pairs
    number = [float(constant_values)] if constant_values else []
    return graph.add("Pad", x.name, np.array(pairs, np.int64).T.ravel(), *number)


def _get_item(graph: Graph, operation: Any, x: Value, key: Any) -> str:
    """Write `x[:, 2:-1, 0, None]`: slices, single places and new axes."""
    parts = list(key) if isinstance(key, list | tuple) else [key]
    if not all(one is None or one is Ellipsis or isinstance(one, int | slice) for one in parts):
        raise _refused(operation, "places that are not plain numbers")
    named = sum(isinstance(one, int | slice) for one in parts)
    at = parts.index(Ellipsis) if Ellipsis in parts else len(parts)
    parts[at : at + 1] = [slice(None)] * (len(x.shape) - named)
    cuts: list[tuple[int, int, int, int]] = []
    gone, new, axis, place = [], [], 0, 0
    for one in parts:
        if one is None:
            new.append(place)
        elif isinstance(one, int):
            cuts.append((one, one + 1 if one != -1 else FAR, axis, 1))
            gone.append(axis)
        elif one != slice(None):
            step = 1 if one.step is None else one.step
            if step < 1:
                raise _refused(operation, "steps backwards")
            cuts.append((one.start or 0, FAR if one.stop is None else one.stop, axis, step))
        axis += one is not None
        place += not isinstance(one, int)
    name = x.name
    if cuts:
        name = graph.add("Slice", name, *(np.array(column, np.int64) for column in zip(*cuts, strict=True)))
    if gone:
        name = graph.add("Squeeze", name, np.array(gone, np.int64))
    return graph.add("Unsqueeze", name, np.array(new, np.int64)) if new else name


_BY_PLACE: dict[str, Callable[..., str]] = {
    **{"".join(map(str.title, name.split("_"))): of_one(function) for name, function in ONNX_ACTIVATIONS.items()},
    "Absolute": _plain("Abs"),
    "Add": _of_two("Add"),
    "Cast": _cast,
    "Clip": _clip,
    "ConvertToTensor": _nothing,
    "Cos": _plain("Cos"),
    "Divide": _of_two("Div"),
    "Erf": _plain("Erf"),
    "Exp": _plain("Exp"),
    "Greater": _greater,
    "GreaterEqual": _greater_equal,
    "Less": _less,
    "LessEqual": _less_equal,
    "Log": _plain("Log"),
    "LogSoftmax": _softmax("LogSoftmax"),
    "Maximum": _of_two("Max"),
    "Minimum": _of_two("Min"),
    "Multiply": _of_two("Mul"),
    "Negative": _plain("Neg"),
    "Power": _power,
    "ReLU": of_one(ONNX_ACTIVATIONS["relu"]),
    "Reciprocal": of_one(_reciprocal),
    "Rsqrt": of_one(_reciprocal_root),
    "Sin": _plain("Sin"),
    "Softmax": _softmax("Softmax"),
    "Sqrt": _plain("Sqrt"),
    "Square": of_one(_square),
    "StopGradient": _nothing,
    "Subtract": _of_two("Sub"),
    "TrueDivide": _of_two("Div"),
    "Where": _where,
}

_BY_AXIS: dict[str, Callable[..., str]] = {
    "Concatenate": _concatenate,
    "Einsum": _einsum,
    "ExpandDims": _expand_dims,
    "GetItem": _get_item,
    "Matmul": _product,
    "Max": _reduced("ReduceMax"),
    "Mean": _reduced("ReduceMean"),
    "Min": _reduced("ReduceMin"),
    "Pad": _pad,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Stack": _stack,
    "Sum": _sum,
    "Transpose": _transpose,
    "Var": _variance,
}

ONNX_OPERATIONS: dict[str, tuple[AxisOrder, Callable[..., str]]] = {
    **{name: (AxisOrder.ANY, function) for name, function in _BY_PLACE.items()},
    **{name: (AxisOrder.LAST, function) for name, function in _BY_AXIS.items()},
}
"""Operation of `keras.ops` → axis order, and the function that adds its nodes."""
