"""The promises for models of others: damaged files and graphs that never end or fill the memory are refused."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402 - after it is known to be there

from digitry.errors import ModelError  # noqa: E402
from digitry.evaluation.adopt import adopt  # noqa: E402
from digitry.exports import bounded, foreign_keras  # noqa: E402
from digitry.exports.foreign_keras import keras_to_onnx  # noqa: E402
from digitry.exports.foreign_onnx import Foreign, ways_of  # noqa: E402
from digitry.reading import Reader  # noqa: E402
from digitry.types import Dataset  # noqa: E402
from tests.needs import linux  # noqa: E402
from tests.reliability.mutations import Read, check_mutated  # noqa: E402

SHORT, FULL = 30, 20_000
"""Damaged files of each kind."""

OPENED = 40
"""Of these, so many Keras files are opened too, each in a process of its own."""

SPAN = 800
"""Bytes from either end that are damaged: all of a small graph but its weights."""

IMAGE = np.zeros((1, 28, 28), np.uint8)
FLAT = helper.make_node("Flatten", ["input"], ["flat"])


def network(nodes: list[Any], **arrays: np.ndarray[Any, Any]) -> bytes:
    """Takes (n, 1, 28, 28) and gives ten numbers; `arrays` are its constants beside the `weights`."""
    arrays |= {"weights": np.eye(784, 10, dtype=np.float32)}
    constants = [numpy_helper.from_array(values, name) for name, values in arrays.items()]
    taken = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 1, 28, 28])
    given = helper.make_tensor_value_info("answers", TensorProto.FLOAT, ["n", 10])
    graph = helper.make_graph([FLAT, *nodes], "net", [taken], [given], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def onnx_case() -> tuple[bytes, Read]:
    def read(path: Path) -> object:
        foreign = Foreign(path)
        return foreign.run(IMAGE, next(ways_of(foreign, lying=False)))

    product = helper.make_node("MatMul", ["flat", "weights"], ["product"])
    return network([product, helper.make_node("Softmax", ["product"], ["answers"], axis=1)]), read


def keras_archive() -> bytes:
    """As Keras writes them, but for what is in the weights."""
    dense = {"class_name": "Dense", "config": {"units": 10, "name": "dense"}}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {"layers": [dense]}}))
        archive.writestr("model.weights.h5", b"\x89HDF\r\n\x1a\n" + bytes(400))
    return buffer.getvalue()


def keras_case() -> tuple[bytes, Read]:
    """Nobody has said that the file may be opened: what it is is said by its first bytes, in `read` as in `adopt`."""

    def read(path: Path) -> object:
        with pytest.raises(ModelError):
            Reader(path).contract  # noqa: B018 - opens it
        return keras_to_onnx(path, trusted=False)

    return keras_archive(), read


CASES = {"onnx": onnx_case, "keras": keras_case}


@pytest.mark.parametrize("case", CASES)
def test_damaged_models_of_others_are_refused_or_opened_but_never_believed(case: str, tmp_path: Path) -> None:
    check_mutated(case, CASES[case], SHORT, tmp_path, SPAN)


@pytest.mark.full
@pytest.mark.parametrize("case", CASES)
def test_20_000_damaged_models_of_others_are_refused_or_opened_but_never_believed(case: str, tmp_path: Path) -> None:
    check_mutated(case, CASES[case], FULL, tmp_path, SPAN)


@pytest.mark.full
def test_40_damaged_keras_files_that_are_trusted_end_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign_keras, "SECONDS", 120)

    def opened() -> tuple[bytes, Read]:
        return keras_archive(), lambda path: keras_to_onnx(path, trusted=True)

    check_mutated("keras", opened, OPENED, tmp_path, SPAN)


def memory_bomb() -> bytes:
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["zeros"]),
        helper.make_node("ReduceMax", ["zeros"], ["most"], keepdims=0),
        helper.make_node("MatMul", ["flat", "weights"], ["product"]),
        helper.make_node("Add", ["product", "most"], ["answers"]),
    ]
    return network(nodes, shape=np.array([1 << 20, 1 << 13], np.int64))


def time_bomb() -> bytes:
    row = ["n", 10]
    values = [helper.make_tensor_value_info("go", TensorProto.BOOL, [])]
    values += [helper.make_tensor_value_info("row", TensorProto.FLOAT, row)]
    given = [helper.make_tensor_value_info("on", TensorProto.BOOL, [])]
    given += [helper.make_tensor_value_info("twice", TensorProto.FLOAT, row)]
    steps = [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Add", ["row", "row"], ["twice"])]
    counter = helper.make_tensor_value_info("i", TensorProto.INT64, [])
    body = helper.make_graph(steps, "step", [counter, *values], given)
    nodes = [
        helper.make_node("MatMul", ["flat", "weights"], ["product"]),
        helper.make_node("Loop", ["many", "true", "product"], ["answers"], body=body),
    ]
    return network(nodes, many=np.array(1 << 60), true=np.array(True))


def test_a_graph_that_never_ends_is_stopped(
    tmp_path: Path, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "SECONDS", 0.3)
    (tmp_path / "bomb.onnx").write_bytes(time_bomb())
    with pytest.raises(ModelError, match=r"bomb\.onnx: it takes longer than 0\.3 s to answer"):
        adopt(tmp_path / "bomb.onnx", tmp_path / "out.onnx", data=made_up_dataset)
    assert not (tmp_path / "out.onnx").exists()


@linux
def test_a_graph_that_wants_all_memory_gets_a_bounded_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource  # not on Windows

    monkeypatch.setattr(bounded, "MORE_BYTES", 2**30)
    before = resource.getrlimit(resource.RLIMIT_AS)
    foreign = Foreign(memory_bomb())
    with pytest.raises(ModelError, match="does not take them"):
        foreign.run(IMAGE, next(ways_of(foreign, lying=False)))
    assert resource.getrlimit(resource.RLIMIT_AS) == before
