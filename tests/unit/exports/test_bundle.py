"""Weights files: the same bytes for the same weights, and nothing but what the recipe implies comes in."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.errors import ModelError
from digitry.exports import bundle
from digitry.networks.contract import METADATA_KEY, Contract

CONTRACT = Contract(recipe="dense-relu", class_names=tuple("0123456789"))
SHAPES = {"kernel": [(784, 32), (32, 64), (64, 10)], "bias": [(32,), (64,), (10,)]}


def dense_relu_weights() -> bundle.Weights:
    rng = np.random.default_rng(0)
    return {
        f"{layer + 1}.Dense.{name}": rng.normal(size=shape).astype(np.float32)
        for name, shapes in SHAPES.items()
        for layer, shape in enumerate(shapes)
    }


def test_the_same_weights_give_the_same_bytes_and_come_back(tmp_path: Path) -> None:
    for name in ("a", "b"):
        bundle.save_weights(tmp_path / name, dense_relu_weights(), CONTRACT)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    weights, contract = bundle.load(tmp_path / "a")
    assert contract == CONTRACT
    for name, array in dense_relu_weights().items():
        np.testing.assert_array_equal(weights[name], array)


def test_damage_anywhere_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    bundle.save_weights(path, dense_relu_weights(), CONTRACT)
    data = path.read_bytes()
    dice = random.Random(0)
    damaged = [data[: dice.randrange(len(data))] for _ in range(30)]
    for _ in range(100):
        flipped = bytearray(data)
        flipped[dice.randrange(2000, len(data))] ^= 1 << dice.randrange(8)
        damaged.append(bytes(flipped))
    for content in [b"", b"\x80\x04K\x01.", b"PK\x03\x04", *damaged]:
        path.write_bytes(content)
        with pytest.raises(ModelError) as caught:
            bundle.load(path)
        assert "\n" not in str(caught.value)


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    weights = dense_relu_weights()
    weights["1.Dense.kernel"][0, 0] = np.inf
    bundle.save_weights(tmp_path / "weights", weights, CONTRACT)
    with pytest.raises(ModelError, match="not finite"):
        bundle.load(tmp_path / "weights")


@pytest.mark.parametrize("change", ["shape", "name", "dtype", "extra", "missing"])
def test_only_exactly_the_recipes_weights_become_a_model(change: str, tmp_path: Path) -> None:
    pytest.importorskip("keras")
    weights = dense_relu_weights()
    first = "1.Dense.kernel"
    if change == "shape":
        weights[first] = weights[first][:, :31]
    elif change == "name":
        weights["1.Conv2D.kernel"] = weights.pop(first)
    elif change == "dtype":
        weights[first] = weights[first].astype(np.float64)
    elif change == "extra":
        weights["9.Dense.kernel"] = weights[first]
    else:
        del weights[first]
    bundle.save_weights(tmp_path / "weights", weights, CONTRACT)
    with pytest.raises(ModelError, match="exactly the weights of recipe dense-relu"):
        bundle.load_model(tmp_path / "weights")


def test_a_recipe_that_is_unknown_here_is_refused(tmp_path: Path) -> None:
    bundle.save_weights(
        tmp_path / "weights", dense_relu_weights(), Contract(recipe="os.system", class_names=tuple("01"))
    )
    with pytest.raises(ModelError, match=r"unknown recipe 'os\.system'"):
        bundle.load_model(tmp_path / "weights")


@pytest.mark.parametrize(
    "change",
    [
        {"scale": float("nan")},
        {"scale": 2.0},
        {"class_names": ["0"]},
        {"class_names": "0123456789"},
        {"input_shape": [32, 32, 3]},
        {"polarity": "even-contrast"},
        {"settings": []},
        {"surprise": 1},
        {"class_names": ["1", "1"]},
        {"class_names": ["1", "\ud800"]},
        {"class_names": ["1", "two\nlines"]},
        {"data_sha256": 5},
        {"metrics": {"parameters": float("inf")}},
        {"metrics": {"accuracy": "high"}},
    ],
)
def test_a_contract_with_a_wrong_field_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ModelError):
        Contract.from_json(json.dumps({**json.loads(CONTRACT.to_json()), **change}))


@pytest.mark.parametrize("text", ['{"recipe": "a", "recipe": "b"}', '{"scale": NaN}', "[" * 100_000, '"text"', "1e999"])
def test_json_that_pythons_reader_would_take_is_refused(text: str) -> None:
    with pytest.raises(ModelError):
        Contract.from_json(text)


def test_a_contract_comes_back_as_it_was() -> None:
    assert Contract.from_json(CONTRACT.to_json()) == CONTRACT
    assert METADATA_KEY == "digitry_contract"


def test_loading_opens_no_other_file_no_socket_and_runs_nothing(tmp_path: Path) -> None:
    bundle.save_weights(tmp_path / "weights", dense_relu_weights(), CONTRACT)
    bundle.load(tmp_path / "weights")  # imports happen before the watch
    events: list[tuple[str, Any]] = []
    watching = True
    sys.addaudithook(lambda name, arguments: events.append((name, arguments)) if watching else None)
    bundle.load(tmp_path / "weights")
    watching = False
    opened = [arguments[0] for name, arguments in events if name == "open"]
    assert [Path(path).name for path in opened if isinstance(path, str | Path)] == ["weights"]
    assert not [
        name for name, _ in events if name.split(".")[0] in ("socket", "subprocess", "exec", "import", "pickle")
    ]


def test_weights_that_nobody_named_are_called_alike_whenever_they_are_made() -> None:
    from tests.unit.exports.networks import NETWORKS

    first, second = (bundle.weights_of(NETWORKS["a layer of one's own with layers in it"]()) for _ in range(2))
    assert list(first) == list(second)
    assert {"1.Gated.variable", "1.Gated.variable.2", "1.Gated.variable.3"} <= set(first)
