"""Tiny ONNX models made by hand, so that tests of reading need no trained one."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from digitry.images.canonical import canonical
from digitry.networks.contract import EVEN, METADATA_KEY, PAGE_SHAPE, STRIP_SHAPE, Contract
from digitry.networks.page_answer import CLASSES

_RING = [(7, 0), (12, 3), (14, 10), (12, 17), (7, 20), (2, 17), (0, 10), (2, 3), (7, 0)]
STROKES: dict[int, list[list[tuple[float, float]]]] = {
    0: [_RING],
    1: [[(7, 0), (7, 20)]],
    2: [[(1, 4), (4, 0), (10, 0), (13, 4), (12, 9), (0, 20), (14, 20)]],
    3: [[(1, 1), (9, 0), (13, 4), (10, 9), (5, 10), (11, 11), (14, 15), (10, 20), (1, 19)]],
    4: [[(9, 0), (0, 13), (14, 13)], [(10, 7), (10, 20)]],
    5: [[(13, 0), (2, 0), (1, 9), (9, 8), (14, 13), (10, 19), (0, 19)]],
    6: [[(11, 0), (4, 5), (0, 13), (4, 20), (11, 19), (13, 14), (9, 11), (1, 13)]],
    7: [[(0, 0), (14, 0), (5, 20)]],
    8: [[(7, 9), (2, 5), (4, 0), (10, 0), (12, 5), (7, 9), (0, 15), (4, 20), (10, 20), (14, 15), (7, 9)]],
    9: [[(12, 8), (5, 10), (1, 5), (5, 0), (12, 1), (13, 8), (9, 20)]],
}
"""Plain strokes of each digit in a box 20 high and 14 wide, x then y."""


def printed_digit(digit: int, height: int = 200, thickness: int = 24, side: int = 280) -> NDArray[np.uint8]:
    """A digit in a plotter's hand, uint8 (side, side), light on black, in the middle."""
    page = np.zeros((side, side), np.uint8)
    scale = (height - thickness) / 20
    for stroke in STROKES[digit]:
        points = np.array(stroke) * scale + (side / 2 - 7 * scale, side / 2 - 10 * scale)
        cv2.polylines(page, [np.rint(points).astype(np.int32)], False, 255, thickness, cv2.LINE_AA)
    return page


def template_model(
    class_names: tuple[str, ...] = tuple("0123456789"),
    *,
    contract: str | None = None,
    input_name: str = "images",
    softmax: bool = True,
    domain: str = "",
    side: int = 28,
) -> Any:
    """Probabilities by likeness to the ten printed digits; each argument spoils one thing that a reader checks."""
    templates = np.stack([canonical(printed_digit(digit)) for digit in range(10)]).reshape(10, 784) / 255
    templates = (templates - templates.mean()) / np.linalg.norm(templates, axis=1, keepdims=True)
    weights = np.ascontiguousarray(templates[: len(class_names)].T, np.float32)
    if side != 28:
        weights = np.ones((side * side, len(class_names)), np.float32)
    nodes = [
        helper.make_node("Flatten", [input_name], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        helper.make_node("Softmax" if softmax else "Identity", ["logits"], ["probabilities"], domain=domain),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, ["n", side, side, 1])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", len(class_names)])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    text = Contract(recipe="tiny", class_names=class_names).to_json() if contract is None else contract
    if text:
        helper.set_model_props(model, {METADATA_KEY: text})
    return model


def template_model_bytes(**changes: Any) -> bytes:
    """The bytes of `template_model`."""
    data: bytes = template_model(**changes).SerializeToString()
    return data


SHADES = np.arange(11) / 10
"""What the model of numbers below goes by: columns of paper are 0, columns of digit d are (d + 1) / 10 of full ink."""

SIGN_SHADES = SHADES[1:] - 0.05
"""The same of signs, between those of the digits."""


def shaded_strip(digits: list[int | None], width: int = 4) -> NDArray[np.uint8]:
    """A strip, uint8 (40, w), that the model of numbers spells: a band of its shade for each digit, paper for None."""
    shades = [0.0 if digit is None else SHADES[digit + 1] for digit in digits]
    return np.rint(np.repeat(shades, width) * 255).astype(np.uint8)[np.newaxis].repeat(40, axis=0)


def number_model(
    *,
    contract: str | None = None,
    softmax: bool = True,
    rank: int = 3,
    height: int = 40,
    classes: int = 11,
    signs: tuple[str, ...] = (),
) -> Any:
    """Every two columns are the digit whose shade is nearest, or the sign; each other argument spoils one thing that a
    reader checks. Signs have their shades between those of the digits.
    """
    sharpness = 2000.0
    shades = np.concatenate([SHADES[:classes], SIGN_SHADES[: len(signs)]])
    constants = {
        "shape": np.array([0, -1, 1] if rank == 3 else [-1, 1], np.int64),
        "weights": (2 * sharpness * shades[np.newaxis]).astype(np.float32),
        "bias": (-sharpness * shades**2).astype(np.float32),
    }
    nodes = [
        helper.make_node("Transpose", ["images"], ["channels_first"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["channels_first"], ["pooled"], kernel_shape=[height, 2], strides=[height, 2]),
        helper.make_node("Reshape", ["pooled", "shape"], ["columns"]),
        helper.make_node("MatMul", ["columns", "weights"], ["products"]),
        helper.make_node("Add", ["products", "bias"], ["logits"]),
        helper.make_node("Softmax" if softmax else "Identity", ["logits"], ["probabilities"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny-numbers",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", height, "width", 1])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    names = (*"0123456789", *signs)
    plain = Contract(recipe="tiny", class_names=names, input_shape=STRIP_SHAPE, reads="number")
    text = plain.to_json() if contract is None else contract
    if text:
        helper.set_model_props(model, {METADATA_KEY: text})
    return model


def number_model_bytes(**changes: Any) -> bytes:
    """The bytes of `number_model`."""
    data: bytes = number_model(**changes).SerializeToString()
    return data


def page_model_bytes(*, class_names: tuple[str, ...] = ("0", "1", "other"), channels: int | None = None) -> bytes:
    """A network for pages that answers, in all its channels, the mean of each of the page's 4×4 pixels."""
    channels = CLASSES + len(class_names) if channels is None else channels
    contract = Contract("tiny", class_names, input_shape=PAGE_SHAPE, scale=1.0, polarity=EVEN, reads="page")
    nodes = [helper.make_node("Conv", ["pages", "weights"], ["answers"], kernel_shape=[4, 4], strides=[4, 4])]
    graph = helper.make_graph(
        nodes,
        "tiny-pages",
        [helper.make_tensor_value_info("pages", TensorProto.FLOAT, [1, 1, "height", "width"])],
        [helper.make_tensor_value_info("answers", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.full((channels, 1, 4, 4), 1 / 16, np.float32), "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    data: bytes = model.SerializeToString()
    return data
