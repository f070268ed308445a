"""An ONNX graph under construction: values with their shapes in Keras and their axis order in ONNX."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError
from digitry.networks.contract import METADATA_KEY, Contract
from digitry.networks.model import INPUT_NAME, OUTPUT_NAME

OPSET, IR_VERSION = 17, 8
"""Old enough for every runtime of the last four years, including the one in browsers."""


def named_shapes(contract: Contract) -> tuple[list[Any], list[Any]]:
    """Return the shapes of input and output, with a name for every side of any length."""
    classes, (height, width, channels) = len(contract.class_names), contract.input_shape
    if contract.reads == "number":
        return ["n", height, "width", channels], ["n", "frames", 1 + classes]
    return ["n", height, width, channels], ["n", classes]


class AxisOrder(Enum):
    """The axis order that a function needs, and that of its result."""

    FIRST = "channels before height and width, as ONNX's convolutions do"
    LAST = "as Keras does"
    ANY = "either: `Value.axis` tells"


class Value:
    """A value between two layers. Not a tuple, which Keras would take for several values."""

    def __init__(self, name: str, shape: tuple[int | None, ...], first: bool = False) -> None:
        self.name = name
        self.shape = shape
        """As in Keras: (n, …, channels); None for a side of any length."""
        self.first = first
        """Whether channels come before height and width here, as in ONNX's convolutions."""

    def axis(self, axis: int) -> int:
        """Return the axis here for an axis of Keras' shape, which may be negative."""
        axis %= len(self.shape)
        if not self.first or axis == 0:
            return axis
        return 1 if axis == len(self.shape) - 1 else axis + 1


class Node(NamedTuple):
    """One operation; `inputs` and `output` are names."""

    operator: str
    inputs: list[str]
    output: str
    attributes: dict[str, Any]


class Graph:
    """Nodes in order, and the arrays that they use."""

    def __init__(self, write: Callable[..., Value]) -> None:
        """Begin a graph; `write` writes a layer or an operation: (graph, layer, arguments) → value."""
        self._write = write
        self.nodes: list[Node] = []
        self.arrays: dict[str, NDArray[Any]] = {}
        self._turned: dict[str, str] = {}
        self._of_layers: dict[tuple[int, int], str] = {}
        self._constants: dict[int, tuple[str, Any]] = {}
        """With the array itself, because its id is unique only as long as it is kept."""
        self._layer, self._count = 0, 0

    def call(self, layer: Any, *values: Any, **options: Any) -> Value:
        """Write a layer, or an operation of `keras.ops`, with the arguments of its call."""
        return self._write(self, layer, *values, **options)

    def enter(self, layer: Any) -> None:
        """Assign arrays added from now on to `layer`, so that a layer that is called twice shares them."""
        self._layer, self._count = id(layer), 0

    def add(self, operator: str, *inputs: str | float | NDArray[Any], **attributes: Any) -> str:
        """Add a node with names, numbers (float32) and arrays as inputs; return the name of its output."""
        name = f"{len(self.nodes)}_{operator}"
        names = [one if isinstance(one, str) else self._array(one, name, at) for at, one in enumerate(inputs)]
        self.nodes.append(Node(operator, names, f"{name}_out", attributes))
        return f"{name}_out"

    def _array(self, given: float | NDArray[Any], node: str, at: int) -> str:
        array = np.asarray(given)
        if not (isinstance(given, np.ndarray) and array.dtype == np.int64):  # shapes and axes stay integers
            array = array.astype(np.float32)
        place = (self._layer, self._count)
        self._count += 1
        known = self._of_layers.get(place)
        if known and array.dtype == self.arrays[known].dtype and np.array_equal(array, self.arrays[known]):
            return known
        name = f"{node}_{at}"
        self.arrays[name] = np.ascontiguousarray(array).reshape(array.shape)
        self._of_layers[place] = name
        return name

    def constant(self, given: Any) -> Value:
        """Return a Keras weight, or another array, as a value, written once however often it is used."""
        if id(given) not in self._constants:
            from keras import ops

            name = f"{len(self.arrays)}_constant"
            self.arrays[name] = np.array(ops.convert_to_numpy(given), np.float32, order="C")
            self._constants[id(given)] = name, given
        return Value(self._constants[id(given)][0], tuple(given.shape))

    def ordered(self, value: Value, *, first: bool) -> Value:
        """Return the value with channels first, or in Keras' order; values with two axes stay unchanged."""
        rank = len(value.shape)
        if rank <= 2 or value.first == first:
            return value
        if value.name not in self._turned:
            order = [0, rank - 1, *range(1, rank - 1)] if first else [0, *range(2, rank), 1]
            self._turned[value.name] = self.add("Transpose", value.name, perm=order)
        return Value(self._turned[value.name], value.shape, first)

    def to_bytes(self, output: str, contract: Contract) -> bytes:
        """Return the file's bytes; `output` is the name of the output. Raises ModelError if it is not valid ONNX."""
        from onnx import TensorProto, checker, helper, numpy_helper, shape_inference

        if not self.nodes or self.nodes[-1].output != output:
            output = self.add("Identity", output)
        inputs, outputs = named_shapes(contract)
        last = self.nodes[-1]._replace(output=OUTPUT_NAME)
        nodes = [
            helper.make_node(
                node.operator, node.inputs, [node.output], name=f"{number}_{node.operator}", **node.attributes
            )
            for number, node in enumerate([*self.nodes[:-1], last])
        ]
        proto = helper.make_model(
            helper.make_graph(
                nodes,
                contract.recipe,
                [helper.make_tensor_value_info(INPUT_NAME, TensorProto.FLOAT, inputs)],
                [helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, outputs)],
                [numpy_helper.from_array(array, name) for name, array in self.arrays.items()],
            ),
            producer_name="digitry",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        helper.set_model_props(proto, {METADATA_KEY: contract.to_json()})
        try:
            checker.check_model(proto, full_check=True)
        except (checker.ValidationError, shape_inference.InferenceError) as error:
            raise ModelError("what was traced of this network is not valid ONNX") from error
        data: bytes = proto.SerializeToString(deterministic=True)
        return data
