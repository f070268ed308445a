"""The suite of `make bench-reading` on the path, and a few printed digits in the place of MNIST."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from digitry.arrays import Dataset, Split
from digitry.images.canonical import canonical
from tests.unit.tiny_models import printed_digit, template_model_bytes

sys.path.insert(0, str(Path(__file__).parents[3] / "bench"))


@pytest.fixture
def digits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Split]:
    """60 printed digits, 0 to 9 again and again: what the suite believes to be every dataset."""
    from reading_suite import made

    images = np.stack([canonical(printed_digit(index % 10)) for index in range(60)])
    split = Split(images, np.arange(60, dtype=np.int64) % 10)
    dataset = Dataset("printed", split, split, tuple("0123456789"), "0" * 64, "made by the tests")
    monkeypatch.setattr("digitry.load_dataset", lambda name: dataset)
    made.test_split.cache_clear()
    yield split
    made.test_split.cache_clear()


@pytest.fixture
def model(tmp_path: Path) -> str:
    """A network that knows the printed digits."""
    path = tmp_path / "model.onnx"
    path.write_bytes(template_model_bytes())
    return str(path)
