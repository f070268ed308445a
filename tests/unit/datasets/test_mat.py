"""MATLAB files as others write them; SciPy, which the tests have and digitry does not need, is the writer."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.datasets import mat
from digitry.datasets.load import load_dataset
from digitry.errors import DataError
from digitry.networks.odd_data import odd_lines
from tests.conftest import make_digits

scipy_io = pytest.importorskip("scipy.io")

SPLIT = make_digits(30)
IMAGES, LABELS = SPLIT.images, SPLIT.labels


def saved(path: Path, compressed: bool = True, **arrays: Any) -> Path:
    scipy_io.savemat(path, arrays, do_compression=compressed)
    return path


LAYOUTS: dict[str, Callable[[], Any]] = {
    "SVHN's h×w×3×n": lambda: np.repeat(IMAGES.transpose(1, 2, 0)[:, :, None], 3, axis=2),
    "h×w×n": lambda: IMAGES.transpose(1, 2, 0),
    "n×h×w": lambda: IMAGES,
    "n×784": lambda: IMAGES.reshape(30, 784),
    "784×n": lambda: IMAGES.reshape(30, 784).T,
    "shares of 1": lambda: IMAGES.reshape(30, 784) / 255,
    "whole doubles": lambda: IMAGES.astype(np.float64),
    "singles": lambda: IMAGES.astype(np.float32),
}


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_images_may_be_counted_along_the_first_axis_or_the_last(layout: str, compressed: bool, tmp_path: Path) -> None:
    path = saved(tmp_path / "a.mat", compressed, X=LAYOUTS[layout](), y=LABELS[:, None])
    dataset = load_dataset(path)
    np.testing.assert_array_equal(dataset.train.images, IMAGES)
    np.testing.assert_array_equal(dataset.train.labels, LABELS)


def test_a_folder_with_one_such_file_is_that_file_and_names_may_say_the_split(tmp_path: Path) -> None:
    saved(tmp_path / "a.mat", x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:10], y_test=LABELS[:10], note="by hand")
    dataset = load_dataset(tmp_path)
    assert (len(dataset.train), dataset.test and len(dataset.test)) == (30, 10)


def test_labels_may_be_a_row_or_logical_one_hot(tmp_path: Path) -> None:
    one_hot = np.eye(10, dtype=bool)[LABELS]
    for place, labels in enumerate((LABELS[None], LABELS.astype(np.float64)[:, None], one_hot, one_hot.astype(float))):
        path = saved(tmp_path / f"{place}.mat", X=IMAGES, y=labels)
        np.testing.assert_array_equal(load_dataset(path).train.labels, LABELS)


def test_10_standing_for_0_as_svhn_has_it_is_told(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.mat", X=IMAGES.transpose(1, 2, 0), y=np.where(LABELS == 0, 10, LABELS)[:, None])
    assert any("10 stands for 0" in line for line in odd_lines(load_dataset(path)))


def test_structures_cells_texts_and_complex_numbers_are_not_looked_into(tmp_path: Path) -> None:
    cell = np.empty(2, object)
    cell[:] = [IMAGES, LABELS]
    path = saved(tmp_path / "a.mat", dataset={"images": IMAGES}, cell=cell, text="abc", z=np.array([1j, 2]))
    with pytest.raises(DataError, match=r"holds no plain arrays of numbers.*save"):
        load_dataset(path)


def test_other_versions_are_refused_with_the_line_that_converts_them(tmp_path: Path) -> None:
    newest = tmp_path / "a.mat"
    newest.write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM" + b"\x89HDF")
    with pytest.raises(DataError, match=r"version 7\.3, which is HDF5.*SECURITY.*'-v7'"):
        load_dataset(newest)
    oldest = tmp_path / "b.mat"
    scipy_io.savemat(oldest, {"X": IMAGES.reshape(30, -1), "y": LABELS}, format="4")
    with pytest.raises(DataError, match="not a MATLAB file of version 5 to 7"):
        load_dataset(oldest)


def test_what_is_in_it_is_read_in_pieces_and_never_all_at_once(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.mat", X=np.zeros((32, 32, 3, 2000), np.uint8), y=np.zeros((2000, 1)))
    images = next(array for array in mat.read_mat(path) if array.name == "X").last_axis_first()
    assert (images.shape, images.dtype) == ((2000, 32, 32, 3), np.uint8)
    assert max(piece.nbytes for piece in images.pieces()) <= 1 << 20
    assert sum(piece.size for piece in images.pieces()) == 2000 * 32 * 32 * 3


def test_more_variables_than_any_dataset_has_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.mat", **{f"x{number}": np.ones(3) for number in range(mat.MAX_ARRAYS + 1)})
    with pytest.raises(DataError, match="more than 64 variables"):
        load_dataset(path)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_cut_file_is_refused_wherever_it_was_cut(compressed: bool, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    scipy_io.savemat(buffer, {"X": IMAGES[:, ::4, ::4].copy(), "y": LABELS}, do_compression=compressed)
    data = buffer.getvalue()
    path = tmp_path / "a.mat"
    for end in range(0, len(data) - 1, max(1, len(data) // 50)):
        path.write_bytes(data[:end])
        with pytest.raises(DataError):
            load_dataset(path)


@pytest.mark.parametrize("count", [29, 31, 1 << 30])
def test_a_shape_that_does_not_fit_its_bytes_is_refused(count: int, tmp_path: Path) -> None:
    path = saved(tmp_path / "a.mat", compressed=False, X=IMAGES, y=LABELS)
    data = path.read_bytes()
    told = struct.pack("<3i", 30, 28, 28)
    assert data.count(told) == 1
    path.write_bytes(data.replace(told, struct.pack("<3i", count, 28, 28)))
    with pytest.raises(DataError, match=rf"X declares \({count}, 28, 28\) and 23,520 bytes"):
        load_dataset(path)
