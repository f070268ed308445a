from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.datasets.folder import dataset_sha256, read_own
from digitry.datasets.idx import to_idx
from digitry.errors import DataError
from digitry.types import Dataset, Images
from tests.conftest import make_digits
from tests.unit.datasets.mirror import NAMES, tiny_files, tiny_source

TRAIN, TEST = make_digits(40), make_digits(20, seed=1)


def refuse(path: Path) -> Images:
    raise AssertionError(f"{path} is no picture")


def own(path: Path) -> Dataset:
    return read_own(path, refuse)


def same(dataset: Dataset, with_test: bool = True) -> bool:
    splits = [(dataset.train, TRAIN), (dataset.test, TEST)] if with_test else [(dataset.train, TRAIN)]
    return all(
        got is not None and np.array_equal(got.images, wanted.images) and np.array_equal(got.labels, wanted.labels)
        for got, wanted in splits
    )


def save(path: Path, **arrays: Any) -> Path:
    np.savez(path, **({"x_train": TRAIN.images, "y_train": TRAIN.labels} | arrays))
    return path


@pytest.mark.parametrize("compressed", [False, True])
def test_four_idx_files_are_a_dataset(compressed: bool, tmp_path: Path) -> None:
    for name, data in tiny_files().items():
        (tmp_path / f"{name}{'.gz' if compressed else ''}").write_bytes(gzip.compress(data) if compressed else data)
    dataset = own(tmp_path)
    assert same(dataset)
    assert dataset.class_names == tuple("0123456789")


@pytest.mark.parametrize("name", ["images-idx3-ubyte", "emnist-digits-train-images-idx3-ubyte", "my-images.idx3-ubyte"])
def test_an_idx_pair_is_a_dataset_by_folder_and_by_file(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(to_idx(TRAIN.images))
    (tmp_path / name.replace("images", "labels").replace("idx3", "idx1")).write_bytes(to_idx(TRAIN.labels))
    assert same(own(tmp_path), with_test=False)
    assert same(own(tmp_path / name), with_test=False)


def test_what_a_system_hides_beside_idx_files_is_left_alone(tmp_path: Path) -> None:
    for name, data in tiny_files().items():
        (tmp_path / name).write_bytes(data)
        (tmp_path / f"._{name}").write_bytes(b"as macOS leaves them on a stick")
    assert same(own(tmp_path))


def test_a_file_named_as_test_images_is_used_when_it_is_asked_for(tmp_path: Path) -> None:
    for name, data in list(tiny_files().items())[2:]:
        (tmp_path / name).write_bytes(data)
    assert np.array_equal(own(tmp_path / NAMES[2]).train.images, TEST.images)
    with pytest.raises(DataError, match="holds no training images, only t10k-images"):
        own(tmp_path)


def test_an_npz_is_a_dataset_with_or_without_test(tmp_path: Path) -> None:
    assert same(own(save(tmp_path / "a.npz", x_test=TEST.images, y_test=TEST.labels)))
    dataset = own(save(tmp_path / "b.npz"))
    assert same(dataset, with_test=False)
    assert dataset.test is None
    assert dataset.name == "b"


def test_an_npz_may_name_its_classes(tmp_path: Path) -> None:
    names = [f"class {i}" for i in range(12)]
    assert own(save(tmp_path / "a.npz", class_names=names)).class_names == tuple(names)


def test_the_identity_is_that_of_the_data_whatever_brought_it(tmp_path: Path) -> None:
    files = tiny_files()
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    by_hand = hashlib.sha256("".join(hashlib.sha256(files[name]).hexdigest() for name in NAMES).encode()).hexdigest()
    npz = save(tmp_path / "a.npz", x_train=TRAIN.images / 255, x_test=TEST.images, y_test=TEST.labels)
    assert own(tmp_path).sha256 == by_hand
    assert own(npz).sha256 == by_hand
    assert tiny_source(files).sha256 == by_hand


def test_another_pixel_label_or_order_is_another_identity() -> None:
    other_pixel = TRAIN.images.copy()
    other_pixel[0, 0, 0] ^= 1
    other_label = TRAIN.labels.copy()
    other_label[0] ^= 1
    identities = {
        dataset_sha256(train, test)
        for train, test in (
            (TRAIN, TEST),
            (TRAIN, None),
            (TEST, TRAIN),
            (TRAIN.take(np.arange(40)[::-1]), TEST),
            (type(TRAIN)(other_pixel, TRAIN.labels), TEST),
            (type(TRAIN)(TRAIN.images, other_label), TEST),
        )
    }
    assert len(identities) == 6


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        (
            {"x_test": TEST.images},
            "the test split has x_test and no labels; expected the arrays x_train, y_train",
        ),
        (
            {"y_train": TRAIN.labels[:-1]},
            r"\(40, 28, 28\) and y_train is int64 \(39,\): expected as many labels as images",
        ),
        ({"class_names": ["a", "b"]}, "labels up to 9 and 2 class names"),
        ({"class_names": ["a"] * 10}, "each with its own name"),
        ({"class_names": [*"abcdefghi", "long\u00a0coat"]}, "is not a class name; expected 1 to 100 printable"),
        ({"class_names": [*"abcdefghi", ""]}, "is not a class name"),
    ],
)
def test_an_npz_that_cannot_be_used_says_why(arrays: dict[str, Any], reason: str, tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=reason) as caught:
        own(path)
    assert str(path) in str(caught.value)


