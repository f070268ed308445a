"""Every test has a home of its own and no network."""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from digitry import console
from digitry.errors import SettingError
from digitry.networks.contract import METADATA_KEY, Contract
from digitry.packages import onnx_runtime
from digitry.pages import charts
from digitry.recipes.backend import choose_backend
from digitry.synthesis.allographs import allographs_of
from digitry.synthesis.glyphs import curve
from digitry.synthesis.hands import Glyphs, draw_paths
from digitry.types import Dataset, Split

CANONICAL = Contract("any", tuple("0123456789"))
"""What a network expects that takes canonical digits, or strips, as datasets hold them."""

REAL_SYNC = os.fsync

# No memory of examples in the checkout, which need not be writable, and no clock: a machine may be slow.
hypothesis.settings.register_profile("anywhere", database=None, deadline=None)
hypothesis.settings.load_profile("anywhere")


def pytest_configure(config: pytest.Config) -> None:
    """Multiply matrices on one thread, here and in the processes that tests start: after each product NumPy's others
    wait busily for the next one, for ten times as long as it took.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    threadpool_limits(1, user_api="blas")


def pytest_collection(session: pytest.Session) -> None:
    """Do not look for garbage while tests and the libraries they use are imported: all of it stays. Where several
    workers share the whole suite, each will import Keras, and does as the command does: without what it seldom uses.
    """
    gc.disable()
    if hasattr(session.config, "workerinput"):
        with pytest.MonkeyPatch.context() as patch, suppress(SettingError):  # there need not be any
            patch.setattr(console, "is_ours", True)
            choose_backend()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave out what costs the suite a tenth of its time each: to look for garbage among thousands of tests and the
    libraries they import, which stay; and TensorFlow's work on graphs that take a few steps.
    """
    gc.collect()
    gc.freeze()
    gc.enable()
    if tensorflow := sys.modules.get("tensorflow"):
        tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


@pytest.fixture(scope="session", autouse=True)
def no_waiting() -> Iterator[None]:
    """Nothing waits until the disk has what was written, which tests of durability ask for as `real_sync`; and the
    threads of ONNX Runtime sleep while they have nothing to do, as they do not by themselves.
    """
    runtime = onnx_runtime()

    class Options(runtime.SessionOptions):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.add_session_config_entry("session.intra_op.allow_spinning", "0")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime, "SessionOptions", Options)
        patch.setattr(os, "fsync", os.fstat)  # which takes no closed file either
        yield


@pytest.fixture
def real_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for the disk after all."""
    monkeypatch.setattr(os, "fsync", REAL_SYNC)


@pytest.fixture(autouse=True)
def temporary_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees the real cache, the real home or the folder it was started in."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("DIGITRY_DATA_DIR", str(home / "data"))
    monkeypatch.delenv("DIGITRY_MIRROR", raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(home)
    return home


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only loopback can be reached, unless the test is marked `network`."""
    if "network" not in request.keywords:
        real = socket.socket.connect

        def connect(self: socket.socket, address: object) -> None:
            if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
                raise OSError(f"a test tried to reach {address[0]}")
            return real(self, address)  # type: ignore[arg-type]

        monkeypatch.setattr(socket.socket, "connect", connect)


