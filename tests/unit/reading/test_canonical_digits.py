"""Canonical digits: sure only of what they were measured on, and of what both networks see."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitry.images.segment import is_blot
from digitry.images.stages import BLANK, MAX_HOLES, MIN_SMOOTHNESS, canonical_stages, hole_count, smoothness
from digitry.reading.canonical_digits import NOISE, NOT_FITTED, TOGETHER, Weighed, judge_digits, weigh_digits
from digitry.reading.networks import Networks
from digitry.reading.one_digit import BLOT_REASON
from tests.unit.tiny_models import printed_digit


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks()


def canonical(digit: int) -> NDArray[np.uint8]:
    found = canonical_stages(255 - printed_digit(digit)).canonical
    assert found is not None
    return found


def with_holes(count: int) -> NDArray[np.uint8]:
    """A square of ink, 20×20, with so many holes of four pixels, at most 25."""
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 4:24] = 255
    for hole in range(count):
        row, column = 5 + 4 * (hole // 5), 5 + 4 * (hole % 5)
        image[row : row + 2, column : column + 2] = 0
    return image


def in_many_hands(count: int) -> NDArray[np.uint8]:
    """Digits in thick and thin strokes, fainter and noisier than they should be, off their places."""
    rng = np.random.default_rng(3)
    images = []
    for index in range(count):
        stroke = np.ones((1 + rng.integers(3),) * 2, np.uint8)
        change = cv2.dilate if rng.integers(2) else cv2.erode
        image = change(canonical(index % 10), stroke) * rng.uniform(0.5, 1)
        image += rng.normal(0, rng.choice([0, 10, 60]), image.shape)
        image = np.roll(image, rng.integers(-1, 2, 2) * rng.integers(1, 3), (0, 1))
        images.append(np.clip(image, 0, 255).astype(np.uint8))
    return np.stack(images)


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
def test_what_is_no_canonical_digit_is_never_sure(kind: str, networks: Networks) -> None:
    image, reason = NOBODY_KNOWS[kind]
    [weighed] = weigh_digits(image[np.newaxis], networks)
    [(sure, why)] = judge_digits([weighed], networks)
    assert not sure
    assert why
    assert reason is None or why == reason


def test_many_at_once_are_weighed_as_each_alone(networks: Networks) -> None:
    images = np.stack([*in_many_hands(5 * TOGETHER), *(image for image, _ in NOBODY_KNOWS.values())])
    together = weigh_digits(images, networks)
    alone = [one for image in images for one in weigh_digits(image[np.newaxis], networks)]
    assert [one.doubt for one in together] == [one.doubt for one in alone]
    assert [one.best for one in together] == [one.best for one in alone]
    np.testing.assert_allclose([one.confidence for one in together], [one.confidence for one in alone], atol=1e-5)
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-5)
    assert {BLANK, NOISE, NOT_FITTED, None} < {one.doubt for one in together}, "there are some of every kind"


def test_what_is_looked_at_in_many_at_once_is_what_tells_of_one(networks: Networks) -> None:
    images = np.stack([*in_many_hands(200), *map(with_holes, range(26))])
    doubts = [one.doubt for one in weigh_digits(images, networks)]
    for image, doubt in zip(images, doubts, strict=True):
        is_noise = smoothness(image) < MIN_SMOOTHNESS or hole_count(image) > MAX_HOLES
        assert (doubt == NOISE) == is_noise or doubt in (BLANK, NOT_FITTED) or "network" in str(doubt)
        assert doubt in (BLANK, NOISE) or smoothness(image) >= MIN_SMOOTHNESS
        assert doubt != BLOT_REASON or is_blot(image)
        assert doubt is not None or not is_blot(image)


@pytest.mark.parametrize(("holes", "doubt"), [(0, BLOT_REASON), (MAX_HOLES, BLOT_REASON), (MAX_HOLES + 1, NOISE)])
def test_a_blot_and_what_has_more_holes_than_any_digit_are_doubted(holes: int, doubt: str) -> None:
    [weighed] = weigh_digits(with_holes(holes)[np.newaxis], Networks(ask_both=False))
    assert weighed.doubt == doubt


def test_a_doubt_outweighs_every_confidence(networks: Networks) -> None:
    row = np.eye(10, dtype=np.float32)[0]
    found = [Weighed(row, 0, 1.0, None), Weighed(row, 0, 1.0, "why"), Weighed(row, 0, 0.1, None)]
    sure, doubted, low = judge_digits(found, networks)
    assert sure == (True, None)
    assert doubted == (False, "why")
    assert low == networks.judge("digit", 0.1)[1:]


def test_a_digit_is_sure_from_the_same_confidence_on_as_everywhere() -> None:
    shipped = Networks()
    several = (shipped.with_max_error(error) for error in (0.005, 0.02, 1e-6))
    for networks in (*several, Networks(sure_confidence=0.75)):
        least = networks.least_confidence("digit")
        for confidence in (0.0, 0.7499, 0.75, np.nextafter(least, 0), min(least, 1.0), 1.0):
            weighed = Weighed(np.zeros(10, np.float32), 0, float(confidence), None)
            assert judge_digits([weighed], networks) == [networks.judge("digit", float(confidence))[1:]]
