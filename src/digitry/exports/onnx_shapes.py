"""Keras layers without weights → ONNX nodes, with a function per layer: (graph, layer, value, …) → output's name.

A layer that Keras calls with a list, such as `Add`, gets that list as one value. Further values and options are those
of the layer's call; a call with others than a function has parameters for is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from digitry.exports.onnx_follow import activated
from digitry.exports.onnx_graph import Graph, Value
from digitry.exports.onnx_weights import refuse


def nothing(graph: Graph, layer: Any, x: Value, *rest: Any, **options: Any) -> str:
    """Skip a layer that does nothing at inference."""
    return x.name


def activation(graph: Graph, layer: Any, x: Value) -> str:
    """Write any activation function of Keras."""
    return activated(graph, x, layer.activation)


def softmax(graph: Graph, layer: Any, x: Value) -> str:
    """Write softmax along one axis."""
    if not isinstance(layer.axis, int):
        raise refuse(layer, "several axes")
    return graph.add("Softmax", x.name, axis=x.axis(layer.axis))


def pooling(operator: str) -> Callable[[Graph, Any, Value], str]:
    """Return the function for pooling with this ONNX operator."""

    def add(graph: Graph, layer: Any, x: Value) -> str:
        if layer.data_format != "channels_last":
            raise refuse(layer, layer.data_format)
        padding = {"valid": "VALID", "same": "SAME_UPPER"}[layer.padding]
        return graph.add(
            operator, x.name, kernel_shape=list(layer.pool_size), strides=list(layer.strides), auto_pad=padding
        )

    return add


def global_pooling(operator: str) -> Callable[[Graph, Any, Value], str]:
    """Return the function for global pooling with this ONNX operator."""

    def add(graph: Graph, layer: Any, x: Value) -> str:
        pooled = graph.add(operator, x.name)
        return pooled if layer.keepdims else graph.add("Flatten", pooled)

    return add


def flatten(graph: Graph, layer: Any, x: Value) -> str:
    """Flatten height, width and channels, in this order."""
    return graph.add("Flatten", x.name) if len(x.shape) != 2 else x.name


def reshape(graph: Graph, layer: Any, x: Value) -> str:
    """Reshape, with the numbers in Keras' order."""
    return graph.add("Reshape", x.name, np.array([0, *layer.target_shape], np.int64))


def permute(graph: Graph, layer: Any, x: Value) -> str:
    """Permute the axes."""
    return graph.add("Transpose", x.name, perm=[0, *layer.dims])


def repeat_vector(graph: Graph, layer: Any, x: Value) -> str:
    """Repeat rows: (n, features) → (n, times, features)."""
    between = graph.add("Unsqueeze", x.name, np.array([1], np.int64))
    return graph.add("Expand", between, np.array([1, layer.n, 1], np.int64))


def zero_padding(graph: Graph, layer: Any, x: Value) -> str:
    """Pad height and width with zeros."""
    before, after = np.zeros((2, len(x.shape)), np.int64)
    for axis, (low, high) in enumerate(_pairs(layer.padding), start=1):
        before[x.axis(axis)], after[x.axis(axis)] = low, high
    return graph.add("Pad", x.name, np.concatenate([before, after]))


def cropping(graph: Graph, layer: Any, x: Value) -> str:
    """Cut off the edges."""
    places = {x.axis(axis): pair for axis, pair in enumerate(_pairs(layer.cropping), start=1)}
    starts = [low for low, _ in places.values()]
    ends = [-high if high else 2**31 for _, high in places.values()]
    return graph.add("Slice", x.name, *(np.array(one, np.int64) for one in (starts, ends, list(places))))


