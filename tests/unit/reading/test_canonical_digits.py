"""Canonical digits: sure only of what they were measured on, and of what both networks see."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from digitry.images.stages import BLANK, canonical_stages, smoothness
from digitry.reading import Reader
from digitry.reading.canonical_digits import NOISE, NOT_FITTED, Weighed, _smoothness, is_sure_of_digit, weigh_digits
from tests.unit.tiny_models import printed_digit


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def canonical(digit: int) -> NDArray[np.uint8]:
    found = canonical_stages(255 - printed_digit(digit)).canonical
    assert found is not None
    return found


def shrunk(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    small = np.zeros_like(image)
    small[9:19, 9:19] = image[4:24:2, 4:24:2]
    return small


NOBODY_KNOWS = {
    "blank": (np.zeros((28, 28), np.uint8), BLANK),
    "nearly blank": (np.full((28, 28), 20, np.uint8), BLANK),
    "all ink": (np.full((28, 28), 255, np.uint8), None),
    "noise": (np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8), NOISE),
    "moved down": (np.roll(canonical(7), 4, axis=0), NOT_FITTED),
    "moved right": (np.roll(canonical(7), 4, axis=1), NOT_FITTED),
    "small": (shrunk(canonical(7)), NOT_FITTED),
    "dark on light": (255 - canonical(7), None),
    "one pixel": (np.pad(np.full((1, 1), 255, np.uint8), ((14, 13), (14, 13))), None),
}


@pytest.mark.parametrize("kind", NOBODY_KNOWS)
def test_what_is_no_canonical_digit_is_never_sure(kind: str, reader: Reader) -> None:
    image, reason = NOBODY_KNOWS[kind]
    [weighed] = weigh_digits(image[np.newaxis], reader)
    sure, why = is_sure_of_digit(weighed, reader)
    assert not sure
    assert why
    assert reason is None or why == reason


def test_many_at_once_are_weighed_as_each_alone(reader: Reader) -> None:
    images = np.stack([canonical(digit) for digit in range(10)] + [image for image, _ in NOBODY_KNOWS.values()])
    together = weigh_digits(images, reader)
    for image, one in zip(images, together, strict=True):
        [alone] = weigh_digits(image[np.newaxis], reader)
        np.testing.assert_allclose(one.probabilities, alone.probabilities, atol=1e-5)
        assert one.confidence == pytest.approx(alone.confidence, abs=1e-5)
        assert one.doubt == alone.doubt
    assert sum(is_sure_of_digit(one, reader)[0] for one in together[:10]) >= 8


def test_smoothness_of_many_is_that_of_each() -> None:
    images = np.random.default_rng(1).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    images[4] = canonical(3)
    expected = [smoothness(image) for image in images]
    np.testing.assert_allclose(_smoothness(images.astype(np.float32)), expected, atol=1e-4)


def test_a_doubt_outweighs_every_confidence(reader: Reader) -> None:
    row = np.eye(10, dtype=np.float32)[0]
    assert is_sure_of_digit(Weighed(row, 0, 1.0, None), reader) == (True, None)
    assert is_sure_of_digit(Weighed(row, 0, 1.0, "why"), reader) == (False, "why")
    assert is_sure_of_digit(Weighed(row, 0, 0.1, None), reader)[0] is False
