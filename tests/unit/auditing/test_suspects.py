"""What speaks against a label, and in which order it is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitry.auditing.suspects import (
    TWIN_PENALTY,
    find_suspects,
    labelled_otherwise,
    least_like_their_class,
)
from digitry.types import Dataset, Probabilities, Split
from tests.conftest import make_digits

NAMES = tuple("0123456789")


def dataset(train: Split, test: Split | None = None) -> Dataset:
    return Dataset("made", train, test, NAMES, "0" * 64, "made by the tests")


def believing(labels: np.ndarray, doubts: dict[int, tuple[int, float]]) -> Probabilities:
    """Nearly sure of every label, except of those in `doubts`: position → what it is taken for, and how surely."""
    rows = np.full((len(labels), 10), 0.001, np.float32)
    rows[np.arange(len(labels)), labels] = 0.991
    for index, (other, probability) in doubts.items():
        rows[index] = (1 - probability) / 9
        rows[index, other] = probability
    return rows


@pytest.fixture
def split() -> Split:
    return make_digits(100, seed=3)


def test_the_least_trusted_label_comes_first_with_what_it_is_taken_for(split: Split) -> None:
    found = find_suspects(dataset(split), "train", believing(split.labels, {31: (7, 0.999), 42: (0, 0.6)}))
    assert [(one.index, one.label, one.likely) for one in found[:2]] == [(31, "1", "7"), (42, "2", "0")]
    assert found[0].trust == pytest.approx(0.001 / 9)
    assert found[0].reasons == ("confidently taken for 7",)
    assert found[1].reasons == ("taken for 0",)


def test_confidently_only_what_clears_the_bar_of_that_very_class(split: Split) -> None:
    rows = believing(split.labels, {})
    rows[5] = 0.0
    rows[5, [3, 8]] = [0.4, 0.6]  # labelled 5
    rows[split.labels == 3] = 0.07
    rows[split.labels == 3, 3] = 0.37  # the bar of class 3, which is unsure of itself
    rows[7] = 0.0
    rows[7, [3, 7]] = [0.4, 0.6]  # labelled 7, and so it is taken
    found = {one.index: one.reasons for one in find_suspects(dataset(split), "train", rows)}
    assert found[5][0] == "taken for 8"
    assert found[7][0] == "could be 3 too"


def test_all_others_are_only_listed_for_being_unlike_their_class(split: Split) -> None:
    found = find_suspects(dataset(split), "train", believing(split.labels, {31: (7, 0.999)}))
    assert len(found) == 1 + 10
    assert all("unlike the others labelled" in one.reasons[-1] for one in found[1:])


def test_one_image_under_two_labels_costs_both_their_trust() -> None:
    train, test = make_digits(60, seed=1), make_digits(30, seed=2)
    images, labels = train.images.copy(), train.labels.copy()
    images[5], labels[5] = images[23], 8  # a copy of a 3, labelled 8
    faint = (images[14] * 0.97).astype(np.uint8)
    images[40], labels[40] = faint, 9  # nearly a copy of a 4, labelled 9
    test_images = test.images.copy()
    test_images[7] = images[52]  # a 2 that test labels 7
    data = dataset(Split(images, labels), Split(test_images, test.labels))
    assert labelled_otherwise(data, "train") == {
        5: "the same image as train 23, labelled 3",
        23: "the same image as train 5, labelled 8",
        52: "the same image as test 7, labelled 7",
        14: "nearly the same as train 40, labelled 9",
        40: "nearly the same as train 14, labelled 4",
    }
    assert labelled_otherwise(data, "test") == {7: "the same image as train 52, labelled 2"}
    found = {one.index: one for one in find_suspects(data, "train", believing(labels, {5: (3, 0.992)}))}
    assert found[23].trust == pytest.approx(0.991 * TWIN_PENALTY)
    assert found[5].reasons[:2] == ("confidently taken for 3", "the same image as train 23, labelled 3")


def test_the_image_least_like_its_class_is_named_one_in_a_thousand_and_at_least_one() -> None:
    split = make_digits(100)
    images = split.images.copy()
    images[37] = 0
    images[37, 20:26, 20:26] = 255
    assert 37 in least_like_their_class(Split(images, split.labels), 10)
    assert len(least_like_their_class(split, 10)) == 10
    assert len(least_like_their_class(make_digits(10_010), 10)) == 20


def test_the_file_of_a_picture_travels_along(split: Split) -> None:
    files = tuple(Path(f"/data/{label}/{i}.png") for i, label in enumerate(split.labels))
    own = Split(split.images, split.labels, files)
    found = find_suspects(dataset(own), "train", believing(split.labels, {31: (7, 0.999)}))
    assert found[0].file == Path("/data/1/31.png")
    assert found[0].to_json()["file"] == "/data/1/31.png"
    assert own.take(np.array([31, 4])).files == (files[31], files[4])
    assert own.take(slice(98, None)).files == files[98:]
    assert own.take(split.labels == 3).files == tuple(file for file in files if file.parent.name == "3")


def test_the_least_trusted_half_percent_is_listed_even_if_no_other_class_is_more_probable() -> None:
    split = make_digits(400)
    rows = believing(split.labels, {17: (7, 0.6), 42: (2, 0.7), 90: (0, 0.8)})  # all three as they are labelled
    found = {one.index: one.reasons for one in find_suspects(dataset(split), "train", rows)}
    assert found[17][0] == "barely recognised as 7"
    assert found[42][0] == "barely recognised as 2"
    assert not any("barely" in reason for reason in found.get(90, ()))
