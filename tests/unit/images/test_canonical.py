"""The canonical form: MNIST's own rule, by hand and on awkward strokes."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.images.canonical import (
    BOX_SIDE,
    STROKE_RANGE,
    canonical,
    centre,
    fit,
    ink_box,
    offset_edges,
    sharpen,
    stroke_width,
    tight,
)  # fmt: skip
from tests.unit.tiny_models import printed_digit


def line(length: int, width: int) -> np.ndarray:
    page = np.zeros((length + 40, width + 40), np.uint8)
    page[20 : 20 + length, 20 : 20 + width] = 255
    return page


def test_the_longer_side_is_20_and_the_mass_lies_in_the_middle() -> None:
    for digit in range(10):
        image = canonical(printed_digit(digit))
        assert image.shape == (28, 28)
        assert image.dtype == np.uint8
        _, _, width, height = ink_box(image)
        assert 19 <= max(width, height) <= 20
        rows, columns = np.indices(image.shape)
        assert abs((image * rows).sum() / image.sum() - 14) <= 0.51
        assert abs((image * columns).sum() / image.sum() - 14) <= 0.51


def test_a_canonical_digit_stays_as_it_is() -> None:
    for digit in range(10):
        image = canonical(printed_digit(digit))
        assert np.abs(canonical(image).astype(int) - image).mean() < 1.5


def test_the_aspect_is_kept() -> None:
    _, _, width, height = ink_box(canonical(line(200, 50)))
    assert (width, height) == (5, 20)


def test_size_and_place_do_not_matter() -> None:
    small, large = canonical(printed_digit(5, 60, 7, 80)), canonical(printed_digit(5, 600, 70, 900))
    assert np.abs(small.astype(int) - large).mean() < 14


def test_hair_thin_strokes_do_not_vanish() -> None:
    image = canonical(printed_digit(8, 900, 1, 1200))
    assert image.max() > 200
    assert stroke_width(tight(image)) >= STROKE_RANGE[0] - 0.3


def test_clogged_strokes_are_thinned() -> None:
    block = line(200, 150)
    assert canonical(block).sum() < fit(tight(block)).sum()


def test_no_ink_is_an_error() -> None:
    with pytest.raises(ValueError, match="no ink"):
        canonical(np.zeros((30, 30), np.uint8))


@pytest.mark.parametrize("width", [4, 9, 20])
def test_stroke_widths_are_measured(width: int) -> None:
    assert stroke_width(line(300, width)) == pytest.approx(width, abs=2)


def test_edges_move_by_the_margin_given() -> None:
    block = line(100, 20)
    for margin in (-3.0, 0.0, 2.5):
        area = offset_edges(block, margin).astype(float).sum() / 255
        assert area == pytest.approx((100 + 2 * margin) * (20 + 2 * margin), rel=0.04)


def test_sharpening_keeps_half_ink_and_steepens_around_it() -> None:
    ramp = np.arange(256, dtype=np.uint8)[None]
    steep = sharpen(ramp, 3)[0].astype(int)
    assert (np.diff(steep) >= 0).all()
    assert abs(steep[127] - 127) <= 2
    assert steep[80] == 0
    assert steep[175] == 255
    np.testing.assert_array_equal(sharpen(ramp, 1), ramp)


def test_fitting_and_centring_by_hand() -> None:
    assert fit(np.full((40, 10), 255, np.uint8)).shape == (BOX_SIDE, 5)
    page = centre(np.full((20, 4), 200, np.uint8))
    # The mass of a bar 4 wide lies at 1.5: 14 - 1.5 rounds to 12.
    assert ink_box(page) == (12, 4, 4, 20)


def test_a_lopsided_digit_never_leaves_the_page() -> None:
    heavy_end = np.zeros((20, 20), np.uint8)
    heavy_end[:, 19] = 255
    heavy_end[0, 0] = 40
    assert int(centre(heavy_end).astype(int).sum()) == int(heavy_end.astype(int).sum())
