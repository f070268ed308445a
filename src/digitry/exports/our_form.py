"""A network from elsewhere and the form of its input → the same network in our form, with our contract."""

from __future__ import annotations

from typing import Any

import numpy as np

from digitry.errors import ModelError
from digitry.exports.bounded import bounded
from digitry.exports.foreign_onnx import Foreign, Way, colours_first, shares, to_probabilities
from digitry.networks.contract import METADATA_KEY, Contract
from digitry.networks.model import INPUT_NAME, OUTPUT_NAME, open_session
from digitry.networks.onnx_bytes import check_model_bytes
from digitry.types import IMAGE_SIDE

TOLERANCE = 1e-4
"""Largest difference of a probability between the original file and the result."""

LEAST_SHARE = 1e-9
"""Added to shares, so that even those that are all 0 become probabilities."""


def in_our_form(foreign: Foreign, way: Way, output: str, contract: Contract, order: list[int], kind: str) -> bytes:
    """Return the network with the input of our contract and probabilities as output.

    `order`: the column of each class of the contract; `kind`: what the columns hold, `logits`, `probabilities` or
    `shares` that do not sum to 1. If it takes only one image at a time, it is put into a loop. Raises ModelError if
    neither gives the same answers.
    """
    check = np.random.default_rng(0).integers(0, 256, (5, IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    expected = to_probabilities(foreign.rows(check, way, output, len(order)), kind)[:, order]
    for loops in (False, True) if way.layout.several else (True,):
        data = _written(foreign, way, output, contract, order, kind, loops)
        try:
            check_model_bytes(data)
            given = {INPUT_NAME: check[..., np.newaxis] / np.float32(255)}
            with bounded() as options:
                [got] = open_session(data).run([OUTPUT_NAME], given, options)
        except Exception:  # it takes one at a time
            continue
        if got.shape == expected.shape and np.abs(got - expected).max() <= TOLERANCE:
            return data
    raise ModelError("the converted model does not answer as it does; export it again, for any number of images")


def _written(
    foreign: Foreign, way: Way, output: str, contract: Contract, order: list[int], kind: str, loops: bool
) -> bytes:
    from onnx import TensorProto, compose, helper

    theirs = compose.add_prefix(foreign.proto, "theirs/")
    nodes, constants = _before(way, f"theirs/{foreign.input}", foreign.dtype, alone=loops)
    nodes += theirs.graph.node
    after, more = _after(f"theirs/{output}", order, kind, alone=loops)
    nodes += after
    constants = [*constants, *more, *theirs.graph.initializer]
    classes = len(order)
    inputs = [helper.make_tensor_value_info(INPUT_NAME, TensorProto.FLOAT, ["n", IMAGE_SIDE, IMAGE_SIDE, 1])]
    outputs = [helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, ["n", classes])]
    if loops:
        one = helper.make_tensor_value_info("image", TensorProto.FLOAT, [IMAGE_SIDE, IMAGE_SIDE, 1])
        row = helper.make_tensor_value_info("row", TensorProto.FLOAT, [classes])
        body = helper.make_graph(nodes, "one image", [one], [row], constants)
        nodes = [helper.make_node("Scan", [INPUT_NAME], [OUTPUT_NAME], body=body, num_scan_inputs=1)]
        constants = []
    graph = helper.make_graph(nodes, "adopted", inputs, outputs, constants)
    graph.sparse_initializer.extend([] if loops else theirs.graph.sparse_initializer)
    proto = helper.make_model(graph, opset_imports=foreign.proto.opset_import, ir_version=foreign.proto.ir_version)
    helper.set_model_props(proto, {METADATA_KEY: contract.to_json()})
    data: bytes = proto.SerializeToString(deterministic=True)
    return data


def _before(way: Way, name: str, dtype: Any, *, alone: bool) -> tuple[list[Any], list[Any]]:
    """Return the nodes and arrays from our image or images to the network's input, called `name`."""
    from onnx import helper

    layout, chain = way.layout, _Chain("image" if alone else INPUT_NAME)
    chain.add("Reshape", np.array([-1, IMAGE_SIDE, IMAGE_SIDE], np.int64))
    if way.fit != "as it is":
        chain.add("MatMul", np.ascontiguousarray(shares(way).T))
        chain.add("MatMul", shares(way), before=True)
    if way.lying:
        chain.add("Transpose", perm=[0, 2, 1])
    if way.factor != 1:
        chain.add("Mul", np.float32(way.factor))
    if way.offset:
        chain.add("Add", np.float32(way.offset))
    if layout.colours == 3:
        first = colours_first(layout)
        side = (layout.side, layout.side)
        chain.add("Reshape", np.array((-1, 1, *side) if first else (-1, *side, 1), np.int64))
        chain.nodes.append(helper.make_node("Concat", [chain.name] * 3, ["ours/colours"], axis=1 if first else 3))
        chain.name = "ours/colours"
    chain.add("Reshape", np.array([*((-1,) if layout.several else ()), *layout.shape], np.int64))
    if dtype != np.float32:
        chain.add("Cast", to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
    chain.nodes.append(helper.make_node("Identity", [chain.name], [name]))
    return chain.nodes, chain.constants


def _after(name: str, order: list[int], kind: str, *, alone: bool) -> tuple[list[Any], list[Any]]:
    """Return the nodes and arrays from the network's output, called `name`, to probabilities."""
    from onnx import TensorProto, helper

    chain = _Chain(name, "after")
    chain.add("Cast", to=TensorProto.FLOAT)
    chain.add("Reshape", np.array([-1, len(order)], np.int64))
    if kind == "logits":
        chain.add("Softmax", axis=1)
    elif kind == "shares":
        chain.add("Add", np.float32(LEAST_SHARE))
        chain.add("LpNormalization", axis=1, p=1)
    if order != sorted(order):
        chain.add("Gather", np.array(order, np.int64), axis=1)
    if alone:
        chain.add("Reshape", np.array([len(order)], np.int64))
    chain.nodes.append(helper.make_node("Identity", [chain.name], ["row" if alone else OUTPUT_NAME]))
    return chain.nodes, chain.constants


class _Chain:
    """A chain of nodes, each taking the output of the one before."""

    def __init__(self, name: str, place: str = "before") -> None:
        self.name, self._place = name, place
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operator: str, array: Any = None, *, before: bool = False, **attributes: Any) -> None:
        """Add a node; the array is its second input, or with `before` its first."""
        from onnx import helper, numpy_helper

        output = f"ours/{self._place}/{len(self.nodes)}"
        inputs = [self.name]
        if array is not None:
            self.constants.append(numpy_helper.from_array(np.asarray(array), f"{output}/array"))
            inputs = [f"{output}/array", self.name] if before else [self.name, f"{output}/array"]
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        self.name = output
