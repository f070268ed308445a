from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitry.datasets.load import load_dataset
from digitry.datasets.view import View
from digitry.errors import DataError, SettingError
from tests.conftest import make_digits

SPLIT = make_digits(40)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    np.savez(tmp_path / "own.npz", x_train=SPLIT.images, y_train=SPLIT.labels, x_test=SPLIT.images, y_test=SPLIT.labels)
    return tmp_path / "own.npz"


@pytest.mark.parametrize(
    ("words", "view", "wanted"),
    [
        ("transpose", View(transpose=True), SPLIT.images.transpose(0, 2, 1)),
        ("rotate=90", View(rotate=90), np.rot90(SPLIT.images, -1, axes=(1, 2))),
        ("rotate=180", View(rotate=180), SPLIT.images[:, ::-1, ::-1]),
        ("rotate=270", View(rotate=270), np.rot90(SPLIT.images, 1, axes=(1, 2))),
        ("transpose,rotate=90", View(transpose=True, rotate=90), SPLIT.images[:, :, ::-1]),
        ("invert", View(invert=True), 255 - SPLIT.images),
        ("no-invert", View(invert=False), SPLIT.images),
    ],
)
def test_what_stands_behind_the_path_and_what_is_asked_for_are_the_same(
    words: str, view: View, wanted: np.ndarray, own: Path
) -> None:
    options = {"transpose": view.transpose, "rotate": view.rotate, "invert": view.invert}
    for dataset in (load_dataset(f"{own}#{words}"), load_dataset(own, **options)):  # type: ignore[arg-type]
        assert dataset.test is not None
        assert np.array_equal(dataset.train.images, wanted)
        assert np.array_equal(dataset.test.images, wanted)
        assert dataset.reference == f"{own}#{words}"
    again = load_dataset(dataset.reference)
    assert again.sha256 == dataset.sha256
    assert (again.sha256 == load_dataset(own).sha256) == (words == "no-invert")


def test_arrays_in_memory_are_laid_upright_too() -> None:
    dataset = load_dataset((SPLIT.images, SPLIT.labels), transpose=True)
    assert np.array_equal(dataset.train.images, SPLIT.images.transpose(0, 2, 1))


def test_a_file_whose_name_has_the_mark_is_that_file(own: Path) -> None:
    own.rename(own.with_name("a#transpose.npz"))
    assert np.array_equal(load_dataset(own.with_name("a#transpose.npz")).train.images, SPLIT.images)


def test_other_words_and_angles_are_refused(own: Path) -> None:
    with pytest.raises(SettingError, match=r"the words after # must be transpose, .*; not 'sideways'"):
        load_dataset(f"{own}#sideways")
    with pytest.raises(SettingError, match="must be 0, 90, 180 or 270 degrees clockwise, not 45"):
        load_dataset(own, rotate=45)
    with pytest.raises(DataError, match="no file or folder"):
        load_dataset(f"{own}x#transpose")


def test_of_pictures_it_is_seen_what_is_ink(tmp_path: Path) -> None:
    for name in "78":
        (tmp_path / name).mkdir()
        page = np.full((60, 60), 255, np.uint8)
        page[15:45, 28:33] = 0
        Image.fromarray(page).save(tmp_path / name / "a.png")
    with pytest.raises(SettingError, match="invert is for arrays"):
        load_dataset(tmp_path, invert=True)
    lying, upright = load_dataset(tmp_path, rotate=90), load_dataset(tmp_path)
    assert np.array_equal(lying.train.images, np.rot90(upright.train.images, -1, axes=(1, 2)))
