"""Keras network → one ONNX file with the same answers.

Written here, a function a layer, instead of through each backend's own converter: one path for TensorFlow, JAX and
Torch, the same bytes from the same weights, and plain opset-17 nodes (docs/decisions/0004-onnx.md).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.arrays import Images
from digitry.artifact.proof import Format
from digitry.contract import METADATA_KEY, STRIP_SHAPE, Contract
from digitry.errors import ModelError
from digitry.predict import Predictor, StringPredictor

OPSET, IR_VERSION = 17, 8
"""Old enough for every runtime of the last four years, the browser's too."""


def to_onnx(model: Any, contract: Contract) -> bytes:
    """A Sequential Keras network as ONNX bytes; the same weights give the same bytes.

    A network that reads numbers gives logits; in ONNX the temperature and the softmax come after them.
    """
    import keras
    from onnx import TensorProto, checker, helper

    if not isinstance(model, keras.Sequential):
        raise ModelError("only Sequential networks can be exported to ONNX; build the recipe as keras.Sequential")
    graph = _Graph()
    graph.add("Transpose", perm=[0, 3, 1, 2])
    for layer in model.layers:
        kind = type(layer).__name__
        if kind not in LAYERS:
            raise ModelError(
                f"layer {kind} has no ONNX form here; known: {', '.join(LAYERS)}; add it to artifact/onnx.py"
            )
        LAYERS[kind](graph, layer)
    classes = len(contract.class_names)
    inputs, outputs = ["n", *contract.input_shape], ["n", classes]
    if contract.input_shape == STRIP_SHAPE:
        graph.add("Mul", np.asarray(1 / contract.temperature, np.float32))
        graph.add("Softmax", axis=-1)
        inputs[2], outputs = "width", ["n", "frames", 1 + classes]
    graph.nodes[-1].output[0] = "probabilities"
    proto = helper.make_model(
        helper.make_graph(
            graph.nodes,
            contract.recipe,
            [helper.make_tensor_value_info("images", TensorProto.FLOAT, inputs)],
            [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, outputs)],
            graph.initializers,
        ),
        producer_name="digitry",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    helper.set_model_props(proto, {METADATA_KEY: contract.to_json()})
    checker.check_model(proto, full_check=True)
    data: bytes = proto.SerializeToString(deterministic=True)
    return data


def answers(path: Path, contract: Contract, images: Images) -> NDArray[np.float32]:
    """What an ONNX file of ours gives, by ONNX Runtime."""
    if contract.input_shape == STRIP_SHAPE:
        return StringPredictor(path).frames(images)
    return Predictor(path).probabilities(images)


def _write(model: Any, contract: Contract, path: Path, sample: Images) -> None:
    path.write_bytes(to_onnx(model, contract))


FORMAT = Format("ONNX model", ".onnx", _write, answers)


