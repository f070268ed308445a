from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import digitry
from digitry.datasets.folder import dataset_sha256
from digitry.errors import DataError
from digitry.types import Dataset
from tests.conftest import make_digits

TRAIN, TEST = make_digits(40), make_digits(20, seed=1)
X, Y, X_TEST, Y_TEST = TRAIN.images, TRAIN.labels, TEST.images, TEST.labels


class Tensor:
    """As torch.Tensor, tf.Tensor, jax.Array, pandas.DataFrame: an object that NumPy can read."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.array


BOTH = {
    "Keras": ((X, Y), (X_TEST, Y_TEST)),
    "lists of lists": [[X, Y], [X_TEST, Y_TEST]],
    "tensors": ((Tensor(X), Tensor(Y)), (Tensor(X_TEST), Tensor(Y_TEST))),
    "four in a row": (X, Y, X_TEST, Y_TEST),
    "as scikit-learn splits": (X, X_TEST, Y, Y_TEST),
    "by name": {"x_train": X, "y_train": Y, "x_test": X_TEST, "y_test": Y_TEST},
    "by other names": {"train_images": X / 255, "train_labels": Y, "test_images": X_TEST, "test_labels": Y_TEST},
}


def same(dataset: Dataset, with_test: bool) -> bool:
    splits = [(dataset.train, TRAIN), (dataset.test, TEST)] if with_test else [(dataset.train, TRAIN)]
    return all(
        got is not None and np.array_equal(got.images, wanted.images) and np.array_equal(got.labels, wanted.labels)
        for got, wanted in splits
    )


@pytest.mark.parametrize("values", BOTH)
def test_what_people_hold_in_one_variable_is_a_dataset(values: str) -> None:
    dataset = digitry.load_dataset(BOTH[values])
    assert same(dataset, with_test=True)
    assert dataset.sha256 == dataset_sha256(TRAIN, TEST)
    assert dataset.class_names == tuple("0123456789")
    assert dataset.reference == ""


@pytest.mark.parametrize("values", [(X, Y), [X, Y], (X.tolist(), Y.tolist()), {"x": X, "y": Y}, (Tensor(X), Tensor(Y))])
def test_images_and_labels_alone_are_a_dataset(values: Any) -> None:
    dataset = digitry.load_dataset(values)
    assert same(dataset, with_test=False)
    assert dataset.test is None


def test_two_images_are_not_taken_for_a_pair_of_splits() -> None:
    dataset = digitry.load_dataset(([X[0].tolist(), X[1].tolist()], [3, 8]))
    assert np.array_equal(dataset.train.images, X[:2])
    assert dataset.class_names == ("3", "8")


def test_the_public_class_makes_datasets_of_arrays() -> None:
    dataset = digitry.Dataset.from_arrays(X, np.eye(10)[Y], test=(X_TEST, Y_TEST), name="mine")
    assert same(dataset, with_test=True)
    assert dataset.name == "mine"
    assert digitry.Dataset.from_arrays(X, Y, class_names=list("abcdefghij")).class_names == tuple("abcdefghij")


def test_the_npz_that_numpy_has_open_is_a_mapping(tmp_path: Any) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    with np.load(tmp_path / "a.npz") as opened:
        assert same(digitry.load_dataset(opened), with_test=False)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((X,), r"a tuple of 1 is not a dataset; expected a name, a path, \(x, y\)"),
        ((X, Y, X), "a tuple of 3 is not a dataset"),
        (7, "a int is not a dataset"),
        ((X, Y[:9]), r"x is uint8 \(40, 28, 28\) and y is int64 \(9,\): expected as many labels as images"),
        ({"a": X, "b": Y}, "expected the arrays x_train, y_train"),
        ((X, X, X, Y), "cannot tell images from labels"),
    ],
)
def test_what_is_no_dataset_says_what_was_expected(values: Any, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        digitry.load_dataset(values)
