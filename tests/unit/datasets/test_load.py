from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitry
from digitry.datasets.load import hold_out, load_dataset, numbered_as
from digitry.datasets.sources import SOURCES
from digitry.errors import DataError, SettingError
from digitry.types import Dataset, Split
from tests.conftest import make_digits
from tests.unit.datasets.mirror import tiny_files, tiny_source


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, temporary_home: Path) -> dict[str, bytes]:
    """`tiny` among the known datasets, already in the cache."""
    files = tiny_files()
    monkeypatch.setitem(SOURCES, "tiny", tiny_source(files))
    folder = temporary_home / "data" / "tiny"
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return files


def test_a_known_name_loads_what_is_in_the_cache(tiny: dict[str, bytes]) -> None:
    dataset = digitry.load_dataset("tiny")
    train, test = make_digits(40), make_digits(20, seed=1)
    assert dataset.test is not None
    assert np.array_equal(dataset.train.images, train.images)
    assert np.array_equal(dataset.train.labels, train.labels)
    assert np.array_equal(dataset.test.images, test.images)
    assert np.array_equal(dataset.test.labels, test.labels)
    assert (dataset.name, dataset.source, dataset.class_names) == ("tiny", "Tiny", tuple("0123456789"))


def test_name_and_path_give_the_same_identity(tiny: dict[str, bytes], temporary_home: Path) -> None:
    assert load_dataset("Tiny").sha256 == load_dataset(temporary_home / "data" / "tiny").sha256


def test_a_known_name_wins_over_a_folder_and_dot_slash_asks_for_the_folder(
    tiny: dict[str, bytes], temporary_home: Path
) -> None:
    (temporary_home / "tiny").mkdir()
    assert load_dataset("tiny").source == "Tiny"
    for path in ("./tiny", Path("tiny")):
        with pytest.raises(DataError, match="has no class folders"):
            load_dataset(path)


@pytest.mark.parametrize("name", ["mnits", "Fashion_MNITS", "x" * 5000, "a\0b"])
def test_an_unknown_name_lists_the_known_ones_and_the_other_choice(name: str) -> None:
    known = ", ".join(sorted(SOURCES))
    with pytest.raises(SettingError, match=f"Known: {known}; or give the path of your own data"):
        load_dataset(name)


@pytest.mark.parametrize("path", ["./digits", "some/where", "digits.npz", Path("digits"), "~no-such-user/digits"])
def test_a_path_that_is_not_there_is_called_a_path(path: str | Path) -> None:
    with pytest.raises(DataError, match="there is no file or folder"):
        load_dataset(path)


def test_pictures_go_through_the_door_of_reading(tmp_path: Path) -> None:
    for name, corner in (("9", 30), ("10", 60)):
        (tmp_path / name).mkdir()
        page = np.full((120, 120), 255, np.uint8)
        page[30:90, corner : corner + 12] = 0
        page[30:42, corner - 10 : corner + 30] = 0
        Image.fromarray(page).save(tmp_path / name / "drawn.png")
    (tmp_path / "9" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with pytest.warns(UserWarning, match=r"1 of 3 pictures cannot be used \('broken\.png': "):
        dataset = load_dataset(tmp_path)
    assert dataset.class_names == ("9", "10")
    assert dataset.train.images.shape == (2, 28, 28)
    assert dataset.train.images[:, 0].max() == 0
    assert dataset.train.images.max() > 128
    with pytest.raises(DataError, match=r"broken\.png"):
        load_dataset(tmp_path, strict=True)


def test_the_last_part_is_the_last_part_with_keras_rounding() -> None:
    split = make_digits(105)
    training, validation = hold_out(split, 0.1)
    assert (len(training), len(validation)) == (94, 11)
    assert np.array_equal(training.images, split.images[:94])
    assert np.array_equal(validation.labels, split.labels[94:])


def test_a_stratified_part_holds_the_same_share_of_every_class_in_order() -> None:
    labels = np.repeat(np.arange(3), (100, 50, 1))
    split = Split(np.zeros((151, 28, 28), np.uint8), labels)
    split.images[:, 0, 0] = np.arange(151)
    training, validation = hold_out(split, 0.2, "stratified", seed=3)
    assert np.bincount(validation.labels, minlength=3).tolist() == [20, 10, 0]
    assert np.bincount(training.labels).tolist() == [80, 40, 1]
    together = np.concatenate([training.images[:, 0, 0], validation.images[:, 0, 0]])
    assert sorted(together.tolist()) == list(range(151))
    for part in (training, validation):
        assert (np.diff(part.images[:, 0, 0].astype(int)) > 0).all()


def test_the_seed_decides_which_images_are_held_out() -> None:
    split = make_digits(200)
    first, again, other = (hold_out(split, 0.25, "stratified", seed)[1] for seed in (1, 1, 2))
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)


def test_a_part_that_takes_a_whole_class_away_from_training_is_refused() -> None:
    split = make_digits(100).take(np.argsort(make_digits(100).labels, kind="stable"))
    with pytest.raises(SettingError, match="hold all of class 9; set validation_method to stratified"):
        hold_out(split, 0.1)
    names = (*"012345678", "Ankle boot")
    with pytest.raises(SettingError, match="hold all of class 'Ankle boot'; set validation_method"):
        hold_out(split, 0.1, class_names=names)
    assert len(hold_out(split, 0.1, "stratified")[1]) == 10


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, float("nan"), 0.001])
@pytest.mark.parametrize("method", ["last", "stratified"])
def test_a_fraction_that_leaves_a_part_empty_is_refused(fraction: float, method: str) -> None:
    split = make_digits(20)
    if fraction == 0.001 and method == "last":
        assert len(hold_out(split, fraction, method)[1]) == 1  # Keras rounds the training part down
        return
    with pytest.raises(SettingError, match="validation fraction"):
        hold_out(split, fraction, method)


def test_an_unknown_method_lists_the_known_ones() -> None:
    with pytest.raises(SettingError, match="did you mean 'stratified'"):
        hold_out(make_digits(20), 0.1, "stratfied")


def test_loading_says_nothing_when_all_is_well(tiny: dict[str, bytes], capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_dataset("tiny")
    assert capsys.readouterr() == ("", "")


def test_folders_that_were_named_otherwise_at_first_are_known_where_they_mean_one_class() -> None:
    images = make_digits(4).images
    clothes = Dataset.from_arrays(images, np.array(["T-shirt-top", "Coat", "Coat", "T-shirt-top"]))
    assert numbered_as(clothes, ("Coat", "T-shirt/top"), "it").train.labels.tolist() == [1, 0, 0, 1]
    signs = Dataset.from_arrays(images, np.array(["dataset", "+", "+", "dataset"]))
    assert numbered_as(signs, ("+", "/"), "it").train.labels.tolist() == [1, 0, 0, 1]
    with pytest.raises(DataError, match="has the class 'dataset', which it does not know"):
        numbered_as(signs, ("+", "/", "."), "it")
