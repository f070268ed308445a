"""Augmented digits: other hands, the same canonical form, and nothing that the generator did not decide."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.images.canonical import canonical, ink_box
from digitry.synthesis.augment import UNCHANGED_SHARE, WORN_SHARE, augment, distort, shift, wear
from tests.unit.tiny_models import printed_digit

DIGITS = np.stack([canonical(printed_digit(digit)) for digit in range(10)])


def test_the_same_seed_gives_the_same_images_and_another_seed_others() -> None:
    first, again = (augment(DIGITS, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert (first != augment(DIGITS, np.random.default_rng(4))).any()


def test_the_input_is_left_alone() -> None:
    images = DIGITS.copy()
    augment(images, np.random.default_rng(0))
    np.testing.assert_array_equal(images, DIGITS)


def test_every_result_is_canonical() -> None:
    images = augment(np.repeat(DIGITS, 30, axis=0), np.random.default_rng(0))
    assert images.shape == (300, 28, 28)
    assert images.dtype == np.uint8
    rows, columns = np.indices((28, 28))
    for image in images:
        _, _, width, height = ink_box(image)
        assert 18 <= max(width, height) <= 21
        assert abs((image * rows).sum() / image.sum() - 14) <= 1
        assert abs((image * columns).sum() / image.sum() - 14) <= 1


def test_a_share_of_the_images_passes_unchanged_and_the_rest_varies() -> None:
    images = augment(np.repeat(DIGITS[3:4], 2000, axis=0), np.random.default_rng(0))
    same = (images == DIGITS[3]).all(axis=(1, 2))
    assert same.mean() == pytest.approx(UNCHANGED_SHARE, abs=0.03)
    assert len(np.unique(images[~same], axis=0)) > 1700


def test_the_digit_stays_what_it_is() -> None:
    images = augment(np.repeat(DIGITS, 20, axis=0), np.random.default_rng(1)).reshape(-1, 784).astype(float)
    templates = DIGITS.reshape(10, 784).astype(float)
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    templates /= np.linalg.norm(templates, axis=1, keepdims=True)
    nearest = (images @ templates.T).argmax(axis=1)
    assert (nearest == np.repeat(np.arange(10), 20)).mean() > 0.7


def test_blank_images_and_empty_batches_pass() -> None:
    blank = np.zeros((3, 28, 28), np.uint8)
    np.testing.assert_array_equal(augment(blank, np.random.default_rng(0)), blank)
    assert augment(blank[:0], np.random.default_rng(0)).shape == (0, 28, 28)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"uint8 \(n, 28, 28\)"):
        augment(np.zeros((2, 28, 28), np.float32), np.random.default_rng(0))  # type: ignore[arg-type]


def test_wear_changes_its_share_of_the_images_and_no_other() -> None:
    images = np.repeat(DIGITS, 1000, axis=0)
    worn = wear(images, np.random.default_rng(0))
    assert worn.shape == images.shape
    assert worn.dtype == np.uint8
    assert (worn != images).any(axis=(1, 2)).mean() == pytest.approx(WORN_SHARE, abs=0.005)
    np.testing.assert_array_equal(images, np.repeat(DIGITS, 1000, axis=0))


def test_worn_digits_are_still_lighter_than_their_paper() -> None:
    images = np.repeat(DIGITS, 100, axis=0)
    worn = wear(images, np.random.default_rng(0)).astype(float)
    changed = (worn != images).any(axis=(1, 2))
    ink = images > 200
    lighter = [(image[marks].mean() > image[~marks].mean()) for image, marks in zip(worn, ink, strict=True)]
    assert np.mean(np.array(lighter)[changed]) > 0.98
    assert (worn[changed][:, :3] > 50).any(axis=(1, 2)).mean() > 0.3


def test_shifted_images_move_as_a_whole_and_every_way() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[10:13, 14:20] = np.arange(1, 19).reshape(3, 6)
    images = np.repeat(image[np.newaxis], 500, axis=0)
    moved = shift(images, 2, np.random.default_rng(0))
    ways = {(y, x) for y in range(-2, 3) for x in range(-2, 3)}
    rolled = {way: np.roll(image, way, (0, 1)) for way in ways}
    found = [next(way for way in ways if (rolled[way] == one).all()) for one in moved]
    assert set(found) == ways


def test_what_a_shift_pushes_over_the_border_is_gone() -> None:
    moved = shift(np.full((200, 28, 28), 9, np.uint8), 1, np.random.default_rng(0))
    kept = {int((image > 0).sum()) for image in moved}
    assert kept == {28 * 28, 27 * 28, 27 * 27}


def test_without_strength_a_distortion_is_none() -> None:
    np.testing.assert_array_equal(distort(DIGITS, 0.0, np.random.default_rng(0)), DIGITS)


def test_distorted_images_differ_each_from_the_other_and_more_with_strength() -> None:
    images = np.repeat(DIGITS[3:4], 300, axis=0)
    spread = []
    for strength in (0.5, 1.0, 2.0):
        bent = distort(images, strength, np.random.default_rng(0))
        assert bent.dtype == np.uint8
        assert len({image.tobytes() for image in bent}) == 300
        spread.append(np.abs(bent.astype(float) - images).mean())
    assert spread[0] < 0.75 * spread[1] < 0.75 * spread[2]


def test_a_distortion_moves_no_way_more_than_the_other_and_keeps_the_ink_sharp() -> None:
    bar = np.zeros((2000, 28, 28), np.uint8)
    bar[:, 6:22, 13:15] = 255
    bent = distort(bar, 1.0, np.random.default_rng(0)).astype(float)
    ink = bent.sum(axis=(1, 2))
    for axis in (1, 2):
        centre = (bent.sum(axis=3 - axis) * np.arange(28)).sum(axis=1) / ink
        assert abs(centre.mean() - 13.5) < 0.1
        assert 0.6 < centre.std() < 1.0
    assert abs(ink.mean() / bar[0].sum() - 1) < 0.03
    assert np.median(bent.max(axis=(1, 2))) == 255


def test_a_distortion_is_a_function_of_its_generator_and_leaves_its_input_alone() -> None:
    images = DIGITS.copy()
    first, again = (distort(images, 1.0, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(images, DIGITS)