def center_crop(graph: Graph, layer: Any, x: Value) -> str:
    """Cut out the middle."""
    sides = [layer.height, layer.width]
    if any(have is None or have < want for have, want in zip(x.shape[1:3], sides, strict=True)):
        raise refuse(layer, "images that are smaller than the crop")
    starts = [(int(have or 0) - want) // 2 for have, want in zip(x.shape[1:3], sides, strict=True)]
    ends = [start + want for start, want in zip(starts, sides, strict=True)]
    axes = [x.axis(1), x.axis(2)]
    return graph.add("Slice", x.name, *(np.array(one, np.int64) for one in (starts, ends, axes)))


def up_sampling(graph: Graph, layer: Any, x: Value) -> str:
    """Enlarge by repeating pixels, or interpolating between them."""
    times = layer.size if isinstance(layer.size, Sequence) else [layer.size]
    return _resize(graph, layer, x, [float(by) for by in times])


def resized(graph: Graph, layer: Any, x: Value) -> str:
    """Resize to another height and width."""
    if layer.crop_to_aspect_ratio or getattr(layer, "pad_to_aspect_ratio", False) or layer.antialias:
        raise refuse(layer, "cropping, padding or antialias")
    if None in x.shape[1:3]:
        raise refuse(layer, "sides of any length")
    wanted = (layer.height, layer.width)
    return _resize(graph, layer, x, [want / int(have or 1) for want, have in zip(wanted, x.shape[1:3], strict=True)])


def _resize(graph: Graph, layer: Any, x: Value, scales: list[float]) -> str:
    kind = getattr(layer, "interpolation", "nearest")
    if kind not in ("nearest", "bilinear"):
        raise refuse(layer, f"interpolation {kind}")
    all_scales = np.ones(len(x.shape), np.float32)
    for axis, scale in enumerate(scales, start=1):
        all_scales[x.axis(axis)] = scale
    return graph.add(
        "Resize",
        x.name,
        "",
        all_scales,
        mode={"nearest": "nearest", "bilinear": "linear"}[kind],
        # Nearest: the source pixel that contains the start of the new one.
        coordinate_transformation_mode="asymmetric" if kind == "nearest" else "half_pixel",
        nearest_mode="floor",
    )


def rescaling(graph: Graph, layer: Any, x: Value) -> str:
    """Multiply by the scale and add the offset."""
    scale, offset = np.asarray(layer.scale, np.float32), np.asarray(layer.offset, np.float32)
    return graph.add("Add", graph.add("Mul", x.name, scale), offset)


def merging(operator: str) -> Callable[[Graph, Any, list[Value]], str]:
    """Return the function for layers that merge several values pairwise."""

    def add(graph: Graph, layer: Any, values: list[Value]) -> str:
        name = values[0].name
        for value in values[1:]:
            name = graph.add(operator, name, value.name)
        return name

    return add


def average(graph: Graph, layer: Any, values: list[Value]) -> str:
    """Return the mean of several values."""
    return graph.add("Mul", merging("Add")(graph, layer, values), 1 / len(values))


def concatenate(graph: Graph, layer: Any, values: list[Value]) -> str:
    """Concatenate values along any axis."""
    return graph.add("Concat", *(value.name for value in values), axis=values[0].axis(layer.axis))


def _pairs(sizes: Any) -> list[tuple[int, int]]:
    """Return Keras' padding or cropping as pairs: ((top, bottom), (left, right)), or (low, high) of a single axis."""
    return [tuple(sizes)] if isinstance(sizes[0], int) else [tuple(pair) for pair in sizes]


def views(graph: Graph, layer: Any, x: Value) -> str:
    """Write the views: each is a convolution with a single 1 at the source of its pixels; then views become images."""
    height, width, channels = x.shape[1:]
    if channels != 1:
        raise refuse(layer, "several channels")
    kernel = np.zeros((len(layer.moves), 1, 3, 3), np.float32)
    for view, (down, right) in enumerate(layer.moves):
        kernel[view, 0, 1 - down, 1 - right] = 1
    name = graph.add("Conv", x.name, kernel, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    return graph.add("Reshape", name, np.array([-1, 1, height, width], np.int64))
