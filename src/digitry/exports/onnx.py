"""Keras network → one ONNX file with the same answers.

Layers used in Keras' vision guides have a function each here: the same weights give the same bytes on TensorFlow, JAX
and Torch, in plain opset-17 nodes. Other layers are traced through the operations of `keras.ops` in them; those that
cannot be traced go through Keras' own export if its converter is installed (docs/decisions/0010-onnx-ways.md).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError
from digitry.exports.onnx_converter import converted, missing_converter
from digitry.exports.onnx_follow import layer_followed
from digitry.exports.onnx_graph import AxisOrder, Graph, Value
from digitry.exports.onnx_layers import ONNX_LAYERS
from digitry.exports.onnx_operations import ONNX_OPERATIONS
from digitry.exports.onnx_weights import refuse
from digitry.exports.opsets import check_opset, in_opset
from digitry.exports.parity import ExportFormat
from digitry.networks.contract import Contract
from digitry.networks.model import INPUT_NAME, Model
from digitry.recipes.base import known_name
from digitry.types import Images


def to_onnx(model: Any, contract: Contract) -> bytes:
    """Convert a Keras network to ONNX bytes; with layers in `ONNX_LAYERS` only, the same weights give the same bytes.

    A network that reads numbers gives logits; in ONNX the temperature and the softmax are appended. Raises ModelError
    if a layer has no ONNX form, and Keras' own export has none for it either.
    """
    try:
        return written_by_layers(model, contract)
    except ModelError as error:
        missing = missing_converter()
        if missing:
            raise ModelError(f"{error}; {missing} may know it: pip install {missing}") from error
        try:
            return converted(model, contract)
        except ModelError as other:
            raise ModelError(f"{error}, and {other}") from error


def written_by_layers(model: Any, contract: Contract) -> bytes:
    """Do the same as `to_onnx` without Keras' export. Raises ModelError, naming the layer, if one has no ONNX form."""
    graph = Graph(_call)
    found = graph.ordered(_network(graph, model, Value(INPUT_NAME, tuple(model.input_shape))), first=False).name
    if contract.reads == "number":
        found = graph.add("Softmax", graph.add("Mul", found, 1 / contract.temperature), axis=-1)
    return graph.to_bytes(found, contract)


def _network(graph: Graph, model: Any, value: Value) -> Value:
    """Write every layer of a Sequential or functional network, including nested ones; return the output value."""
    from keras import Model as KerasModel
    from keras import Sequential

    if isinstance(model, Sequential):
        for layer in model.layers:
            value = _call(graph, layer, value)
        return value
    if not (isinstance(model, KerasModel) and hasattr(model, "_run_through_graph")):
        raise ModelError(f"a network of the class {type(model).__name__} cannot be followed layer by layer")
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError("a network with several inputs or outputs has no ONNX form here")

    def follow(operation: Any) -> Any:
        return lambda *values, **options: _call(graph, operation, *values, **options)

    found = model._run_through_graph([value], operation_fn=follow)
    result: Value = found[0] if isinstance(found, list | tuple) else found
    return result


def _call(graph: Graph, layer: Any, *values: Any, **options: Any) -> Value:
    """Write one layer, or one operation of `keras.ops`, with the arguments of its call."""
    from keras import Model as KerasModel
    from keras import layers

    if isinstance(layer, KerasModel):
        return _network(graph, layer, *values)
    # At inference, the network overrides a `training` argument of a layer's call.
    options = {name: value for name, value in options.items() if value is not None and name != "training"}
    if not isinstance(layer, layers.Layer):
        return _operation(graph, layer, *values, **options)
    kind = known_name(layer)
    if kind.startswith("Random") and kind not in ONNX_LAYERS:
        kind = "Identity"  # it changes images in training only
    if kind not in ONNX_LAYERS:
        return layer_followed(graph, layer, *values, **options)
    layout, function = ONNX_LAYERS[kind]
    graph.enter(layer)
    several = isinstance(values[0], list | tuple)
    given = _values(graph, list(values[0]) if several else list(values))
    first = given[0].first if layout is AxisOrder.ANY else layout is AxisOrder.FIRST
    given = [graph.ordered(one, first=first) for one in given]
    options = {n: graph.ordered(v, first=first) if isinstance(v, Value) else v for n, v in options.items()}
    taken = [given] if several else given
    if not _takes(function, graph, layer, *taken, **options):
        raise refuse(layer, f"what it was called with ({', '.join(options) or len(given)})")
    name = function(graph, layer, *taken, **options)
    shapes = [one.shape for one in given]
    try:
        shape = layer.compute_output_shape(shapes) if several else layer.compute_output_shape(*shapes)
    except NotImplementedError as error:
        raise ModelError(
            f"layer {layer.name} ({type(layer).__name__}) does not say which shape its answer has; give it the method "
            "compute_output_shape"
        ) from error
    return Value(name, tuple(shape), first and len(shape) > 2)