def test_idx_files_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    images, labels = tmp_path / "images-idx3-ubyte", tmp_path / "labels-idx1-ubyte"
    images.write_bytes(to_idx(TRAIN.images))
    with pytest.raises(DataError, match=r"cannot read .*labels-idx1-ubyte: No such file"):
        own(tmp_path)
    labels.write_bytes(to_idx(TRAIN.labels[:-1]))
    with pytest.raises(DataError, match="expected as many labels as images"):
        own(tmp_path)
    labels.write_bytes(to_idx(TRAIN.labels))
    images.write_bytes(to_idx(TRAIN.images[:, :3]))
    with pytest.raises(DataError, match=r"\(40, 3, 28\), expected images"):
        own(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"")
    with pytest.raises(DataError, match=r"two train sets.*name one of the files"):
        own(tmp_path)


@pytest.mark.parametrize("images", [0, 1])
def test_a_file_and_its_gz_are_one(images: int, tmp_path: Path) -> None:
    for name, data in tiny_files().items():
        (tmp_path / name).write_bytes(data)
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(data))
    assert same(own(tmp_path))


@pytest.mark.parametrize("place", ["MNIST/raw", "data/MNIST/raw"])
def test_idx_files_are_found_where_torchvision_puts_them(place: str, tmp_path: Path) -> None:
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / place).with_name("processed").mkdir()
    for name, data in tiny_files().items():
        (tmp_path / place / name).write_bytes(data)
    assert same(own(tmp_path))


def test_labels_in_columns_of_whole_numbers_are_read_as_qmnist_has_them(tmp_path: Path) -> None:
    (tmp_path / "qmnist-train-images-idx3-ubyte").write_bytes(to_idx(TRAIN.images))
    columns = np.tile(np.arange(8), (40, 1))
    columns[:, 0] = TRAIN.labels
    header = bytes([0, 0, 0x0C, 2]) + struct.pack(">2I", 40, 8)
    packed = gzip.compress(header + columns.astype(">i4").tobytes())
    (tmp_path / "qmnist-train-labels-idx2-int.gz").write_bytes(packed)
    assert same(own(tmp_path), with_test=False)


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("X_train", "Y_train", "X_test", "Y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("train_x", "train_y", "test_x", "test_y"),
        ("training_images", "training_labels", "testing_images", "testing_labels"),
        ("xTrain", "yTrain", "xTest", "yTest"),
        ("xtrain", "ytrain", "xtest", "ytest"),
        ("trainX", "trainY", "testX", "testY"),
        ("images", "labels", "test_images", "test_labels"),
        ("X", "y", "X_test", "y_test"),
        ("data", "target", "test_data", "test_target"),
        ("train", "train_labels", "test", "test_labels"),
        ("arr_0", "arr_1", "arr_2", "arr_3"),
    ],
)
def test_arrays_are_known_by_any_usual_names_together_and_apart(names: tuple[str, ...], tmp_path: Path) -> None:
    arrays = dict(zip(names, (TRAIN.images, TRAIN.labels, TEST.images, TEST.labels), strict=True))
    np.savez(tmp_path / "a.npz", **arrays)
    assert same(own(tmp_path / "a.npz"))
    if names[0] != "arr_0":
        (tmp_path / "apart").mkdir()
        for name, array in arrays.items():
            np.save(tmp_path / "apart" / f"{name}.npy", array)
        assert same(own(tmp_path / "apart"))
        assert same(own(tmp_path / "apart" / f"{names[0]}.npy"), with_test=False)


