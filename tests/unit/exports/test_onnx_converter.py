"""What Keras' own export writes is brought into the form of our files, or refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from digitry.errors import ModelError
from digitry.networks.contract import Contract

keras = pytest.importorskip("keras")

from digitry.exports import onnx_converter  # noqa: E402 - after it is known to be there
from tests.unit.exports.networks import in_a_row  # noqa: E402

CONTRACT = Contract(recipe="any", class_names=tuple("0123456789"))


def exporting(inputs: list[str]) -> Any:
    """A network whose export takes these inputs."""
    model = in_a_row(keras.layers.Flatten())

    def export(path: str, **options: Any) -> None:
        given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 28, 28, 1]) for name in inputs]
        answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])
        node = helper.make_node("Flatten", [inputs[0]], ["y"])
        onnx.save(helper.make_model(helper.make_graph([node], "g", given, [answer])), path)

    model.export = export
    return model


def test_more_than_one_input_is_refused() -> None:
    onnx_converter.converted(exporting(["x"]), CONTRACT)
    with pytest.raises(ModelError, match="more than one input"):
        onnx_converter.converted(exporting(["x", "constant"]), CONTRACT)


def test_whatever_the_converter_dies_of_is_one_line() -> None:
    model = exporting(["x"])

    def export(path: str, **options: Any) -> None:
        raise RuntimeError("first line\nsecond line")

    model.export = export
    with pytest.raises(ModelError) as caught:
        onnx_converter.converted(model, CONTRACT)
    assert str(caught.value) == "Keras' own export fails with: first line"


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    onnx_converter.converted(exporting(["x"]), CONTRACT)
    assert list(tmp_path.iterdir()) == []
