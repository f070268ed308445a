"""What a model of others wants is found out, and what is written answers as it does."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402 - after it is known to be there

from digitry.errors import ModelError  # noqa: E402
from digitry.evaluation import adopt as adopt_module  # noqa: E402
from digitry.evaluation.adopt import adopt  # noqa: E402
from digitry.evaluation.judge_model import judge_model  # noqa: E402
from digitry.networks.model import Model  # noqa: E402
from digitry.types import Dataset  # noqa: E402
from tests.conftest import make_digits  # noqa: E402

TEMPLATES = np.zeros((28, 28, 10), np.float32)
for _class in range(10):
    _row, _column = divmod(_class, 4)
    TEMPLATES[1 + 7 * _row : 6 + 7 * _row, 1 + 7 * _column : 6 + 7 * _column, _class] = 0.3


def write(
    path: Path,
    shape: list[int | str],
    *,
    factor: float = 1.0,
    offset: float = 0.0,
    answers: str = "logits",
    lying: bool = False,
    order: list[int] | None = None,
    flat: int = -1,
    dtype: Any = np.float32,
) -> Path:
    """A network that reads `make_digits` where ink from 0 to 1 comes times `factor`, plus `offset`; the more lies
    outside of that range, the less it says.

    `flat` is what it writes as the number of images where it makes rows of them: torch.onnx writes 1 for
    `x.view(x.size(0), -1)`.
    """
    weights = TEMPLATES.transpose(1, 0, 2) if lying else TEMPLATES
    if order is not None:
        weights = weights[..., order]
    colours = 3 if 3 in shape else 1
    matrix = weights.reshape(784, 10)
    if colours == 3:
        first = shape.index(3) == 1
        matrix = np.concatenate([matrix / 3] * 3) if first else np.repeat(matrix / 3, 3, axis=0)
    constants = {
        "offset": np.float32(offset),
        "factor": np.float32(factor),
        "paper": np.float32(0),
        "ink": np.float32(1),
        "many": np.float32(1000),
        "rows": np.array([flat, 784 * colours], np.int64),
        "weights": matrix,
    }
    nodes = [
        helper.make_node("Cast", ["input"], ["given"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["given", "offset"], ["shifted"]),
        helper.make_node("Div", ["shifted", "factor"], ["scaled"]),
        helper.make_node("Clip", ["scaled", "paper", "ink"], ["clipped"]),
        helper.make_node("Sub", ["scaled", "clipped"], ["outside"]),
        helper.make_node("Abs", ["outside"], ["too much"]),
        helper.make_node("ReduceMean", ["too much"], ["doubt"], keepdims=0),
        helper.make_node("Mul", ["doubt", "many"], ["more doubt"]),
        helper.make_node("Add", ["more doubt", "ink"], ["divisor"]),
        helper.make_node("Reshape", ["clipped", "rows"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["seen"]),
        helper.make_node("Div", ["seen", "divisor"], ["logits"]),
    ]
    if answers == "probabilities":
        nodes.append(helper.make_node("Softmax", ["logits"], ["answers"], axis=1))
    elif answers == "shares":
        nodes.append(helper.make_node("Sigmoid", ["logits"], ["answers"]))
    else:
        nodes.append(helper.make_node("Identity", ["logits"], ["answers"]))
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    graph = helper.make_graph(
        nodes,
        "theirs",
        [helper.make_tensor_value_info("input", kind, shape)],
        [helper.make_tensor_value_info("answers", TensorProto.FLOAT, [shape[0] if len(shape) > 2 else "n", 10])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fit the scale of confidence to few, which takes longer than all else."""
    monkeypatch.setattr(adopt_module, "PICTURES", 4)


