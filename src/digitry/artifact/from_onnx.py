"""One of our ONNX files → the Keras network it came from: weights by order and exact shape, proven to fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.arrays import Images
from digitry.artifact.onnx import to_onnx
from digitry.artifact.proof import check_parity
from digitry.batches.prepare import prepare
from digitry.errors import ModelError
from digitry.predict import Predictor

FIXED_ARRAYS = {"MeanOfViews": 1, "Reshape": 1, "Views": 2}
"""Keras layer class → how many arrays it has in ONNX, where none of them is learned."""


def restore_weights(model: Any, data: bytes, prove_on: Images) -> None:
    """Put the weights of an exported file into a Sequential network of the same recipe.

    Only the file's arrays are used, never its graph: their number, order, shapes and dtypes must be those that `model`
    itself is exported with. Afterwards both give the same label on every image of `prove_on`, uint8 (n, 28, 28).
    ModelError if anything does not match.
    """
    predictor = Predictor(data)
    classes = len(predictor.contract.class_names)
    if model.output_shape[-1] != classes:
        raise ModelError(f"the file knows {classes} classes, the network {model.output_shape[-1]}")
    arrays, own = _initializers(data), _initializers(to_onnx(model, predictor.contract))
    variables = [variable for layer in model.layers for variable in _variables(layer)]
    if len(variables) != len(own) or [_kind(one) for one in arrays] != [_kind(one) for one in own]:
        raise ModelError("the file does not hold exactly the weights that this recipe has")
    for variable, array, constant in zip(variables, arrays, own, strict=True):
        if not np.isfinite(array).all():
            raise ModelError("the file holds weights that are not finite numbers")
        if variable is not None:
            # out, in, height, width → height, width, in, out; of a depthwise kernel, whose `in` is 1, also the reverse.
            variable.assign(array.transpose(2, 3, 1, 0).reshape(variable.shape) if array.ndim == 4 else array)
        elif not np.array_equal(array, constant):
            raise ModelError("the file was made with other fixed numbers than this recipe has")
    expected = np.asarray(model.predict(prepare(prove_on), batch_size=250, verbose=0), np.float32)
    try:
        check_parity(expected, predictor.probabilities(prove_on))
    except ModelError as error:
        raise ModelError("the file answers otherwise than this recipe does with its weights") from error


def _initializers(data: bytes) -> list[NDArray[Any]]:
    import onnx
    from onnx import numpy_helper

    try:
        return [numpy_helper.to_array(tensor) for tensor in onnx.load_model_from_string(data).graph.initializer]
    except Exception as error:  # protobuf's own errors have no common base but this
        raise ModelError("the file's weights cannot be read; export it again") from error


def _variables(layer: Any) -> list[Any]:
    """The layer's variables in the order of its arrays in ONNX; None for an array that is no variable of it."""
    kind = type(layer).__name__
    if kind == "BatchNormalization":
        return [layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance]
    if kind in FIXED_ARRAYS:
        return [None] * FIXED_ARRAYS[kind]
    return list(layer.weights)


def _kind(array: NDArray[Any]) -> tuple[tuple[int, ...], str]:
    return array.shape, array.dtype.str
