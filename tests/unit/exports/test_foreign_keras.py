"""A Keras file of others becomes ONNX in a process that can reach nobody."""

from __future__ import annotations

import subprocess
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from digitry.errors import ModelError  # noqa: E402 - after it is known to be there
from digitry.evaluation.adopt import adopt  # noqa: E402
from digitry.exports.foreign_keras import keras_to_onnx  # noqa: E402
from digitry.reading import Reader  # noqa: E402
from digitry.types import Dataset, Split  # noqa: E402
from tests.unit.written_numbers import printed_split  # noqa: E402

NO_NETWORK = """
import ctypes, os, socket, subprocess, sys
from digitry.workers.no_network import forbid_network
held = forbid_network()
def refused(what):
    try:
        what()
    except PermissionError:
        return True
    return False
print(held, refused(socket.socket), refused(lambda: subprocess.run(["true"])))
libc = ctypes.pythonapi
print([getattr(libc, name)(*asked) for name, asked in (("socket", (2, 1, 0)), ("socket", (1, 1, 0)))])
"""


@pytest.fixture(scope="module")
def digits() -> Dataset:
    """Printed digits: 400 to learn from."""
    split = printed_split(400)
    return Dataset("printed", split, None, tuple("0123456789"), "0" * 64, "made by the tests")


def residual(digits: Split) -> Any:
    """A functional network with a skip connection and GELU, taught for some seconds; it wants dark ink, 0 to 255."""
    from keras import Input, Model, layers

    keras.utils.set_random_seed(0)
    images = Input((28, 28))
    value = layers.Reshape((28, 28, 1))(images)
    value = layers.Rescaling(1 / 255)(value)
    value = layers.AveragePooling2D(2)(value)
    beside = layers.Conv2D(4, 3, padding="same", activation="gelu")(value)
    value = layers.Conv2D(4, 3, padding="same")(value)
    value = layers.Add()([value, beside])
    model = Model(images, layers.Dense(10)(layers.Flatten()(value)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(255.0 - digits.images, digits.labels, epochs=12, batch_size=40, verbose=0)
    return model


@pytest.mark.slow
def test_a_functional_network_with_a_skip_connection_and_gelu_reads_a_picture(tmp_path: Path, digits: Dataset) -> None:
    model = residual(digits.train)
    model.save(tmp_path / "mine.keras")
    with pytest.raises(ModelError, match=r"may run code that its maker.*--trust-this-file"):
        adopt(tmp_path / "mine.keras", tmp_path / "ours.onnx", data=digits)
    done = adopt(tmp_path / "mine.keras", tmp_path / "ours.onnx", data=digits, trust_this_file=True)
    assert (done.layout, done.scale, done.polarity) == ("(n, 28, 28)", "0 to 255", "dark-on-light")
    logits = model(255.0 - digits.train.images[:50], training=False).numpy()
    assert np.array_equal(done.model.probabilities(digits.train.images[:50]).argmax(1), logits.argmax(1))
    page = np.full((90, 90), 255, np.uint8)
    page[20:76, 17:73] -= np.kron(digits.train.images[3], np.ones((2, 2), np.uint8))
    assert Reader(done.path).read(page, expect="digit").text == str(digits.train.labels[3])


@pytest.mark.slow
def test_what_keras_exports_by_tf2onnx_reads_as_keras_does(tmp_path: Path, digits: Dataset) -> None:
    pytest.importorskip("tf2onnx")
    if keras.config.backend() != "tensorflow":
        pytest.skip("tf2onnx writes what TensorFlow runs")
    from keras import Sequential, layers

    keras.utils.set_random_seed(0)
    model = Sequential([layers.Input((784,)), layers.Dense(32, "relu"), layers.Dense(10, "softmax")])
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    flat = digits.train.images.reshape(-1, 784) / np.float32(255)
    model.fit(flat, digits.train.labels, epochs=6, verbose=0)
    from digitry.console import native_stderr_muted

    with native_stderr_muted(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.export(str(tmp_path / "theirs.onnx"), format="onnx", verbose=False)
    done = adopt(tmp_path / "theirs.onnx", tmp_path / "ours.onnx", data=digits)
    assert (done.layout, done.answers, done.polarity) == ("(n, 784)", "probabilities", "light-on-dark")
    expected = model(flat[:50], training=False).numpy().argmax(1)
    assert np.array_equal(done.model.probabilities(digits.train.images[:50]).argmax(1), expected)


@pytest.mark.slow
def test_a_file_that_brings_python_is_not_run(tmp_path: Path) -> None:
    from keras import Sequential, layers

    Sequential([layers.Input((28, 28, 1)), layers.Lambda(lambda x: x), layers.Flatten()]).save(tmp_path / "a.keras")
    with pytest.raises(ModelError, match="Keras does not open it"):
        keras_to_onnx(tmp_path / "a.keras", trusted=True)


def test_a_keras_file_is_not_opened_before_somebody_trusts_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.keras", "w") as archive:
        archive.writestr("metadata.json", "{}")
    with pytest.raises(ModelError, match="--trust-this-file"):
        keras_to_onnx(tmp_path / "a.keras", trusted=False)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only Python's own functions refuse")
def test_the_system_refuses_sockets_and_programs_to_native_code_too() -> None:
    done = subprocess.run([sys.executable, "-c", NO_NETWORK], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split("\n")[:2] == ["True True True", "[-1, -1]"]
