"""Images of no digit: in the form of all digits, never blank, and not what a reader should be sure of."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.images.canonical import ink_box
from digitry.synthesis import outliers
from digitry.synthesis.glyphs import stroke
from digitry.synthesis.outliers import KINDS, made_outliers
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
    made = made_outliers(PRINTED, 300, np.random.default_rng(0))
    assert made.shape == (300, 28, 28)
    assert made.dtype == np.uint8
    assert (made.max(axis=(1, 2)) > 127).all()
    assert made_outliers(PRINTED, 0, np.random.default_rng(0)).shape == (0, 28, 28)


def test_the_generator_decides_everything_and_the_digits_are_left_alone() -> None:
    before = PRINTED.copy()
    first, again, other = (made_outliers(PRINTED, 40, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(PRINTED, before)


@kinds
def test_each_kind_is_canonical_as_digits_are(draw: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(drawn(draw)) >= 30, "left out as slim or empty"
    monkeypatch.setattr(outliers, "unless_slim", lambda found: found)
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


@pytest.mark.parametrize("lean", [-40, 0, 30, 90])
def test_a_bar_is_left_out_however_it_leans_as_it_might_be_a_one(lean: float) -> None:
    page = np.zeros((56, 56), np.uint8)
    along = np.array([np.sin(np.deg2rad(lean)), np.cos(np.deg2rad(lean))]) * 20
    stroke(page, np.array([27.5 - along, 27.5 + along]), 9)
    assert outliers.as_canonical(page) is None
    stroke(page, np.array([[15.0, 15.0], [40.0, 40.0], [15.0, 40.0], [40.0, 15.0]]), 9)
    assert outliers.as_canonical(page) is not None


def test_no_digit_is_needed_when_all_of_them_are_blank() -> None:
    assert made_outliers(np.zeros((3, 28, 28), np.uint8), 60, np.random.default_rng(0)).shape == (60, 28, 28)


def test_none_is_a_digit_it_was_made_of() -> None:
    made = made_outliers(PRINTED, 300, np.random.default_rng(0)).reshape(-1, 784).astype(float)
    digits = PRINTED.reshape(10, 784).astype(float)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    digits /= np.linalg.norm(digits, axis=1, keepdims=True)
    assert (made @ digits.T).max() < 0.97