LAYOUTS: dict[str, dict[str, Any]] = {
    "(n, 28, 28, 1)": {"shape": ["n", 28, 28, 1]},
    "(n, 1, 28, 28)": {"shape": [1, 1, 28, 28], "flat": 1},
    "(n, 784)": {"shape": ["n", 784], "dtype": np.float64},
    "(n, 28, 28)": {"shape": ["n", 28, 28]},
    "(28, 28)": {"shape": [28, 28]},
    "(n, 3, 28, 28)": {"shape": ["n", 3, "height", "width"]},
    "(n, 28, 28, 3)": {"shape": ["n", 28, 28, 3]},
}
SCALES = {
    "0 to 1": (1.0, 0.0),
    "0 to 255": (255.0, 0.0),
    "-1 to 1": (2.0, -1.0),
    "(x - 0.1307) / 0.3081": (1 / 0.3081, -0.1307 / 0.3081),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_found_out(tmp_path: Path, made_up_dataset: Dataset, layout: str) -> None:
    done = adopt(write(tmp_path / "theirs.onnx", **LAYOUTS[layout]), tmp_path / "ours.onnx", data=made_up_dataset)
    assert (done.layout, done.scale, done.polarity, done.accuracy) == (layout, "0 to 1", "light-on-dark", 1.0)


@pytest.mark.parametrize("polarity", ["light-on-dark", "dark-on-light"])
@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_and_polarity_is_found_out(
    tmp_path: Path, made_up_dataset: Dataset, scale: str, polarity: str
) -> None:
    factor, offset = SCALES[scale]
    if polarity == "dark-on-light":
        factor, offset = -factor, factor + offset
    file = write(tmp_path / "theirs.onnx", ["n", 1, 28, 28], factor=factor, offset=offset)
    done = adopt(file, tmp_path / "ours.onnx", data=made_up_dataset)
    assert (done.scale, done.polarity) == (scale, polarity)


@pytest.mark.parametrize("answers", ["logits", "probabilities", "shares"])
def test_what_it_answers_becomes_probabilities(tmp_path: Path, made_up_dataset: Dataset, answers: str) -> None:
    file = write(tmp_path / "theirs.onnx", ["n", 28, 28], answers=answers)
    assert adopt(file, tmp_path / "ours.onnx", data=made_up_dataset).answers == answers
    images = make_digits(20, seed=3).images
    rows = Model(tmp_path / "ours.onnx").probabilities(images)
    logits = (images.reshape(-1, 784) / np.float32(255)) @ TEMPLATES.reshape(784, 10)
    powers = 1 / (1 + np.exp(-logits)) if answers == "shares" else np.exp(logits)
    assert np.allclose(rows, powers / powers.sum(axis=1, keepdims=True), atol=1e-5)


def test_one_that_takes_a_single_image_answers_many_as_it_answers_each(
    tmp_path: Path, made_up_dataset: Dataset
) -> None:
    file = write(tmp_path / "theirs.onnx", [1, 1, 28, 28], flat=1)
    model = adopt(file, tmp_path / "ours.onnx", data=made_up_dataset).model
    images = make_digits(7, seed=3).images
    each = np.concatenate([model.probabilities(images[at : at + 1]) for at in range(7)])
    assert np.allclose(model.probabilities(images), each, atol=1e-6)
    assert len(set(each.argmax(axis=1))) == 7


def test_one_that_learnt_from_images_on_their_side_is_given_them_so(tmp_path: Path, made_up_dataset: Dataset) -> None:
    done = adopt(write(tmp_path / "a.onnx", ["n", 784], lying=True), tmp_path / "b.onnx", data=made_up_dataset)
    assert (done.lying, done.accuracy) == (True, 1.0)


def test_classes_in_another_order_get_their_own_names(tmp_path: Path, made_up_dataset: Dataset) -> None:
    file = write(tmp_path / "a.onnx", ["n", 784], order=[1, 2, 3, 4, 5, 6, 7, 8, 9, 0])
    done = adopt(file, tmp_path / "b.onnx", data=made_up_dataset)
    assert (" ".join(done.order), done.accuracy) == ("1 2 3 4 5 6 7 8 9 0", 1.0)


def test_whole_numbers_are_given_as_such(tmp_path: Path, made_up_dataset: Dataset) -> None:
    file = write(tmp_path / "a.onnx", ["n", 28, 28], factor=255, dtype=np.uint8)
    assert adopt(file, tmp_path / "b.onnx", data=made_up_dataset).scale == "0 to 255"


def test_its_scale_says_that_its_maker_may_have_seen_these_images(tmp_path: Path, made_up_dataset: Dataset) -> None:
    done = adopt(write(tmp_path / "a.onnx", ["n", 784]), tmp_path / "b.onnx", data=made_up_dataset)
    scale = Model(done.path).contract.confidence_scale
    assert scale is not None
    assert "may have trained" in scale.made_of


def test_it_is_judged_on_data_without_a_run(tmp_path: Path, made_up_dataset: Dataset) -> None:
    done = adopt(write(tmp_path / "a.onnx", ["n", 784]), tmp_path / "b.onnx", data=made_up_dataset)
    judged = judge_model(done.path, data=made_up_dataset)
    assert (judged.scores.images, judged.scores.error_count, judged.split) == (50, 0, "test")
    assert json.loads(json.dumps(judged.to_json()))["splits"]["test"]["accuracy"] == 1.0


def test_weights_in_a_file_beside_it_are_taken_in(tmp_path: Path, made_up_dataset: Dataset) -> None:
    proto = onnx.load(write(tmp_path / "a.onnx", ["n", 784]))
    onnx.save(proto, tmp_path / "b.onnx", save_as_external_data=True, location="b.onnx.data", size_threshold=100)
    assert (tmp_path / "b.onnx.data").is_file()
    assert adopt(tmp_path / "b.onnx", tmp_path / "c.onnx", data=made_up_dataset).accuracy == 1.0


@pytest.mark.parametrize("place", ["../secret", "/etc/passwd", "..", "missing"])
def test_weights_are_looked_for_beside_it_alone(tmp_path: Path, made_up_dataset: Dataset, place: str) -> None:
    proto = onnx.load(write(tmp_path / "a.onnx", ["n", 784]))
    [weights] = [one for one in proto.graph.initializer if one.name == "weights"]
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value=place)
    (tmp_path / "a.onnx").write_bytes(proto.SerializeToString())
    with pytest.raises(ModelError, match=r"in the same folder|cannot read|not a file"):
        adopt(tmp_path / "a.onnx", tmp_path / "b.onnx", data=made_up_dataset)