class _Graph:
    """A chain of nodes: each takes the output of the one before."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []

    def add(self, operator: str, *constants: NDArray[Any], **attributes: Any) -> None:
        from onnx import helper, numpy_helper

        before = self.nodes[-1].output[0] if self.nodes else "images"
        name = f"{len(self.nodes)}_{operator}"
        names = [f"{name}_{i}" for i in range(len(constants))]
        self.initializers += [
            numpy_helper.from_array(np.ascontiguousarray(array), given)
            for array, given in zip(constants, names, strict=True)
        ]
        self.nodes.append(helper.make_node(operator, [before, *names], [f"{name}_out"], name=name, **attributes))


def _convolution(graph: _Graph, layer: Any) -> None:
    kernel, *bias = _weights(layer)
    if tuple(layer.dilation_rate) != (1, 1) or layer.groups != 1:
        raise ModelError("a dilated or grouped convolution has no ONNX form here; add it to artifact/onnx.py")
    # height, width, in, out → out, in, height, width
    _add_convolution(graph, layer, kernel.transpose(3, 2, 0, 1), bias)


def _depthwise(graph: _Graph, layer: Any) -> None:
    kernel, *bias = _weights(layer)
    if tuple(layer.dilation_rate) != (1, 1) or layer.depth_multiplier != 1:
        raise ModelError(
            "a dilated or widening depthwise convolution has no ONNX form here; add it to artifact/onnx.py"
        )
    # height, width, in, 1 → in, 1, height, width
    _add_convolution(graph, layer, kernel.transpose(2, 3, 0, 1), bias, group=kernel.shape[2])


def _add_convolution(
    graph: _Graph, layer: Any, kernel: NDArray[np.float32], bias: list[NDArray[np.float32]], **attributes: int
) -> None:
    graph.add(
        "Conv",
        kernel,
        *bias,
        kernel_shape=list(layer.kernel_size),
        strides=list(layer.strides),
        auto_pad=_padding(layer),
        **attributes,
    )
    _activation(graph, layer)


def _pooling(graph: _Graph, layer: Any) -> None:
    operator = {"MaxPooling2D": "MaxPool", "AveragePooling2D": "AveragePool"}[type(layer).__name__]
    graph.add(operator, kernel_shape=list(layer.pool_size), strides=list(layer.strides), auto_pad=_padding(layer))


def _global_average(graph: _Graph, layer: Any) -> None:
    graph.add("GlobalAveragePool")
    graph.add("Flatten")


def _flatten(graph: _Graph, layer: Any) -> None:
    # Keras flattens height, width, channels in this order.
    graph.add("Transpose", perm=[0, 2, 3, 1])
    graph.add("Flatten")


def _dense(graph: _Graph, layer: Any) -> None:
    kernel, *bias = _weights(layer)
    graph.add("Gemm", kernel, *bias)
    _activation(graph, layer)


def _batch_normalization(graph: _Graph, layer: Any) -> None:
    ones = np.ones(layer.moving_mean.shape, np.float32)
    scale = array_of(layer.gamma) if layer.scale else ones
    shift = array_of(layer.beta) if layer.center else 0 * ones
    graph.add(
        "BatchNormalization",
        scale,
        shift,
        array_of(layer.moving_mean),
        array_of(layer.moving_variance),
        epsilon=layer.epsilon,
    )


def _activation(graph: _Graph, layer: Any) -> None:
    name = layer.activation.__name__
    if name == "softmax":
        graph.add("Softmax", axis=-1)
    elif name in ("relu", "sigmoid", "tanh"):
        graph.add(name.capitalize())
    elif name != "linear":
        raise ModelError(f"activation {name} has no ONNX form here; add it to artifact/onnx.py")


def _relu(graph: _Graph, layer: Any) -> None:
    if layer.max_value is not None or layer.negative_slope or layer.threshold:
        raise ModelError("only a plain ReLU layer has an ONNX form here; add the others to artifact/onnx.py")
    graph.add("Relu")


def _reshape(graph: _Graph, layer: Any) -> None:
    # Keras reads height, width, channels in this order.
    graph.add("Transpose", perm=[0, 2, 3, 1])
    graph.add("Reshape", np.array([0, *layer.target_shape], np.int64))


def _views(graph: _Graph, layer: Any) -> None:
    # Each view is a convolution with a single 1 where its pixels come from; then views become images.
    height, width, channels = layer.input.shape[1:]
    if channels != 1:
        raise ModelError("views of images with several channels have no ONNX form here; add it to artifact/onnx.py")
    kernel = np.zeros((len(layer.moves), 1, 3, 3), np.float32)
    for view, (down, right) in enumerate(layer.moves):
        kernel[view, 0, 1 - down, 1 - right] = 1
    graph.add("Conv", kernel, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    graph.add("Reshape", np.array([-1, 1, height, width], np.int64))


def _mean_of_views(graph: _Graph, layer: Any) -> None:
    graph.add("Reshape", np.array([-1, layer.views, layer.input.shape[-1]], np.int64))
    graph.add("ReduceMean", axes=[1], keepdims=0)


def _nothing(graph: _Graph, layer: Any) -> None:
    """Layers that do nothing after training."""


LAYERS: dict[str, Callable[[_Graph, Any], None]] = {
    "Activation": _activation,
    "AveragePooling2D": _pooling,
    "BatchNormalization": _batch_normalization,
    "Conv2D": _convolution,
    "Dense": _dense,
    "DepthwiseConv2D": _depthwise,
    "Dropout": _nothing,
    "Flatten": _flatten,
    "GlobalAveragePooling2D": _global_average,
    "InputLayer": _nothing,
    "MaxPooling2D": _pooling,
    "MeanOfViews": _mean_of_views,
    "ReLU": _relu,
    "Reshape": _reshape,
    "Views": _views,
}
"""Keras layer class → the function that adds its nodes."""


def _padding(layer: Any) -> str:
    return {"valid": "VALID", "same": "SAME_UPPER"}[layer.padding]


def _weights(layer: Any) -> list[NDArray[np.float32]]:
    return [array_of(variable) for variable in layer.weights]


def array_of(variable: Any) -> NDArray[np.float32]:
    """The value of a Keras variable."""
    import keras

    return np.asarray(keras.ops.convert_to_numpy(variable), dtype=np.float32)
