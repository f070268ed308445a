"""Tables of parquet and Arrow, as Hugging Face's datasets are stored, and as pandas writes pixels."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitry.datasets import arrow_files
from digitry.datasets.load import load_dataset
from digitry.errors import DataError, SettingError
from tests.conftest import make_digits
from tests.unit.written_numbers import printed_split

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet as pq  # noqa: E402 - after it is known to be there

SPLIT = make_digits(30)
PRINTED = printed_split(10)


def png(image: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def hugging_face(count: int = 10, names: bool = True) -> Any:
    """A table as `datasets` writes MNIST's."""
    image = pa.array(
        [{"bytes": png(one), "path": None} for one in PRINTED.images[:count]],
        pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
    )
    table = pa.table({"image": image, "label": pa.array(PRINTED.labels[:count])})
    features = {"image": {"_type": "Image"}, "label": {"names": list("abcdefghij"), "_type": "ClassLabel"}}
    about = json.dumps({"info": {"features": features}})
    return table.replace_schema_metadata({"huggingface": about} if names else None)


def pixels(labels: Any = SPLIT.labels, values: Any = SPLIT.images) -> Any:
    flat = values.reshape(len(values), -1)
    columns = {f"pixel{place}": flat[:, place] for place in range(flat.shape[1])}
    return pa.table({"label": labels} | columns)


def lists(kind: Any, values: Any) -> Any:
    return pa.table({"image": pa.array(values, kind), "label": SPLIT.labels})


ARRAYS: dict[str, Callable[[], Any]] = {
    "one column a pixel": pixels,
    "the label in text": lambda: pixels([f"{label}" for label in SPLIT.labels]),
    "shares of 1": lambda: pixels(values=SPLIT.images / 255),
    "lists of lists": lambda: lists(pa.list_(pa.list_(pa.uint8())), SPLIT.images.tolist()),
    "lists of 784": lambda: lists(pa.list_(pa.int64()), SPLIT.images.reshape(30, -1).tolist()),
    "lists of fixed size": lambda: lists(pa.list_(pa.float32(), 784), (SPLIT.images.reshape(30, -1) / 255).tolist()),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_images_may_be_columns_or_lists(kind: str, tmp_path: Path) -> None:
    pq.write_table(ARRAYS[kind](), tmp_path / "own.parquet")
    dataset = load_dataset(tmp_path / "own.parquet")
    np.testing.assert_array_equal(dataset.train.images, SPLIT.images)
    np.testing.assert_array_equal(dataset.train.labels, SPLIT.labels)
    assert dataset.class_names == tuple("0123456789")


def test_pictures_come_with_the_names_of_their_classes(tmp_path: Path) -> None:
    pq.write_table(hugging_face(), tmp_path / "own.parquet")
    dataset = load_dataset(tmp_path / "own.parquet")
    assert dataset.class_names == tuple("abcdefghij")
    assert (len(dataset.train), dataset.train.files) == (10, ())
    pq.write_table(hugging_face(names=False), tmp_path / "own.parquet")
    again = load_dataset(tmp_path / "own.parquet")
    assert again.class_names == tuple("0123456789")
    np.testing.assert_array_equal(again.train.images, dataset.train.images)


FOLDERS = {
    "as it lies on the hub": ("mnist/train-00000-of-00001.parquet", "mnist/test-00000-of-00001.parquet"),
    "in data/": ("data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet", "data/test-0.parquet"),
    "side by side": ("train.parquet", "test.parquet"),
    "as save_to_disk writes it": ("train/data-00000-of-00001.arrow", "test/data-00000-of-00001.arrow"),
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_shards_of_a_folder_are_one_dataset(folder: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# MNIST")
    for name in FOLDERS[folder]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        if path.suffix == ".arrow":
            table = hugging_face()
            with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
                writer.write_table(table)
        else:
            pq.write_table(hugging_face(), path)
    dataset = load_dataset(tmp_path)
    assert dataset.test is not None
    assert (len(dataset.train), len(dataset.test)) == (10 * (len(FOLDERS[folder]) - 1), 10)


def test_shards_of_pixels_are_joined_and_a_test_table_without_labels_is_passed_over(tmp_path: Path) -> None:
    for place in (0, 1):
        pq.write_table(pixels(), tmp_path / f"train-{place}.parquet")
    pq.write_table(pixels().drop(["label"]), tmp_path / "test.parquet")
    with pytest.warns(UserWarning, match="the test split has no labels"):
        dataset = load_dataset(tmp_path)
    assert (len(dataset.train), dataset.test) == (60, None)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (lambda: pa.table({"label": [1, 2], "word": ["a", "b"]}), "has the columns label, word; expected pictures"),
        (lambda: hugging_face().drop(["label"]), "pictures and no labels"),
        (lambda: pixels().drop(["label"]), "no labels, so there is nothing to learn from"),
        (lambda: lists(pa.list_(pa.uint8()), [[1] * (64 + place % 2) for place in range(30)]), "different lengths"),
        (lambda: pixels([None] * 30), "holds text|empty cell"),
        (lambda: pa.table({"image": [b"GIF89"] * 2, "label": [0, 1]}), "2 of 2 pictures cannot be used"),
    ],
)
def test_what_is_no_dataset_is_told(table: Callable[[], Any], words: str, tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "own.parquet")
    with pytest.raises(DataError, match=words):
        load_dataset(tmp_path / "own.parquet")


def test_two_configurations_of_one_dataset_are_not_mixed(tmp_path: Path) -> None:
    for name in ("small", "large"):
        (tmp_path / name).mkdir()
        pq.write_table(pixels(), tmp_path / name / "train.parquet")
    with pytest.raises(DataError, match="tables in large and small, which may be two datasets"):
        load_dataset(tmp_path)


def test_without_pyarrow_the_line_that_installs_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.parquet").write_bytes(b"PAR1")
    monkeypatch.setattr("digitry.packages.find_spec", lambda name: None)
    with pytest.raises(SettingError, match=r"reading \.parquet needs pyarrow; install with: pip install .*parquet"):
        load_dataset(tmp_path / "own.parquet")


@pytest.mark.parametrize("suffix", arrow_files.SUFFIXES)
def test_a_file_that_is_something_else_is_refused_in_one_line(suffix: str, tmp_path: Path) -> None:
    for data in (b"", b"PAR1", b"PAR1" * 10, b"ARROW1" * 10, b"\xff" * 200):
        (tmp_path / f"own{suffix}").write_bytes(data)
        with pytest.raises(DataError, match=rf"own{suffix} is damaged, or not a {suffix} file") as caught:
            load_dataset(tmp_path / f"own{suffix}")
        assert "\n" not in str(caught.value)
