"""Convert an ONNX graph to an older or newer opset than the one in which it is written."""

from __future__ import annotations

from functools import cache
from typing import Any

from digitry.errors import ModelError
from digitry.exports.onnx_graph import IR_VERSION
from digitry.networks.model import open_session
from digitry.recipes.settings import check_number

OLDEST = 13
"""In older opsets, `Softmax` has another meaning."""


def check_opset(value: Any) -> int:
    """Return an opset as an integer. Raises SettingError unless it is from `OLDEST` to `newest_opset`."""
    return int(check_number("opset", value, OLDEST, newest_opset()))


@cache
def newest_opset() -> int:
    """Return the newest opset that `onnx` can write here and ONNX Runtime can run, as verification requires."""
    from onnx import TensorProto, defs, helper

    one = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1]), helper.make_tensor_value_info("y", 1, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "probe", one[:1], one[1:])
    newest = int(defs.onnx_opset_version())
    for opset in range(newest, OLDEST, -1):
        opsets = [helper.make_opsetid("", opset)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=helper.find_min_ir_version_for(opsets))
        try:
            open_session(model.SerializeToString())
        except ModelError:
            continue
        return opset
    return OLDEST


def in_opset(data: bytes, opset: int) -> bytes:
    """Return a model's bytes in another opset. Raises ModelError if an operator is newer than that."""
    import onnx
    from onnx import checker, helper, version_converter

    model = onnx.load_model_from_string(data)
    [standard] = [one for one in model.opset_import if not one.domain]
    if standard.version == opset:
        return data
    if opset > standard.version:
        try:
            model = version_converter.convert_version(model, opset)
        except Exception as error:  # the converter's errors have no other common base
            raise ModelError(f"ONNX cannot write this network in opset {opset}; take {standard.version}") from error
    else:
        # From 13 on, our operators mean the same in every opset that has them; this is verified afterwards.
        _check_known(model.graph, opset)
        standard.version = opset
    model.ir_version = max(IR_VERSION, helper.find_min_ir_version_for(model.opset_import))
    try:
        checker.check_model(model, full_check=True)
    except Exception as error:
        raise ModelError(f"ONNX cannot write this network in opset {opset}; take {standard.version}") from error
    written: bytes = model.SerializeToString(deterministic=True)
    return written


def _check_known(graph: Any, opset: int) -> None:
    from onnx import defs

    for node in graph.node:
        since = min(one.since_version for one in defs.get_all_schemas_with_history() if one.name == node.op_type)
        if since > opset:
            raise ModelError(
                f"this network needs {node.op_type}, which came with opset {since}; take that or a newer one"
            )
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _check_known(attribute.g, opset)
