"""Typical and odd examples: a planted stranger is the least typical of its class."""

from __future__ import annotations

import numpy as np

from digitry.exploration.typical import find_typical
from digitry.types import Split
from tests.conftest import make_digits


def test_an_image_of_another_class_is_the_least_typical() -> None:
    split = make_digits(200)
    labels = split.labels.copy()
    labels[7] = 3
    found = find_typical(Split(split.images, labels), 10, count=3)
    assert found.least[3][0] == 7
    assert 7 not in found.most[3]
    assert found.similarity[7] < 0.5 < found.similarity[found.most[3][0]]


def test_brightness_does_not_make_an_image_odd() -> None:
    split = make_digits(200)
    images = split.images.copy()
    images[3] //= 2
    images[13] = images[13] * 0 + np.roll(images[13], 8, axis=0)
    found = find_typical(Split(images, split.labels), 10, count=1)
    assert found.least[3].tolist() == [13]
    assert found.similarity[3] > 0.9


def test_a_tenth_of_strangers_does_not_move_the_mean() -> None:
    split = make_digits(40, classes=1)
    images = split.images.copy()
    images[:4] = np.roll(images[:4], 14, axis=2)
    found = find_typical(Split(images, split.labels), 1, count=4)
    assert sorted(found.least[0].tolist()) == [0, 1, 2, 3]
    clean = find_typical(split.take(np.arange(4, 40)), 1)
    assert np.allclose(found.similarity[4:], clean.similarity, atol=0.001)


def test_no_image_is_both_typical_and_odd_in_tiny_classes() -> None:
    for count in (1, 2, 3, 5):
        found = find_typical(make_digits(count, classes=1), 2, count=8)
        both = [*found.most[0].tolist(), *found.least[0].tolist()]
        assert sorted(both) == list(range(count))
        assert len(found.most[1]) == len(found.least[1]) == 0


def test_blank_images_have_similarity_zero() -> None:
    found = find_typical(Split(np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.int64)), 1)
    assert found.similarity.tolist() == [0, 0, 0]
