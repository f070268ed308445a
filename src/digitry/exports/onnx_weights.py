"""Keras layers with weights → ONNX nodes, with a function per layer: (graph, layer, value) → name of the output."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError
from digitry.exports.onnx_follow import activated
from digitry.exports.onnx_graph import Graph, Value


def array_of(variable: Any) -> NDArray[np.float32]:
    """Return the value of a Keras variable."""
    import keras

    return np.asarray(keras.ops.convert_to_numpy(variable), dtype=np.float32)


def refuse(layer: Any, what: str) -> ModelError:
    """Return the error for a layer that has an ONNX form, but not with this option."""
    return ModelError(f"layer {layer.name} ({type(layer).__name__}) has no ONNX form here with {what}")


def _axes(layer: Any) -> list[int]:
    return [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)


def bias_of(layer: Any) -> list[NDArray[np.float32]]:
    """Return the bias of a Keras layer in a list, which is empty if it has none."""
    return [array_of(layer.bias)] if layer.use_bias else []


def _through(graph: Graph, layer: Any, x: Value, name: str) -> str:
    """Write the layer's own activation of a result with the axis order of `x`; return its name."""
    return activated(graph, Value(name, layer.compute_output_shape(x.shape), x.first), layer.activation)


def _convolve(
    graph: Graph, layer: Any, x: str, kernel: NDArray[np.float32], bias: list[NDArray[np.float32]], **attributes: Any
) -> str:
    """Write a convolution; `kernel` is (out, in, height, width)."""
    if layer.padding not in ("valid", "same") or layer.data_format != "channels_last":
        raise refuse(layer, f"padding {layer.padding} and {layer.data_format}")
    wide = [by for by in layer.dilation_rate if by != 1]
    if wide and layer.padding == "same":
        # ONNX Runtime does not support dilation with auto_pad.
        sides = [(size - 1) * by for size, by in zip(kernel.shape[2:], layer.dilation_rate, strict=True)]
        padding: dict[str, Any] = {"pads": [side // 2 for side in sides] + [side - side // 2 for side in sides]}
    else:
        padding = {"auto_pad": {"valid": "VALID", "same": "SAME_UPPER"}[layer.padding]}
    if wide:
        attributes["dilations"] = list(layer.dilation_rate)
    attributes = {"kernel_shape": list(kernel.shape[2:]), "strides": list(layer.strides), **padding, **attributes}
    return graph.add("Conv", x, kernel, *bias, **attributes)


def convolution(graph: Graph, layer: Any, x: Value) -> str:
    """Write Conv1D and Conv2D, including dilated and grouped ones."""
    kernel = array_of(layer.kernel)  # …, in, out
    kernel = np.moveaxis(kernel, (-1, -2), (0, 1))
    grouped = {"group": layer.groups} if layer.groups != 1 else {}
    return _through(graph, layer, x, _convolve(graph, layer, x.name, kernel, bias_of(layer), **grouped))


def _by_channel(kernel: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
    """Return a depthwise kernel, (…, in, multiplier), as one of `in` groups, and the number of groups."""
    channels = kernel.shape[-2]
    moved = np.moveaxis(kernel, (-2, -1), (0, 1))
    return moved.reshape(-1, 1, *kernel.shape[:-2]), channels


def depthwise(graph: Graph, layer: Any, x: Value) -> str:
    """Write DepthwiseConv1D and DepthwiseConv2D."""
    kernel, channels = _by_channel(array_of(layer.kernel))
    return _through(graph, layer, x, _convolve(graph, layer, x.name, kernel, bias_of(layer), group=channels))


def separable(graph: Graph, layer: Any, x: Value) -> str:
    """Write SeparableConv1D and SeparableConv2D: a depthwise, then a pointwise convolution."""
    kernel, channels = _by_channel(array_of(layer.depthwise_kernel))
    middle = _convolve(graph, layer, x.name, kernel, [], group=channels)
    pointwise = np.moveaxis(array_of(layer.pointwise_kernel), (-1, -2), (0, 1))
    name = graph.add("Conv", middle, pointwise, *bias_of(layer), kernel_shape=list(pointwise.shape[2:]))
    return _through(graph, layer, x, name)


def transposed(graph: Graph, layer: Any, x: Value) -> str:
    """Write Conv1DTranspose and Conv2DTranspose."""
    if layer.output_padding is not None or layer.data_format != "channels_last":
        raise refuse(layer, "output_padding, or channels first")
    kernel = np.moveaxis(array_of(layer.kernel), (-1, -2), (0, 1))  # …, out, in → in, out, …
    reach = [(size - 1) * by + 1 for size, by in zip(layer.kernel_size, layer.dilation_rate, strict=True)]
    over = [
        max(far - step, 0) if layer.padding == "same" else 0 for far, step in zip(reach, layer.strides, strict=True)
    ]
    name = graph.add(
        "ConvTranspose",
        x.name,
        kernel,
        *bias_of(layer),
        kernel_shape=list(layer.kernel_size),
        strides=list(layer.strides),
        dilations=list(layer.dilation_rate),
        pads=[side // 2 for side in over] + [side - side // 2 for side in over],
        output_padding=[max(step - far, 0) for far, step in zip(reach, layer.strides, strict=True)],
    )
    return _through(graph, layer, x, name)


def dense(graph: Graph, layer: Any, x: Value) -> str:
    """Multiply along the last axis."""
    kernel = array_of(layer.kernel)
    if len(x.shape) == 2:
        return _through(graph, layer, x, graph.add("Gemm", x.name, kernel, *bias_of(layer)))
    name = graph.add("MatMul", x.name, kernel)
    for bias in bias_of(layer):
        name = graph.add("Add", name, bias)
    return _through(graph, layer, x, name)


def einsum_dense(graph: Graph, layer: Any, x: Value) -> str:
    """Multiply along the axes in its equation."""
    if "..." in layer.equation:
        raise refuse(layer, f"the equation {layer.equation}")
    name = graph.add("Einsum", x.name, array_of(layer.kernel), equation=layer.equation)
    if layer.bias is not None:
        name = graph.add("Add", name, array_of(layer.bias))
    return _through(graph, layer, x, name)


def embedding(graph: Graph, layer: Any, x: Value) -> str:
    """Look up a row of numbers for every integer."""
    return graph.add("Gather", array_of(layer.embeddings), graph.add("Cast", x.name, to=7), axis=0)


def attention(graph: Graph, layer: Any, query: Value, value: Value, key: Value | None = None, **options: Any) -> str:
    """Write MultiHeadAttention, without masks."""
    if any(option for option in options.values()) or layer._use_gate:
        raise refuse(layer, "a mask, a gate, or scores that are returned")
    q = einsum_dense(graph, layer.query_dense, query)
    k = einsum_dense(graph, layer.key_dense, key or value)
    v = einsum_dense(graph, layer.value_dense, value)
    scores = graph.add(
        "Einsum", k, graph.add("Mul", q, float(layer.key_dim) ** -0.5), equation=layer._dot_product_equation
    )
    if len(layer._attention_axes) != 1:
        raise refuse(layer, "attention along several axes")
    weighed = graph.add("Einsum", graph.add("Softmax", scores, axis=-1), v, equation=layer._combine_equation)
    middle = Value(weighed, layer.query_dense.compute_output_shape(query.shape))
    return einsum_dense(graph, layer.output_dense, middle)


def batch_normalization(graph: Graph, layer: Any, x: Value) -> str:
    """Normalise with the fixed statistics of each channel."""
    if layer.axis not in (-1, len(x.shape) - 1):
        raise refuse(layer, f"axis {layer.axis}")
    ones = np.ones(layer.moving_mean.shape, np.float32)
    scale = array_of(layer.gamma) if layer.scale else ones
    shift = array_of(layer.beta) if layer.center else 0 * ones
    mean, variance = array_of(layer.moving_mean), array_of(layer.moving_variance)
    return graph.add("BatchNormalization", x.name, scale, shift, mean, variance, epsilon=layer.epsilon)


def layer_normalization(graph: Graph, layer: Any, x: Value) -> str:
    """Normalise each image by its own mean and variance along the last axes."""
    places = sorted(x.axis(axis) for axis in _axes(layer))
    if getattr(layer, "rms_scaling", False) or places != list(range(places[0], len(x.shape))):
        raise refuse(layer, "rms_scaling, or axes that are not the last")
    shape = [int(x.shape[place] or 1) for place in places]
    scale = array_of(layer.gamma).reshape(shape) if layer.scale else np.ones(shape, np.float32)
    shift = [array_of(layer.beta).reshape(shape)] if layer.center else []
    return graph.add("LayerNormalization", x.name, scale, *shift, axis=places[0], epsilon=layer.epsilon)


def group_normalization(graph: Graph, layer: Any, x: Value) -> str:
    """Normalise each image by the mean and variance of groups of channels, with channels first."""
    channels = x.shape[-1]
    if layer.axis not in (-1, len(x.shape) - 1) or channels is None or None in x.shape[1:]:
        raise refuse(layer, f"axis {layer.axis}, or sides of any length")
    groups = channels if layer.groups == -1 else layer.groups
    ones = np.ones(groups, np.float32)
    flat = graph.add("Reshape", x.name, np.array([0, groups, -1], np.int64))
    even = graph.add("InstanceNormalization", flat, ones, 0 * ones, epsilon=layer.epsilon)
    shape = [1, channels] + [1] * (len(x.shape) - 2)
    sides = [int(side or 1) for side in x.shape[1:-1]]
    name = graph.add("Reshape", even, np.array([-1, channels, *sides], np.int64))
    if layer.scale:
        name = graph.add("Mul", name, array_of(layer.gamma).reshape(shape))
    if layer.center:
        name = graph.add("Add", name, array_of(layer.beta).reshape(shape))
    return name


def rms_normalization(graph: Graph, layer: Any, x: Value) -> str:
    """Divide each row by the root of the mean of its squares."""
    if [x.axis(axis) for axis in _axes(layer)] != [len(x.shape) - 1]:
        raise refuse(layer, f"axis {layer.axis}")
    power = graph.add("ReduceMean", graph.add("Mul", x.name, x.name), axes=[len(x.shape) - 1])
    root = graph.add("Sqrt", graph.add("Add", power, layer.epsilon))
    return graph.add("Mul", graph.add("Div", x.name, root), array_of(layer.scale))


def unit_normalization(graph: Graph, layer: Any, x: Value) -> str:
    """Divide each row by its norm."""
    length = graph.add("ReduceL2", x.name, axes=[x.axis(axis) for axis in _axes(layer)])
    return graph.add("Div", x.name, graph.add("Max", length, 1e-6))


def normalization(graph: Graph, layer: Any, x: Value) -> str:
    """Normalise with statistics that were given, or measured by `adapt`."""
    mean, variance = array_of(layer.mean), array_of(layer.variance)
    spread = np.maximum(np.sqrt(variance), np.float32(1e-7))
    if layer.invert:
        return graph.add("Add", graph.add("Mul", x.name, spread), mean)
    return graph.add("Div", graph.add("Sub", x.name, mean), spread)


def prelu(graph: Graph, layer: Any, x: Value) -> str:
    """Write ReLU with a learnt slope below 0."""
    return graph.add("PRelu", x.name, array_of(layer.alpha))
