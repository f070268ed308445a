"""What the tests on a cluster share: two nodes for each file, and digits to train with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from bench.cluster_nodes import Nodes, cluster_of
from bench.cluster_training import IMAGES

from tests.conftest import make_digits


@pytest.fixture(scope="module")
def cluster() -> Iterator[Nodes]:
    with cluster_of(2) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Digits on the disk of the driver alone."""
    split = make_digits(IMAGES)
    path = tmp_path_factory.mktemp("driver") / "digits.npz"
    np.savez(path, x_train=split.images, y_train=split.labels)
    return path
