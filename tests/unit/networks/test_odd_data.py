from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from digitry.datasets.view import View
from digitry.networks import odd_data
from digitry.networks.odd_data import better_view, copies_in_test, odd_lines, option_words, warn_of_odd_data
from digitry.synthesis.allographs import allographs_of
from digitry.synthesis.glyphs import curve
from digitry.synthesis.hands import draw_paths
from digitry.types import Dataset, Split
from tests.conftest import make_digits


class Reader:
    """Stands for the shipped network: it reads a class by the row of its light on the left, so only upright images."""

    contract = type("Contract", (), {"class_names": tuple("0123456789")})

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        light = images.astype(np.float32)[:, 4:24:2, :10].mean(axis=2)[:, :10] + 1e-6
        return light / light.sum(axis=1, keepdims=True)


@pytest.fixture(autouse=True)
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(odd_data.Model, "shipped", lambda reads, threads=0: Reader())
    monkeypatch.setattr(odd_data, "better_views", {})  # what another network said of the same images


def upright(count: int = 100) -> Split:
    """Class k is a light spot in a row of its own, left of the middle."""
    labels = np.arange(count, dtype=np.int64) % 10
    images = np.zeros((count, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[4 + 2 * label, 2:9] = 255
    return Split(images, labels)


def dataset(train: Split, test: Split | None = None, names: tuple[str, ...] = tuple("0123456789")) -> Dataset:
    return Dataset("own", train, test, names, "0" * 64, "own: images")


@pytest.mark.parametrize(
    ("lying", "words"),
    [
        (lambda x: x.transpose(0, 2, 1), "--transpose"),
        (lambda x: 255 - x, "--invert"),
        (lambda x: np.rot90(x, 1, axes=(1, 2)), "--rotate 90"),
        (lambda x: 255 - x.transpose(0, 2, 1), "--transpose --invert"),
    ],
)
def test_data_that_lies_otherwise_is_told_with_the_options_that_lay_it_upright(lying, words: str) -> None:  # type: ignore[no-untyped-def]
    split = upright()
    odd = dataset(Split(np.ascontiguousarray(lying(split.images)), split.labels))
    better = better_view(odd)
    assert better is not None
    assert better.share == 1.0
    assert option_words(better.view) == words
    assert any(f"reads 100% with {words}, " in line for line in odd_lines(odd))


def test_what_was_inverted_by_its_edges_is_told_to_be_left(shipped: None) -> None:
    odd = replace(dataset(replace(upright(), images=255 - upright().images)), source="own: dark on light, so inverted")
    better = better_view(odd)
    assert better is not None
    assert better.view == View(invert=False)


@pytest.mark.parametrize(
    "fine",
    [
        dataset(upright()),
        dataset(upright(30)),
        dataset(Split(upright().images.transpose(0, 2, 1).copy(), upright().labels), names=tuple("abcdefghij")),
        dataset(make_digits(100)),
    ],
    ids=["upright", "few", "letters", "nothing that it reads"],
)
def test_nothing_is_said_where_no_other_way_wins_by_far(fine: Dataset) -> None:
    assert better_view(fine) is None


def test_classes_without_training_images_are_named() -> None:
    lacking = replace(dataset(upright()), class_names=(*"0123456789", "nought"))
    assert any("no training image is of class nought" in line for line in odd_lines(lacking))


def test_ten_may_stand_for_zero() -> None:
    ten = dataset(upright(), names=(*"123456789", "10"))
    assert any("if 10 stands for 0" in line for line in odd_lines(ten))


def test_test_images_that_are_training_images_are_counted() -> None:
    train = make_digits(60)
    test = Split(np.concatenate([train.images[:3], make_digits(7, seed=5).images]), np.zeros(10, np.int64))
    assert copies_in_test(dataset(train, test)) == 3
    assert any("3 of 10 test images are also training images" in line for line in odd_lines(dataset(train, test)))


def test_known_data_is_not_looked_at_and_own_data_warns() -> None:
    odd = replace(dataset(upright()), class_names=(*"0123456789", "nought"))
    with pytest.warns(UserWarning, match="own: no training image is of class nought"):
        warn_of_odd_data(odd)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_odd_data(replace(odd, reference="mnist"))


def test_the_shipped_network_itself_tells_drawn_digits_on_their_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    drawn, labels = [], []
    for digit in "0123456789":
        for allograph in allographs_of(digit)[:3]:
            paths = [(curve(stroke, 30) if len(stroke) > 2 else stroke) * 20 + (8, 4) for stroke in allograph]
            drawn.append(draw_paths(paths, 2.5, (28, 28)))
            labels.append(int(digit))
    lying = np.stack(drawn * 2).transpose(0, 2, 1).copy()
    better = better_view(dataset(Split(lying, np.array(labels * 2))))
    assert better is not None
    assert better.view == View(transpose=True)