def _operation(graph: Graph, operation: Any, *values: Any, **options: Any) -> Value:
    """Write one operation of `keras.ops`; values of different shapes are first put into Keras' axis order."""
    from keras import KerasTensor, tree

    kind = known_name(operation)
    if kind not in ONNX_OPERATIONS:
        raise ModelError(f"the operation {type(operation).__name__} has no ONNX form here")
    layout, function = ONNX_OPERATIONS[kind]
    graph.enter(operation)
    taken = _values(graph, list(values))
    sized = [one for one in tree.flatten(taken) if isinstance(one, Value) and set(one.shape) - {1}]
    first = layout is AxisOrder.ANY and bool(sized) and sized[0].first and len({one.shape for one in sized}) == 1

    def each(change: Callable[[Value], Any]) -> list[Any]:
        changed = tree.map_structure(lambda one: change(one) if isinstance(one, Value) else one, taken)
        return list(changed)

    ordered = each(lambda one: graph.ordered(one, first=first))
    if not _takes(function, graph, operation, *ordered, **options):
        raise ModelError(f"the operation {type(operation).__name__} has no ONNX form here as it was called")
    name = function(graph, operation, *ordered, **options)
    shape = tuple(operation.compute_output_spec(*each(lambda one: KerasTensor(one.shape)), **options).shape)
    return Value(name, shape, first and len(shape) > 2)


def _values(graph: Graph, given: list[Any]) -> list[Any]:
    """Return the arguments of a layer or an operation, with weights and other arrays as values."""
    from keras import Variable, ops, tree

    def value(one: Any) -> Any:
        return graph.constant(one) if isinstance(one, Variable | np.ndarray) or ops.is_tensor(one) else one

    return list(tree.map_structure(value, given))


def _takes(function: Callable[..., str], *given: Any, **options: Any) -> bool:
    """Tell whether the function accepts these arguments, without calling it."""
    try:
        inspect.signature(function).bind(*given, **options)
    except TypeError:
        return False
    return True


def answers(path: Path, contract: Contract, images: Images) -> NDArray[np.float32]:
    """Return the output of one of our ONNX files, by ONNX Runtime."""
    return Model(path, reads=contract.reads).probabilities(images)


def graph_format(
    key: str,
    name: str,
    suffix: str,
    from_graph: Callable[[bytes, Contract, Path, Images], None],
    answers: Callable[[Path, Contract, Images], NDArray[np.float32]],
    **more: Any,
) -> ExportFormat:
    """Return a format that is written from the ONNX graph alone, wherever it comes from."""

    def write(model: Any, contract: Contract, path: Path, sample: Images) -> None:
        from_graph(to_onnx(model, contract), contract, path, sample)

    return ExportFormat(key, name, suffix, write, answers, from_graph=from_graph, **more)


def _format(opset: int | None = None) -> ExportFormat:
    def from_graph(data: bytes, contract: Contract, path: Path, sample: Images) -> None:
        path.write_bytes(data if opset is None else in_opset(data, opset))

    return graph_format("onnx", "ONNX model", ".onnx", from_graph, answers)


FORMAT = _format()._replace(options={"opset": lambda value: _format(check_opset(value))})
