"""A few printed digits in the place of MNIST, and a network that knows them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from digitry.images.canonical import canonical
from digitry.types import Dataset, Split
from tests.unit.tiny_models import printed_digit, template_model_bytes


@pytest.fixture(scope="module")
def digits() -> Iterator[Split]:
    """60 printed digits, 0 to 9 again and again: what `robustness` believes to be every dataset."""
    from digitry.evaluation.hard_pictures import drawn_pages, specimen

    images = np.stack([canonical(printed_digit(index % 10)) for index in range(60)])
    split = Split(images, np.arange(60, dtype=np.int64) % 10)
    dataset = Dataset("printed", split, split, tuple("0123456789"), "0" * 64, "made by the tests")

    def forget() -> None:
        specimen.test_split.cache_clear()
        drawn_pages.test_glyphs.cache_clear()

    forget()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("digitry.datasets.load.load_dataset", lambda name: dataset)
        yield split
    forget()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A network that knows the printed digits."""
    path = tmp_path_factory.mktemp("model") / "model.onnx"
    path.write_bytes(template_model_bytes())
    return str(path)
