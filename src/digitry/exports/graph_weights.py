"""The weights of one of our ONNX files → the Keras network it came from, without knowing any layer.

To find which number of the file belongs to which weight, the network is exported with each weight replaced by its own
index; where that index ends up in the ONNX, the file has the weight.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError
from digitry.exports.onnx import written_by_layers
from digitry.networks.contract import Contract

MOST = 2**23
"""Float32 represents twice as many integers exactly."""


def put_graph_weights(model: Any, data: bytes, contract: Contract) -> None:
    """Set the weights of a Keras network from an ONNX file of the same recipe.

    Only the file's arrays are used, never its nodes: their number, order, shapes and dtypes must be those with which
    `model` itself is exported. Raises ModelError if anything does not match.
    """
    variables = list(model.weights)
    total = sum(int(np.prod(variable.shape)) for variable in variables)
    if total > MOST:
        raise ModelError(f"the file holds more than {MOST:,} weights; start from the folder of its run")
    arrays = _arrays(data)
    first, second = (_written_with_positions(model, variables, start, contract) for start in (0, total))
    if [_kind(one) for one in arrays] != [_kind(one) for one in first]:
        raise ModelError("the file does not hold exactly the weights that this recipe has")
    found, is_there = np.empty(total, np.float32), np.zeros(total, bool)
    for array, one, other in zip(arrays, first, second, strict=True):
        if np.array_equal(one, other):
            if not np.array_equal(array, one):
                raise ModelError("the file was made with other fixed numbers than this recipe has")
        elif np.array_equal(one + total, other):
            places = one.astype(np.int64)
            found[places], is_there[places] = array, True
    if not is_there.all():
        raise ModelError("a weight of this recipe is not in the file as it is; start from the folder of its run")
    if not np.isfinite(found).all():
        raise ModelError("the file holds weights that are not finite numbers")
    at = 0
    for variable in variables:
        size = int(np.prod(variable.shape))
        variable.assign(found[at : at + size].reshape(variable.shape))
        at += size


def _written_with_positions(model: Any, variables: list[Any], start: int, contract: Contract) -> list[NDArray[Any]]:
    for variable in variables:
        size = int(np.prod(variable.shape))
        variable.assign(np.arange(start, start + size, dtype=np.float32).reshape(variable.shape))
        start += size
    return _arrays(written_by_layers(model, contract))


def _arrays(data: bytes) -> list[NDArray[Any]]:
    import onnx
    from onnx import numpy_helper

    try:
        return [numpy_helper.to_array(tensor) for tensor in onnx.load_model_from_string(data).graph.initializer]
    except Exception as error:  # protobuf's errors have no other common base
        raise ModelError("the file's weights cannot be read; export it again") from error


def _kind(array: NDArray[Any]) -> tuple[tuple[int, ...], str]:
    return array.shape, array.dtype.str
