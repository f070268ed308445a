"""The same graph in older and newer opsets answers the same."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper  # noqa: E402 - after it is known to be there

from digitry.errors import ModelError  # noqa: E402
from digitry.exports.opsets import OLDEST, in_opset, newest_opset  # noqa: E402
from digitry.networks.model import Model  # noqa: E402
from tests.conftest import make_digits  # noqa: E402

SHIPPED = Model.shipped("digit")


def test_every_opset_from_the_oldest_to_the_newest_answers_the_same() -> None:
    images = make_digits(4).images
    expected = SHIPPED.probabilities(images)
    assert newest_opset() > 20
    for opset in range(OLDEST, newest_opset() + 1):
        data = in_opset(SHIPPED.data, opset)
        written = onnx.load_model_from_string(data)
        assert [one.version for one in written.opset_import] == [opset]
        model = Model(data)
        assert model.contract == SHIPPED.contract
        np.testing.assert_allclose(model.probabilities(images), expected, atol=1e-6)


def test_an_operator_that_is_newer_than_the_opset_is_named() -> None:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in ("x", "y")]
    scale = helper.make_tensor("scale", TensorProto.FLOAT, [4], [1.0] * 4)
    node = helper.make_node("LayerNormalization", ["x", "scale"], ["y"])
    graph = helper.make_graph([node], "one", ends[:1], ends[1:], [scale])
    data = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    with pytest.raises(ModelError, match="needs LayerNormalization, which came with opset 17; take that"):
        in_opset(data, 16)
    assert in_opset(data, 17) == data
