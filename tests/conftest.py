"""Every test has a home of its own and no network."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from digitry.arrays import Dataset, Split


@pytest.fixture(autouse=True)
def temporary_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees the real cache, the real home or the folder it was started in."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("DIGITRY_DATA_DIR", str(home / "data"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(home)
    return home


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only loopback can be reached, unless the test is marked `network`."""
    if "network" not in request.keywords:
        real = socket.socket.connect

        def connect(self: socket.socket, address: object) -> None:
            if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
                raise OSError(f"a test tried to reach {address[0]}")
            return real(self, address)  # type: ignore[arg-type]

        monkeypatch.setattr(socket.socket, "connect", connect)
    yield


def make_digits(count: int, seed: int = 0, classes: int = 10) -> Split:
    """Easy made-up digits: class k is a bright 6×6 square at a place of its own, plus faint noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int64) % classes
    images = rng.integers(0, 20, (count, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(int(label) % 16, 4)
        image[1 + 7 * row : 6 + 7 * row, 1 + 7 * column : 6 + 7 * column] = 255 - label % 7
    return Split(images, labels)


@pytest.fixture
def made_up_dataset() -> Dataset:
    """200 training and 50 test images of ten easy classes."""
    return Dataset(
        name="made-up",
        train=make_digits(200),
        test=make_digits(50, seed=1),
        class_names=tuple("0123456789"),
        sha256="0" * 64,
        source="made by the tests",
    )
