"""Images of no digit: in the form of all digits, never blank, and not what a reader should be sure of."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.batches.outliers import KINDS, made_outliers
from digitry.images.canonical import ink_box
from tests.unit.written_numbers import PRINTED

kinds = pytest.mark.parametrize(
    "draw", [draw for draw, _ in KINDS], ids=[draw.__name__.strip("_") for draw, _ in KINDS]
)


def drawn(draw: object, count: int = 60) -> np.ndarray:
    rng = np.random.default_rng(0)
    images = [image for _ in range(count) if (image := draw(PRINTED, rng)) is not None]  # type: ignore[operator]
    return np.stack(images)


def test_the_shares_of_all_kinds_are_one() -> None:
    assert sum(share for _, share in KINDS) == pytest.approx(1)


def test_there_are_as_many_as_asked_for_and_none_is_blank() -> None:
    outliers = made_outliers(PRINTED, 300, np.random.default_rng(0))
    assert outliers.shape == (300, 28, 28)
    assert outliers.dtype == np.uint8
    assert (outliers.max(axis=(1, 2)) > 127).all()
    assert made_outliers(PRINTED, 0, np.random.default_rng(0)).shape == (0, 28, 28)


def test_the_generator_decides_everything_and_the_digits_are_left_alone() -> None:
    before = PRINTED.copy()
    first, again, other = (made_outliers(PRINTED, 40, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(PRINTED, before)


@kinds
def test_each_kind_is_canonical_as_digits_are(draw: object) -> None:
    images = drawn(draw)
    boxes = np.array([ink_box(image) for image in images])
    # Faint parts may be lost on the way, hence not all.
    assert (np.abs(boxes[:, 2:].max(axis=1) - 20) <= 1).mean() >= 0.95
    assert (boxes[:, 2:] <= 21).all()
    assert len(images) >= 50, "hardly ever empty"


@kinds
def test_each_kind_comes_in_many_forms(draw: object) -> None:
    images = drawn(draw)
    # Ten digits give few shuffled ones; all else is new every time.
    assert len(np.unique(images, axis=0)) >= min(len(images), 25)


def test_no_object_is_slim_and_upright_as_a_one_is() -> None:
    objects = drawn(KINDS[0][0], 200)
    assert KINDS[0][0].__name__ == "_object"
    assert ((objects.max(axis=1) > 64).sum(axis=1) >= 9).all()


def test_none_is_a_digit_it_was_made_of() -> None:
    outliers = made_outliers(PRINTED, 300, np.random.default_rng(0)).reshape(-1, 784).astype(float)
    digits = PRINTED.reshape(10, 784).astype(float)
    outliers /= np.linalg.norm(outliers, axis=1, keepdims=True)
    digits /= np.linalg.norm(digits, axis=1, keepdims=True)
    assert (outliers @ digits.T).max() < 0.97
