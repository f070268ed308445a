"""The page network, from Torch to one ONNX file: normalisations folded into their convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from digitry.training.page_network import PageNetwork

OPSET, IR_VERSION = 17, 8

Layer = tuple[nn.Conv2d, nn.BatchNorm2d | None]
"""A convolution, and the normalisation of its output."""


def page_network_to_onnx(network: PageNetwork, metadata: dict[str, str]) -> bytes:
    """Write a trained network as ONNX bytes: `pages` (1, 1, h, w) → `answers` (1, channels, h/4, w/4)."""
    from onnx import TensorProto, checker, helper

    graph = _written(network)
    graph.nodes[-1].output[0] = "answers"
    proto = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "page-reader",
            [helper.make_tensor_value_info("pages", TensorProto.FLOAT, [1, 1, "height", "width"])],
            [
                helper.make_tensor_value_info(
                    "answers", TensorProto.FLOAT, [1, network.answer.out_channels, "rows", "columns"]
                )
            ],
            graph.initializers,
        ),
        producer_name="digitry",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    helper.set_model_props(proto, metadata)
    checker.check_model(proto, full_check=True)
    data: bytes = proto.SerializeToString(deterministic=True)
    return data


def written_layers(network: PageNetwork) -> list[Layer]:
    """Return the convolutions in the order of the file's weights: a kernel and a bias each."""
    return _written(network).layers


def _written(network: PageNetwork) -> _PageGraph:
    graph = _PageGraph()
    fine = graph.steps(graph.steps("pages", network.stem), network.fine)
    eighth = graph.steps(fine, network.eighth)
    sixteenth = graph.steps(eighth, network.sixteenth)
    coarse = graph.steps(sixteenth, network.coarse)
    merged = graph.steps(graph.plus_twice(sixteenth, coarse, network.from_coarse), network.merge_sixteenth)
    merged = graph.steps(graph.plus_twice(eighth, merged, network.from_sixteenth), network.merge_eighth)
    beside = graph.convolution(fine, network.beside)
    merged = graph.steps(graph.plus_twice(beside, merged, network.from_eighth), network.merge_fine)
    graph.convolution(merged, network.answer)
    return graph


class _PageGraph:
    """Nodes and weights, with numbered names."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.layers: list[Layer] = []
        self.initializers: list[Any] = []

    def add(self, operator: str, *inputs: str | NDArray[Any], **attributes: Any) -> str:
        from onnx import helper, numpy_helper

        name, names = f"{len(self.nodes)}_{operator}", []
        for place, value in enumerate(inputs):
            if isinstance(value, np.ndarray):
                self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), f"{name}_{place}"))
                value = f"{name}_{place}"
            names.append(value)
        self.nodes.append(helper.make_node(operator, names, [f"{name}_out"], name=name, **attributes))
        return f"{name}_out"

    def convolution(self, features: str, layer: nn.Conv2d, normalisation: nn.BatchNorm2d | None = None) -> str:
        self.layers.append((layer, normalisation))
        kernel = layer.weight.detach().double()
        bias = layer.bias.detach().double() if layer.bias is not None else torch.zeros(len(kernel), dtype=torch.float64)
        if normalisation is not None:
            mean, variance = normalisation.running_mean, normalisation.running_var
            scale = normalisation.weight.detach().double() / (variance.double() + normalisation.eps).sqrt()
            kernel = kernel * scale[:, None, None, None]
            bias = normalisation.bias.detach().double() + (bias - mean.double()) * scale
        pads = [layer.padding[0], layer.padding[1]] * 2
        weights = kernel.float().numpy(), bias.float().numpy()
        sizes = {"kernel_shape": list(layer.kernel_size), "strides": list(layer.stride), "pads": pads}
        return self.add("Conv", features, *weights, **sizes)

    def steps(self, features: str, module: nn.Sequential) -> str:
        """Write a module, or several in sequence."""
        if isinstance(module[0], nn.Sequential):
            for step in module:
                features = self.steps(features, step)
            return features
        return self.add("Relu", self.convolution(features, module[0], module[1]))

    def plus_twice(self, features: str, coarse: str, layer: nn.Conv2d) -> str:
        """Add a coarser level's output, each value at the four finer positions that it covers."""
        scales = np.array([1, 1, 2, 2], np.float32)
        twice = self.add("Resize", self.convolution(coarse, layer), "", scales, mode="nearest",
                         coordinate_transformation_mode="asymmetric", nearest_mode="floor")  # fmt: skip
        return self.add("Add", features, twice)