def test_arrays_in_the_order_of_scikit_learn_are_told_by_their_shapes(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", TRAIN.images, TEST.images, TRAIN.labels, TEST.labels)
    assert same(own(tmp_path / "a.npz"))


def test_images_and_labels_in_two_files_are_as_kuzushiji_has_them(tmp_path: Path) -> None:
    for split, part in (("train", TRAIN), ("test", TEST)):
        np.savez(tmp_path / f"kmnist-{split}-imgs.npz", part.images)
        np.savez(tmp_path / f"kmnist-{split}-labels.npz", part.labels)
    assert same(own(tmp_path))
    assert same(own(tmp_path / "kmnist-train-imgs.npz"), with_test=False)
    with pytest.raises(DataError, match="it holds labels; name the file with the images"):
        own(tmp_path / "kmnist-train-labels.npz")
    (tmp_path / "kmnist-train-labels.npz").unlink()
    with pytest.raises(DataError, match=r"no file with the labels .* kmnist-train-labels\.npz"):
        own(tmp_path / "kmnist-train-imgs.npz")


def test_a_file_a_split_is_told_by_its_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "train.npz", x=TRAIN.images, y=TRAIN.labels)
    np.savez(tmp_path / "test.npz", x=TEST.images, y=TEST.labels)
    assert same(own(tmp_path))


def test_a_validation_split_becomes_the_end_of_training(tmp_path: Path) -> None:
    halves = {"train": TRAIN.take(slice(0, 25)), "val": TRAIN.take(slice(25, 40)), "test": TEST}
    arrays = {f"{name}_{what}": getattr(part, what) for name, part in halves.items() for what in ("images", "labels")}
    np.savez(tmp_path / "a.npz", **arrays)
    dataset = own(tmp_path / "a.npz")
    assert same(dataset)
    assert "15 of them of the validation split" in dataset.source


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"one": TRAIN.images, "two": TRAIN.labels}, r"holds one, two.* numpy\.savez\('plain\.npz', x_train="),
        ({"x": TRAIN.images, "images": TRAIN.images, "y": TRAIN.labels}, "x and images could both be the images"),
        ({"x_test": TEST.images, "y_test": TEST.labels}, "no training images, only those of the test split"),
        ({"x": np.moveaxis(TRAIN.images, 0, -1), "y": TRAIN.labels}, r"x = numpy\.moveaxis\(x, -1, 0\)"),
        ({"arr_0": TRAIN.images, "arr_1": TRAIN.images}, "cannot tell images from labels"),
    ],
)
def test_arrays_that_could_be_two_things_are_refused_with_what_decides(
    arrays: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=reason):
        own(tmp_path / "a.npz")


def test_only_labels_that_occur_are_classes(tmp_path: Path) -> None:
    ten = np.where(TRAIN.labels == 0, 10, TRAIN.labels)
    dataset = own(save(tmp_path / "a.npz", y_train=ten))
    assert dataset.class_names == (*"123456789", "10")
    assert [dataset.class_names[label] for label in dataset.train.labels] == [str(label) for label in ten]


def test_a_path_of_no_known_kind_says_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "digits.doc").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"digits\.doc is of an unknown kind; expected a folder"):
        own(tmp_path / "digits.doc")
    with pytest.raises(DataError, match="has no class folders"):
        own(tmp_path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "a.h5",
            r"HDF5 is not opened.*SECURITY\.md.*f = h5py\.File\('a\.h5'\); numpy\.savez\('plain\.npz', x_train=f\[",
        ),
        ("a.pkl", r"a pickle can run any code.*pickle\.load"),
        ("mnist.pkl.gz", r"a pickle can run any code"),
        ("training.pt", r"x, y = torch\.load\('training\.pt'\)"),
        ("a.tar.gz", "unpack it, and name the folder"),
    ],
)
def test_a_file_that_is_not_read_comes_with_the_line_that_converts_it(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(DataError, match=reason):
        own(tmp_path / name)


def test_a_folder_of_pictures_goes_through_the_given_door(tmp_path: Path) -> None:
    for name in ("7", "10"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").write_bytes(b"")
    (tmp_path / "labels.csv").write_text("file,label\n7/a.png,seven\n10/a.png,ten\n")
    dataset = read_own(tmp_path, lambda path: TRAIN.images[len(path.parent.name)])
    assert dataset.class_names == ("seven", "ten")
    (tmp_path / "labels.csv").unlink()
    dataset = read_own(tmp_path, lambda path: TRAIN.images[len(path.parent.name)])
    assert dataset.class_names == ("7", "10")
    assert sorted(dataset.train.labels.tolist()) == [0, 1]
    assert dataset.name == tmp_path.name
    assert dataset.source == f"{tmp_path}: 2 pictures"
