"""A Keras network of one's own is trained, kept, stopped and gone on with, and opened where only its folder is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")
from keras import layers  # noqa: E402 - after it is known to be there

import digitry  # noqa: E402
from digitry.errors import ModelError, SettingError  # noqa: E402
from digitry.synthesis.augment import distort  # noqa: E402
from tests.unit.training.conftest import train  # noqa: E402
from tests.unit.written_numbers import printed_split  # noqa: E402

RUN: dict[str, Any] = {"epochs": 4, "batch_size": 20}


def skipping() -> Any:
    """A functional network with a skip connection and GELU: (28, 28) → logits, compiled for these."""
    keras.utils.set_random_seed(0)
    images = layers.Input((28, 28))
    value = layers.AveragePooling2D(4)(layers.Reshape((28, 28, 1))(images))
    beside = layers.Conv2D(4, 3, padding="same", activation="gelu")(value)
    value = layers.Add()([layers.Conv2D(4, 3, padding="same")(value), beside])
    network = keras.Model(images, layers.Dense(10)(layers.Flatten()(value)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(0.02), loss)
    return network


class Stop(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends a training in the middle, as a kill would."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == 1:
            raise KeyboardInterrupt


class EndsEarly(keras.callbacks.Callback):  # type: ignore[misc]
    """Has had enough after the third epoch, as EarlyStopping would."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.stop_training = epoch == 2


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "digits.npz"
    train, test = printed_split(200), printed_split(20)
    images = distort(train.images, 0.3, np.random.default_rng(0))
    np.savez(path, x_train=images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    return path


@pytest.fixture(scope="module")
def run(data: Path) -> digitry.Run:
    """A training that was stopped, moved, and gone on with from the folder alone."""
    network = skipping()
    before = network.get_weights()
    with pytest.raises(KeyboardInterrupt):
        train(network, data, run=data.parent / "stopped", callbacks=Stop(), **RUN)
    assert all(map(np.array_equal, before, network.get_weights())), "what was given stays as it was"
    folder = data.parent / "elsewhere"
    shutil.move(data.parent / "stopped", folder)
    return train(folder / "network.json", data, run=folder, resume=True, callbacks=EndsEarly())


def test_it_has_learnt_by_its_own_loss_and_optimizer(run: digitry.Run) -> None:
    assert run.figures["val_accuracy"] > 0.9
    assert (run.recipe, run.settings["optimizer"], run.settings["learning_rate"]) == ("own-model", "adam", 0.02)
    assert run.model().contract.class_names == tuple("0123456789")


def test_the_run_gives_back_the_network_in_its_own_form(run: digitry.Run) -> None:
    network, images = run.keras_model(), printed_split(10).images
    assert (network.input_shape, network.output_shape) == ((None, 28, 28), (None, 10))
    logits = network(images / np.float32(255)).numpy()
    powers = np.exp(logits)
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(run.model().probabilities(images), expected, atol=1e-5)


def test_its_folder_alone_went_on_where_the_stopped_training_stood_until_a_callback_ended_it(run: digitry.Run) -> None:
    assert [one["epoch"] for one in run.history] == [1, 2, 3]
    assert run.history[1]["loss"] < run.history[0]["loss"]


def test_another_network_does_not_go_on_with_it(run: digitry.Run, data: Path) -> None:
    other = skipping()
    other.layers[3].activation = keras.activations.relu
    with pytest.raises(SettingError, match="has another network than this one"):
        train(other, data, run=run.folder, resume=True, **RUN | {"epochs": 5})


@pytest.mark.parametrize("opset", [13, 21])
def test_it_is_written_in_the_opset_that_is_asked_for(run: digitry.Run, tmp_path: Path, opset: int) -> None:
    onnx = pytest.importorskip("onnx")
    done = digitry.export(run, tmp_path / "a.onnx", opset=opset)
    assert (done.labels_differing, done.images) == (0, 20)
    assert [one.version for one in onnx.load(tmp_path / "a.onnx").opset_import] == [opset]
    assert digitry.open_model(tmp_path / "a.onnx").contract == run.contract


def test_a_file_with_layers_of_ones_own_is_run_only_where_it_is_named(data: Path, tmp_path: Path) -> None:
    file, trace = tmp_path / "my_recipe.py", tmp_path / "trace"
    file.write_text(
        "from pathlib import Path\n"
        f"Path({str(trace)!r}).touch()\n"
        "def build(classes):\n"
        "    from keras import Sequential, layers\n"
        "    class Twice(layers.Layer):\n"
        "        def call(self, x):\n"
        "            return 2.0 * x\n"
        "    return Sequential([layers.Input((784,)), Twice(), layers.Dense(classes, activation='softmax')])\n"
    )
    done = train(file, data, run=tmp_path / "run", **RUN | {"epochs": 1})
    trace.unlink()
    file.unlink()
    assert (done.recipe, (done.folder / "recipe.py").is_file()) == ("my-recipe", True)
    assert json.loads((done.folder / "network.json").read_text())["network"] is None
    assert digitry.export(done, tmp_path / "a.onnx").labels_differing == 0
    with pytest.raises(ModelError, match=r"part Twice .*recipe\.py: digitry runs such a file only if you name it"):
        done.keras_model()
    with pytest.raises(ModelError, match="only if you name it"):
        digitry.export(done, tmp_path / "a.keras", "keras")
    assert not trace.exists()
    assert done.keras_model(recipe=done.folder / "recipe.py").input_shape == (None, 784)
    assert trace.exists()