def make_digits(count: int, seed: int = 0, classes: int = 10) -> Split:
    """Easy made-up digits: class k is a bright 6×6 square at a place of its own, plus faint noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int64) % classes
    images = rng.integers(0, 20, (count, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(int(label) % 16, 4)
        image[1 + 7 * row : 6 + 7 * row, 1 + 7 * column : 6 + 7 * column] = 255 - label % 7
    return Split(images, labels)


def make_dataset() -> Dataset:
    """200 training and 50 test images of ten easy classes."""
    return Dataset(
        name="made-up",
        train=make_digits(200),
        test=make_digits(50, seed=1),
        class_names=tuple("0123456789"),
        sha256="0" * 64,
        source="made by the tests",
    )


@pytest.fixture
def made_up_dataset() -> Dataset:
    return make_dataset()


@pytest.fixture
def blank_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rendering is most of the time; tests that do not look at plots go without."""
    monkeypatch.setattr("digitry.pages.html.to_svg", lambda figure: "<svg/>")

    def save(figure: object, path: Path) -> tuple[Path, Path]:
        path.parent.mkdir(exist_ok=True)
        png, svg = path.with_suffix(".png"), path.with_suffix(".svg")
        png.write_bytes(b"")
        svg.write_text("<svg/>")
        return png, svg

    monkeypatch.setattr(charts, "save_figure", save)


@pytest.fixture(scope="session")
def glyphs() -> Glyphs:
    """Digits to write pages with, drawn from pen paths: three images of each."""
    images, labels = [], []
    for digit in "0123456789":
        for allograph in allographs_of(digit)[:3]:
            paths = [(curve(stroke, 30) if len(stroke) > 2 else stroke) * 20 + (8, 4) for stroke in allograph]
            images.append(draw_paths(paths, 2.5, (28, 28)))
            labels.append(int(digit))
    return Glyphs.of(np.stack(images), np.array(labels))


def write_template_model(path: Path, contract: Contract, swap: tuple[int, int] | None = None) -> None:
    """An ONNX file that reads `make_digits` without fault: it looks where each class has its square.

    `swap` exchanges two classes, so that exactly the images of these two are read wrongly.
    """
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    classes = len(contract.class_names)
    weights = np.zeros((28, 28, classes), np.float32)
    for k in range(classes):
        row, column = divmod(k % 16, 4)
        weights[1 + 7 * row : 6 + 7 * row, 1 + 7 * column : 6 + 7 * column, k] = 0.3
    if swap:
        weights[..., list(swap)] = weights[..., list(swap[::-1])]
    constants = {"shape": np.array([0, 784], np.int64), "weights": weights.reshape(784, classes)}
    graph = helper.make_graph(
        [
            helper.make_node("Reshape", ["images", "shape"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        ],
        "templates",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 28, 28, 1])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", classes])],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    onnx.save(model, str(path))


@pytest.fixture
def make_run(temporary_home: Path, made_up_dataset: Dataset) -> Callable[..., Path]:
    """`make_run("name", swap=(3, 8), seed=1, validation_fraction=0.2, …)` → the folder of a finished run.

    It was "trained" on `made_up_dataset`; see `write_template_model` for what it gets wrong.
    """

    def make(
        name: str = "run",
        *,
        swap: tuple[int, int] | None = None,
        seed: int = 0,
        data: str = "made-up",
        data_sha256: str = made_up_dataset.sha256,
        class_names: tuple[str, ...] = made_up_dataset.class_names,
        metrics: dict[str, float] | None = None,
        **settings: Any,
    ) -> Path:
        folder = temporary_home / "runs" / name
        folder.mkdir(parents=True)
        settings = {"epochs": 2, "batch_size": 10, "validation_fraction": 0.2, "validation_method": "last"} | settings
        contract = Contract("cnn", class_names, settings=settings, metrics=metrics or {}, data_sha256=data_sha256)
        write_template_model(folder / "model.onnx", contract, swap)
        config = {"recipe": "cnn", "data": data, "data_sha256": data_sha256, "seed": seed, "settings": settings}
        (folder / "config.json").write_text(json.dumps(config))
        epochs = [{"epoch": k, "loss": 1 / k, "accuracy": 1 - 0.5 / k, "seconds": 1.0} for k in (1, 2)]
        if settings["validation_fraction"]:
            epochs = [one | {"val_loss": one["loss"], "val_accuracy": one["accuracy"]} for one in epochs]
        (folder / "history.jsonl").write_text("".join(json.dumps(one) + "\n" for one in epochs))
        return folder

    return make
