from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from digitry.datasets.label_values import ReadLabels, to_labels
from digitry.datasets.raw import raw_array
from digitry.errors import DataError


def read(*labels: Any, names: tuple[str, ...] | None = None) -> ReadLabels:
    arrays = [raw_array("y", one) for one in labels]
    return to_labels(arrays, [3] * len(arrays), names)


@pytest.mark.parametrize(
    "labels",
    [
        [7, 2, 9],
        [[7], [2], [9]],
        [7.0, 2.0, 9.0],
        np.array([7, 2, 9], np.uint8),
        ["7", "2", "9"],
        [b"7", b"2", b"9"],
        np.array(["7", "2", "9"], object),
        np.eye(10)[[7, 2, 9]],
        np.eye(10, dtype=bool)[[7, 2, 9]],
    ],
)
def test_labels_of_every_usual_kind_say_the_same(labels: Any) -> None:
    found = read(labels)
    assert found.class_names == ("2", "7", "9")
    assert found.splits[0].dtype == np.int64
    assert found.splits[0].tolist() == [1, 0, 2]


def test_texts_name_the_classes_in_the_order_of_people() -> None:
    found = read(["ten", "nine", "10"])
    assert found.class_names == ("10", "nine", "ten")
    assert found.splits[0].tolist() == [2, 1, 0]


def test_whole_numbers_are_places_among_given_names() -> None:
    found = read([0, 2, 2], names=("a", "b", "c"))
    assert found.class_names == ("a", "b", "c")
    assert found.splits[0].tolist() == [0, 2, 2]


def test_texts_are_found_among_given_names() -> None:
    assert read(["b", "b", "a"], names=("b", "a")).splits[0].tolist() == [0, 0, 1]
    with pytest.raises(DataError, match="the label 'c' is not one of the class names"):
        read(["b", "c", "a"], names=("b", "a"))


def test_splits_share_their_classes_also_where_one_has_texts() -> None:
    found = read([3, 4, 5], ["5", "4", "6"])
    assert found.class_names == ("3", "4", "5", "6")
    assert [split.tolist() for split in found.splits] == [[0, 1, 2], [2, 1, 3]]


def test_whole_numbers_are_kept_for_the_identity() -> None:
    assert read([3, 8, 8]).raw[0].tolist() == [3, 8, 8]


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ([0, 1], r"\(2,\), expected one label per image \(3,\)"),
        (np.zeros((2, 3)), r"\(2, 3\), expected one label per image \(3,\); the images must come first"),
        (np.eye(3) / 2, "not one-hot.* y = y.argmax"),
        (np.ones((3, 4)), "not one-hot"),
        (np.zeros((3, 300)), "or one-hot rows"),
        (np.zeros((3, 2, 2)), "expected one label per image"),
        ([0, 1, 256], "from 0 to 255"),
        ([0, 1, -1], "from 0 to 255"),
        ([0, 1, 0.5], "whole class numbers"),
        ([0, 1, np.nan], "whole class numbers"),
        (["a", "", "b"], "is not a class name"),
        (["a", "x" * 101, "b"], "is not a class name"),
    ],
)
def test_labels_of_another_kind_are_refused(labels: Any, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        read(labels)


def test_too_many_different_texts_are_refused_as_they_come() -> None:
    with pytest.raises(DataError, match="more than 256 different texts"):
        to_labels([raw_array("y", [f"name {i}" for i in range(300)])], [300])
