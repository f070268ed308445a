"""ONNX graph → loops, with a function per operator: (program, attributes, arrays) → the output array."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError
from digitry.exports import loop_windows
from digitry.exports.loops import LOWEST, SUM, Array, Program


def translated(graph: Any, given: tuple[int, ...]) -> tuple[Program, Array, Array]:
    """Translate an `onnx.GraphProto` with one input and output to loops; return them, the input and the output.

    `given` is the shape of the input, a single image. Raises ModelError if an operator has no form here.
    """
    from onnx import helper, numpy_helper

    program = Program()
    image = program.new(*given)
    values: dict[str, Any] = {graph.input[0].name: image, "": None}
    for tensor in graph.initializer:
        array = numpy_helper.to_array(tensor)
        values[tensor.name] = program.constant(array) if array.dtype == np.float32 else array
    for node in graph.node:
        if node.op_type not in OPERATORS:
            raise ModelError(f"the operator {node.op_type} has no form in C here; known: {', '.join(OPERATORS)}")
        attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        options = {name: one.decode() if isinstance(one, bytes) else one for name, one in attributes.items()}
        values[node.output[0]] = OPERATORS[node.op_type](program, options, *(values[name] for name in node.input))
    return program, image, values[graph.output[0].name]


def _product(program: Program, options: dict[str, Any], a: Array, b: Array) -> Array:
    """Multiply (…, m, k) by (…, k, n)."""
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
    out = program.filled(shape, 0.0)
    program.each(SUM, out[..., np.newaxis, :], a[..., np.newaxis], b[..., np.newaxis, :, :])
    return out


def _gemm(program: Program, options: dict[str, Any], a: Array, b: Array, bias: Any = None) -> Array:
    if options.get("alpha", 1.0) != 1 or options.get("beta", 1.0) != 1 or options.get("transA"):
        raise ModelError("a Gemm with factors, or a turned input, has no form in C here")
    b = b.T if options.get("transB") else b
    out = program.each("x", program.new(a.shape[0], b.shape[1]), program.constant(0.0) if bias is None else bias)
    program.each(SUM, out[:, np.newaxis], a[..., np.newaxis], b)
    return out


def _einsum(program: Program, options: dict[str, Any], a: Array, b: Array) -> Array:
    given, result = options["equation"].replace(" ", "").split("->")
    one, other = given.split(",")
    sides = dict(zip(one + other, [*a.shape, *b.shape], strict=True))
    letters = sorted(sides, key=lambda letter: (letter == result[-1], letter in result))
    out = program.filled([sides[letter] for letter in result], 0.0)

    def on_all(array: Array, names: str) -> Array:
        turned = array.transpose([names.index(letter) for letter in letters if letter in names])
        return turned[tuple(slice(None) if letter in names else np.newaxis for letter in letters)]

    program.each(SUM, on_all(out, result), on_all(a, one), on_all(b, other))
    return out


def _normalised(program: Program, a: Array, axes: Sequence[int], epsilon: float) -> Array:
    even = program.made("x - y", a, program.mean(a, axes))
    power = program.mean(program.made("x * y", even, even), axes)
    return program.made("x / sqrtf(y)", even, program.made("x + y", power, program.constant(epsilon)))


def _batch_normalization(program: Program, options: dict[str, Any], a: Array, *rest: Array) -> Array:
    scale, shift, mean, variance = (one.reshape(1, -1, *[1] * (a.ndim - 2)) for one in rest)
    factor = scale / np.sqrt(variance + np.float32(options.get("epsilon", 1e-5)))
    out = program.each("x", program.new(*a.shape), program.constant(shift - mean * factor))
    return program.each(SUM, out, a, program.constant(factor))


def _layer_normalization(program: Program, options: dict[str, Any], a: Array, scale: Array, shift: Any = None) -> Array:
    axes = range(options.get("axis", -1) % a.ndim, a.ndim)
    out = program.made("x * y", _normalised(program, a, axes, options.get("epsilon", 1e-5)), scale)
    return out if shift is None else program.made("x + y", out, shift)


def _instance_normalization(program: Program, options: dict[str, Any], a: Array, scale: Array, shift: Array) -> Array:
    even = _normalised(program, a, range(2, a.ndim), options.get("epsilon", 1e-5))
    along = (1, -1, *[1] * (a.ndim - 2))
    return program.made("x + y", program.made("x * y", even, scale.reshape(along)), shift.reshape(along))


def _softmax(program: Program, options: dict[str, Any], a: Array) -> Array:
    axis = [options.get("axis", -1)]
    highest = program.reduced("o > x ? o : x", LOWEST, a, axis)
    powers = program.made("expf(x - y)", a, highest)
    return program.made("x / y", powers, program.reduced("o + x", 0.0, powers, axis))


def _log_softmax(program: Program, options: dict[str, Any], a: Array) -> Array:
    return program.made("logf(x)", _softmax(program, options, a))


def _reduced(reduce: Callable[[Program, Array, list[int]], Array]) -> Callable[..., Array]:
    def add(program: Program, options: dict[str, Any], a: Array) -> Array:
        axes = [axis % a.ndim for axis in options.get("axes", range(a.ndim))]
        out = reduce(program, a, axes)
        return out if options.get("keepdims", 1) else out.squeeze(tuple(axes))

    return add


def _reduce_length(program: Program, options: dict[str, Any], a: Array) -> Array:
    power = program.reduced(SUM, 0.0, a, options["axes"])
    program.loops[-1] = program.loops[-1]._replace(b=program.loops[-1].a)
    return program.made("sqrtf(x)", power)


def _global(expression: str, start: float) -> Callable[..., Array]:
    def add(program: Program, options: dict[str, Any], a: Array) -> Array:
        axes = range(2, a.ndim)
        return program.reduced(expression, start, a, axes) if start else program.mean(a, axes)

    return add


def _flatten(program: Program, options: dict[str, Any], a: Array) -> Array:
    axis = options.get("axis", 1)
    return program.reshaped(a, (math.prod(a.shape[:axis]), -1))


def _reshape(program: Program, options: dict[str, Any], a: Array, shape: NDArray[np.int64]) -> Array:
    return program.reshaped(a, [a.shape[at] if side == 0 else int(side) for at, side in enumerate(shape)])


def _squeeze(program: Program, options: dict[str, Any], a: Array, axes: NDArray[np.int64]) -> Array:
    return a.squeeze(tuple(int(axis) for axis in axes))


def _unsqueeze(program: Program, options: dict[str, Any], a: Array, axes: NDArray[np.int64]) -> Array:
    return np.expand_dims(a, tuple(int(axis) for axis in axes))


def _expand(program: Program, options: dict[str, Any], a: Array, shape: NDArray[np.int64]) -> Array:
    return program.made("x", np.broadcast_to(a, np.broadcast_shapes(a.shape, tuple(int(side) for side in shape))))


def _pad(program: Program, options: dict[str, Any], a: Array, pads: NDArray[np.int64], number: Any = None) -> Array:
    if options.get("mode", "constant") != "constant":
        raise ModelError("a padding by reflection has no form in C here")
    before, after = pads.reshape(2, -1).tolist()
    return program.padded(a, before, after, 0.0 if number is None else float(number.ravel()[0]))


def _slice(program: Program, options: dict[str, Any], a: Array, starts: Any, ends: Any, *rest: Any) -> Array:
    axes = rest[0] if rest else range(len(starts))
    steps = rest[1] if len(rest) > 1 else [1] * len(starts)
    places = [slice(None)] * a.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        places[int(axis)] = slice(int(start), int(end), int(step))
    return a[tuple(places)]


def _concatenate(program: Program, options: dict[str, Any], *arrays: Array) -> Array:
    axis = options["axis"] % arrays[0].ndim
    shape = list(arrays[0].shape)
    shape[axis] = sum(one.shape[axis] for one in arrays)
    out, at = program.new(*shape), 0
    for one in arrays:
        part = slice(at, at + one.shape[axis])
        program.each("x", out[(slice(None),) * axis + (part,)], one)
        at += one.shape[axis]
    return out


def _resize(program: Program, options: dict[str, Any], a: Array, region: Any, scales: Array) -> Array:
    times = [int(by) for by in scales]
    if options.get("mode") != "nearest" or not np.array_equal(times, scales):
        raise ModelError("resizing by other than whole numbers of equal pixels has no form in C here")
    repeated = np.broadcast_to(np.expand_dims(a, tuple(range(1, 2 * a.ndim, 2))), _between(a.shape, times))
    return program.made("x", repeated).reshape([side * by for side, by in zip(a.shape, times, strict=True)])


def _between(sides: Sequence[int], others: Sequence[int]) -> tuple[int, ...]:
    return tuple(one for pair in zip(sides, others, strict=True) for one in pair)


def _where(program: Program, options: dict[str, Any], condition: Array, a: Array, b: Array) -> Array:
    out = program.new(*np.broadcast_shapes(condition.shape, a.shape, b.shape))
    return program.each("x != 0 ? y : o", program.each("x", out, b), condition, a)


def _clip(program: Program, options: dict[str, Any], a: Array, low: Any = None, high: Any = None) -> Array:
    if low is not None:
        a = program.made("x > y ? x : y", a, low)
    return a if high is None else program.made("x < y ? x : y", a, high)


def _with(expression: str, name: str, usual: float) -> Callable[..., Array]:
    """Translate an operator with one number, `y`, as an attribute."""
    return lambda program, options, a: program.made(expression, a, program.constant(options.get(name, usual)))


def _plain(expression: str) -> Callable[..., Array]:
    """Translate an elementwise operator on one or two arrays."""
    return lambda program, options, *arrays: program.made(expression, *arrays)


def _hard_sigmoid(program: Program, options: dict[str, Any], a: Array) -> Array:
    slope, shift = (program.constant(options.get(name, usual)) for name, usual in (("alpha", 0.2), ("beta", 0.5)))
    line = program.made("x + y", program.made("x * y", a, slope), shift)
    return _clip(program, {}, line, program.constant(0.0), program.constant(1.0))


def _selu(program: Program, options: dict[str, Any], a: Array) -> Array:
    bent = program.made("x > 0 ? x : y * (expf(x) - 1)", a, program.constant(options.get("alpha", 1.6732632)))
    return program.made("x * y", bent, program.constant(options.get("gamma", 1.0507010)))


OPERATORS: dict[str, Callable[..., Array]] = {
    "Abs": _plain("fabsf(x)"),
    "Add": _plain("x + y"),
    "AveragePool": loop_windows.pooling("o + x", 0.0),
    "BatchNormalization": _batch_normalization,
    "Cast": lambda program, options, a: a,
    "Clip": _clip,
    "Concat": _concatenate,
    "Conv": loop_windows.convolution,
    "ConvTranspose": loop_windows.transposed,
    "Cos": _plain("cosf(x)"),
    "Div": _plain("x / y"),
    "Einsum": _einsum,
    "Elu": _with("x > 0 ? x : y * (expf(x) - 1)", "alpha", 1.0),
    "Erf": _plain("erff(x)"),
    "Exp": _plain("expf(x)"),
    "Expand": _expand,
    "Flatten": _flatten,
    "Gemm": _gemm,
    "GlobalAveragePool": _global("o + x", 0.0),
    "GlobalMaxPool": _global("o > x ? o : x", LOWEST),
    "Greater": _plain("x > y ? 1.0f : 0.0f"),
    "HardSigmoid": _hard_sigmoid,
    "Identity": lambda program, options, a: a,
    "InstanceNormalization": _instance_normalization,
    "LayerNormalization": _layer_normalization,
    "LeakyRelu": _with("x > 0 ? x : x * y", "alpha", 0.01),
    "Log": _plain("logf(x)"),
    "LogSoftmax": _log_softmax,
    "MatMul": _product,
    "Max": _plain("x > y ? x : y"),
    "MaxPool": loop_windows.pooling("o > x ? o : x", LOWEST),
    "Min": _plain("x < y ? x : y"),
    "Mul": _plain("x * y"),
    "Neg": _plain("-x"),
    "PRelu": _plain("x > 0 ? x : x * y"),
    "Pad": _pad,
    "Pow": _plain("powf(x, y)"),
    "ReduceL2": _reduce_length,
    "ReduceMax": _reduced(lambda program, a, axes: program.reduced("o > x ? o : x", LOWEST, a, axes)),
    "ReduceMean": _reduced(lambda program, a, axes: program.mean(a, axes)),
    "ReduceMin": _reduced(lambda program, a, axes: program.reduced("o < x ? o : x", -LOWEST, a, axes)),
    "Relu": _plain("x > 0 ? x : 0"),
    "Reshape": _reshape,
    "Resize": _resize,
    "Selu": _selu,
    "Sigmoid": _plain("1 / (1 + expf(-x))"),
    "Sin": _plain("sinf(x)"),
    "Slice": _slice,
    "Softmax": _softmax,
    "Softplus": _plain("x > 0 ? x + log1pf(expf(-x)) : log1pf(expf(x))"),
    "Softsign": _plain("x / (1 + fabsf(x))"),
    "Sqrt": _plain("sqrtf(x)"),
    "Squeeze": _squeeze,
    "Sub": _plain("x - y"),
    "Tanh": _plain("tanhf(x)"),
    "Transpose": lambda program, options, a: a.transpose(options["perm"]),
    "Unsqueeze": _unsqueeze,
    "Where": _where,
}
"""ONNX operator → the function that adds its loops and returns its value; expressions such as `x > y` are C."""
