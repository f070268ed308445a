from __future__ import annotations

import pytest

from digitry.datasets.roles import role_of


@pytest.mark.parametrize(
    ("name", "what", "split", "of"),
    [
        ("x_train", "images", "train", ()),
        ("Y_TEST", "labels", "test", ()),
        ("trainX", "images", "train", ()),
        ("ytest", "labels", "test", ()),
        ("images", "images", None, ()),
        ("target", "labels", None, ()),
        ("val_labels", "labels", "validation", ()),
        ("X_valid", "images", "validation", ()),
        ("train", None, "train", ()),
        ("kmnist-train-imgs", "images", "train", ("kmnist",)),
        ("emnist-digits-test-labels-idx1-ubyte", "labels", "test", ("emnist", "digits")),
        ("t10k-images.idx3-ubyte", "images", "test", ()),
        ("trainingSet", None, "train", ()),
        ("Testing", None, "test", ()),
        ("arr_0", None, None, ("0",)),
        ("weights", None, None, ("weights",)),
        ("contest", None, None, ("contest",)),
        ("image_labels", "labels", None, ()),
    ],
)
def test_a_name_says_what_is_in_it(name: str, what: str | None, split: str | None, of: tuple[str, ...]) -> None:
    assert role_of(name) == (what, split, of)