def test_what_reads_nothing_rightly_is_refused_and_nothing_written(tmp_path: Path, made_up_dataset: Dataset) -> None:
    proto = onnx.load(write(tmp_path / "a.onnx", ["n", 784]))
    [weights] = [one for one in proto.graph.initializer if one.name == "weights"]
    noise = np.random.default_rng(0).normal(0, 0.05, (784, 10)).astype(np.float32)
    weights.CopyFrom(numpy_helper.from_array(noise, "weights"))
    onnx.save(proto, tmp_path / "a.onnx")
    with pytest.raises(ModelError, match="however it is given images"):
        adopt(tmp_path / "a.onnx", tmp_path / "b.onnx", data=made_up_dataset)
    assert not (tmp_path / "b.onnx").exists()


@pytest.mark.parametrize(("shape", "words"), [([1, 10], "can run|not a single"), (["n", 5, 7], "can run|not a single")])
def test_what_takes_no_picture_is_refused(
    tmp_path: Path, made_up_dataset: Dataset, shape: list[int | str], words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        adopt(write(tmp_path / "a.onnx", shape), tmp_path / "b.onnx", data=made_up_dataset)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"\x89HDF\r\n\x1a\n", r"HDF5.*digits\.keras --trust-this-file"),
        (b"PK\x03\x04" + bytes(26) + b"archive/data.pkl", r"PyTorch.*torch\.onnx\.export"),
        (b"\x80\x02}q\x00.", r"pickle.*torch\.onnx\.export"),
        (b"\x1c\x00\x00\x00TFL3", r"tf2onnx\.convert --tflite"),
    ],
)
def test_other_files_get_the_line_that_converts_them(
    tmp_path: Path, made_up_dataset: Dataset, head: bytes, words: str
) -> None:
    (tmp_path / "a model").write_bytes(head + bytes(100))
    for refused in (
        lambda: adopt(tmp_path / "a model", tmp_path / "b.onnx", data=made_up_dataset),
        lambda: Model(tmp_path / "a model"),
    ):
        with pytest.raises(ModelError, match=words):
            refused()


def test_a_model_of_others_says_what_makes_one_of_it(tmp_path: Path) -> None:
    file = write(tmp_path / "theirs.onnx", ["n", 28, 28, 1])
    with pytest.raises(ModelError, match=f"made elsewhere.*digitry adopt {file}"):
        Model(file)


def test_changed_files_are_refused_in_one_line_or_still_read(tmp_path: Path, made_up_dataset: Dataset) -> None:
    whole = write(tmp_path / "a.onnx", ["n", 784]).read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        changed = bytearray(whole)
        for place in rng.integers(0, len(whole), 3).tolist():
            # The structure is what matters: it is a few hundred bytes before and behind the weights.
            changed[place if rng.random() < 0.2 else place % 400 - 200 * (place % 2)] = int(rng.integers(256))
        if rng.random() < 0.3:
            del changed[int(rng.integers(1, len(changed))) :]
        (tmp_path / "b.onnx").write_bytes(changed)
        with contextlib.suppress(ModelError):
            adopt(tmp_path / "b.onnx", tmp_path / "c.onnx", data=made_up_dataset)
