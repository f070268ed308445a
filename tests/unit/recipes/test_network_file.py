"""A run keeps the layers of a person's own network; the file builds it again and can name nothing but layers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")
from keras import layers  # noqa: E402 - after it is known to be there

from digitry.errors import ModelError  # noqa: E402
from digitry.exports.onnx_layers import ONNX_LAYERS  # noqa: E402
from digitry.recipes import network_file  # noqa: E402
from digitry.recipes.network_file import built, keep, kept_bytes, network_recipe, read_kept  # noqa: E402
from digitry.recipes.own_recipe import own_recipe  # noqa: E402


def skipping() -> Any:
    """A functional network with a skip connection, GELU, an operation, and a network in it."""
    images = layers.Input((28, 28))
    value = layers.Reshape((28, 28, 1))(images)
    value = layers.Conv2D(2, 3, strides=4, activation="gelu", kernel_regularizer="l2")(value)
    beside = keras.Sequential([layers.Input((7, 7, 2)), layers.Conv2D(2, 3, padding="same")])(value)
    value = layers.Add()([value, beside]) + beside
    return keras.Model(images, layers.Dense(10)(layers.Flatten()(value)))


class Own(layers.Layer):  # type: ignore[misc]
    def call(self, x: Any) -> Any:
        return x


def plain() -> Any:
    return keras.Sequential([layers.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)])


def kept_in(folder: Path, network: Any) -> Path:
    path = folder / network_file.NETWORK
    path.write_bytes(kept_bytes(keep(own_recipe(network), network)))
    return path


def test_the_same_network_is_built_again(tmp_path: Path) -> None:
    network = skipping()
    kept = read_kept(kept_in(tmp_path, network))
    built(kept)
    again = built(kept)
    again.set_weights(network.get_weights())
    images = np.random.default_rng(0).random((2, 28, 28), np.float32)
    np.testing.assert_allclose(again(images).numpy(), network(images).numpy(), atol=1e-6)
    assert again.layers[2].activation is keras.activations.gelu


def test_what_layers_happen_to_be_called_makes_no_difference() -> None:
    first, second = skipping(), skipping()
    assert [layer.name for layer in first.layers] != [layer.name for layer in second.layers]
    one, other = (keep(own_recipe(network), network) for network in (first, second))
    assert (one.sha256, kept_bytes(one)) == (other.sha256, kept_bytes(other))
    changed = skipping()
    changed.layers[2].activation = keras.activations.relu
    assert keep(own_recipe(changed), changed).sha256 != one.sha256


def test_how_it_was_compiled_is_kept_too(tmp_path: Path) -> None:
    network = skipping()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.SGD(0.03, momentum=0.9), loss)
    again = built(read_kept(kept_in(tmp_path, network)))
    assert (type(again.optimizer).__name__, again.optimizer.momentum) == ("SGD", 0.9)
    assert again.loss.get_config()["from_logits"] is True
    recipe = network_recipe(tmp_path / network_file.NETWORK)
    assert (recipe.keeps_compile, recipe.settings.optimizer) == (True, "sgd")


def test_layers_of_a_persons_own_are_not_built_from_it(tmp_path: Path) -> None:
    network = keras.Sequential([layers.Input((28, 28)), Own(), layers.Flatten(), layers.Dense(10)])
    path = kept_in(tmp_path, network)
    with pytest.raises(
        ModelError, match=r"not enough to continue with: its part Own is not.*give the model, or the file"
    ):
        network_recipe(path)
    (tmp_path / "recipe.py").touch()
    with pytest.raises(ModelError, match=r"a copy of its recipe is in .*recipe\.py: digitry runs such a file only"):
        network_recipe(path)


def test_every_layer_that_can_be_written_as_onnx_is_known_here() -> None:
    ours = {"Views", "MeanOfViews"}
    assert set(ONNX_LAYERS) - ours <= network_file.KNOWN_LAYERS
    assert {name for name in network_file.KNOWN_LAYERS if not hasattr(layers, name)} == set()


EVIL: dict[str, Any] = {
    "a function": {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
    "a module": {"module": "os", "class_name": "system", "config": "true", "registered_name": None},
    "a lambda": {"class_name": "__lambda__", "config": {"value": "4wEA"}},
    "code in a layer": {"module": "keras.layers", "class_name": "Lambda", "config": {}, "registered_name": None},
    "a saved model": {"module": "keras.layers", "class_name": "TFSMLayer", "config": {}, "registered_name": None},
    "a torch module": {"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {}},
    "a file": {"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}},
    "what was registered": {"module": "keras.layers", "class_name": "Dense", "registered_name": "theirs>Dense"},
    "a private module": {"module": "keras.src.utils.file_utils", "class_name": "get_file", "config": {}},
    "without a module": {"class_name": "Dense", "config": {}},
    "no name": {"module": "keras.layers", "class_name": ["Dense"], "config": {}},
    "a path in a name": {"module": "keras.losses", "class_name": "a.b", "config": {}},
}


@pytest.mark.parametrize("part", EVIL.values(), ids=EVIL)
@pytest.mark.parametrize("place", ["network", "optimizer", "deep"])
def test_a_file_that_names_anything_else_is_refused_before_keras_sees_it(
    part: dict[str, Any], place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = plain()
    kept = keep(own_recipe(network), network)
    assert kept.network is not None
    deep = json.loads(json.dumps(kept.network))
    deep["config"]["layers"][2]["config"]["kernel_initializer"]["config"]["seed"] = [{"x": part}]
    changed = {"network": deep} if place == "deep" else {place: part}
    (tmp_path / "network.json").write_bytes(kept_bytes(replace(kept, **changed)))
    monkeypatch.setattr(keras.saving, "deserialize_keras_object", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(ModelError, match=r"network\.json: its part .* is not one of Keras' own"):
        network_recipe(tmp_path / "network.json")


@pytest.mark.parametrize("text", ["", "[]", "{}", "3", "[" * 10_000, '{"recipe": 1}', "\x00"])
def test_a_damaged_file_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "network.json").write_text(text)
    with pytest.raises(ModelError, match="does not describe a network"):
        read_kept(tmp_path / "network.json")


def test_what_keras_cannot_build_is_refused_in_one_line() -> None:
    network = plain()
    kept = keep(own_recipe(network), network)
    assert kept.network is not None
    kept.network["config"]["layers"][2]["config"]["units"] = -3
    with pytest.raises(ModelError, match=r"cannot be built from network\.json") as caught:
        built(kept)
    assert "\n" not in str(caught.value)
