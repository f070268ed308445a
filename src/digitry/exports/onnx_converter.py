"""Keras network → ONNX through Keras' own export, for layers that have no function here, such as recurrent ones.

Each backend has its own converter, with different nodes and names, and different bytes every time; the result gets our
input, output and contract, and is verified like everything else.
"""

from __future__ import annotations

import importlib.util
import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from digitry.console import native_stderr_muted
from digitry.errors import ModelError
from digitry.exports.onnx_graph import IR_VERSION, OPSET, named_shapes
from digitry.networks.contract import METADATA_KEY, Contract
from digitry.networks.model import INPUT_NAME, OUTPUT_NAME

CONVERTERS = {"tensorflow": "tf2onnx", "jax": "jax2onnx"}
"""Keras backend → the package that its export needs; Torch includes its own."""


def missing_converter() -> str | None:
    """Return the missing package that the export needs here; None if there is none."""
    import keras

    name = CONVERTERS.get(keras.config.backend())
    return name if name and not importlib.util.find_spec(name) else None


def converted(model: Any, contract: Contract) -> bytes:
    """Convert the network to ONNX bytes. Raises ModelError if the converter fails."""
    from onnx import TensorProto, checker, compose, helper, numpy_helper

    found = _exported(model)
    if {INPUT_NAME, OUTPUT_NAME} & {one.name for one in [*found.graph.input, *found.graph.output]}:
        found = compose.add_prefix(found, "keras/")
    graph = found.graph
    known = {tensor.name for tensor in graph.initializer}
    inputs, outputs = [one for one in graph.input if one.name not in known], list(graph.output)
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelError("Keras' own export makes more than one input or output of it")
    given, answer = inputs[0], outputs[0]
    nodes = [helper.make_node("Identity", [INPUT_NAME], [given.name]), *graph.node]
    constants = [*graph.initializer]
    if contract.reads == "number":
        constants.append(numpy_helper.from_array(np.asarray(1 / contract.temperature, np.float32), "sharpness"))
        nodes.append(helper.make_node("Mul", [answer.name, "sharpness"], ["sharpened"]))
        nodes.append(helper.make_node("Softmax", ["sharpened"], [OUTPUT_NAME], axis=-1))
    else:
        nodes.append(helper.make_node("Identity", [answer.name], [OUTPUT_NAME]))
    inputs, outputs = named_shapes(contract)
    proto = helper.make_model(
        helper.make_graph(
            nodes,
            contract.recipe,
            [helper.make_tensor_value_info(INPUT_NAME, TensorProto.FLOAT, inputs)],
            [helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, outputs)],
            constants,
        ),
        producer_name="digitry",
        opset_imports=[one for one in found.opset_import if not one.domain],
        ir_version=IR_VERSION,
    )
    helper.set_model_props(proto, {METADATA_KEY: contract.to_json()})
    try:
        checker.check_model(proto)
    except checker.ValidationError as error:
        raise ModelError("what Keras' own export writes is not valid ONNX") from error
    data: bytes = proto.SerializeToString(deterministic=True)
    return data


def _exported(model: Any) -> Any:
    """Return the model that Keras exports."""
    import onnx

    # Keras only exports models that have been called; sides of any length get that of a short number.
    model(np.zeros([1, *(side or 64 for side in model.input_shape[1:])], np.float32), training=False)
    before = logging.root.manager.disable
    with tempfile.TemporaryDirectory(prefix="digitry-") as folder, warnings.catch_warnings(), native_stderr_muted():
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)  # the converters log a lot
        path = Path(folder) / "model.onnx"
        try:
            model.export(str(path), format="onnx", verbose=False, opset_version=OPSET)
            return onnx.load(str(path))
        except Exception as error:  # the converters' errors have no other common base
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ModelError(f"Keras' own export fails with: {reason[:200]}") from error
        finally:
            logging.disable(before)
