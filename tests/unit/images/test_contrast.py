"""A page as a network that looks at pages is shown it."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.images.contrast import LIMIT, even_contrast


def page(paper: float, ink: float, shadow: float = 0.0) -> np.ndarray:
    """A page with a stroke, and with light that falls off to the right."""
    grey = np.full((120, 200), paper)
    grey[50:53, 20:180] = ink
    return np.rint(grey * (1 - shadow * np.linspace(0, 1, 200))).astype(np.uint8)


def test_plain_paper_is_zero_whatever_its_brightness():
    for grey in (0, 90, 255):
        assert (np.abs(even_contrast(np.full((80, 60), grey, np.uint8))) < 1e-3).all()


def test_faint_ink_stands_out_nearly_as_far_as_black():
    faint, black = even_contrast(page(220, 190)), even_contrast(page(220, 20))
    assert black[51, 100] < faint[51, 100] < -1.5
    assert faint[51, 100] / black[51, 100] > 0.5


def test_a_shadow_changes_little():
    lit, shadowed = even_contrast(page(220, 60)), even_contrast(page(220, 60, shadow=0.6))
    assert np.abs(lit - shadowed)[:, 20:180].mean() < 0.2


def test_light_ink_stands_out_to_the_other_side():
    np.testing.assert_allclose(even_contrast(page(40, 200)), -even_contrast(page(215, 55)), atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (8, 8), (300, 2)])
def test_pages_smaller_than_the_neighbourhood_are_taken(shape: tuple[int, int]):
    grey = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    contrast = even_contrast(grey)
    assert contrast.shape == shape
    assert contrast.dtype == np.float32
    assert np.isfinite(contrast).all()
    assert np.abs(contrast).max() <= LIMIT
