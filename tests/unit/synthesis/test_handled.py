"""Folds, holes, thumbs and shadows on a page."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.synthesis.handled import creased, handled, held, punched, shadowed

SEEDS = pytest.mark.parametrize("seed", range(4))
WHITE = np.ones((200, 200), np.float32)


@SEEDS
def test_the_same_seed_gives_the_same_page_and_the_page_that_is_given_stays(seed: int):
    page = WHITE.copy()
    (one, shown), (again, shown_again) = (handled(page, 20, np.random.default_rng(seed)) for _ in range(2))
    assert (one == again).all()
    assert (shown == shown_again).all()
    assert (page == 1).all()
    assert one.dtype == np.float32


@SEEDS
def test_paper_is_darker_on_one_side_of_a_fold_and_as_it_was_on_the_other(seed: int):
    page = creased(WHITE, np.random.default_rng(seed))
    assert (page < 0.995).any()
    assert (np.abs(page - 1) < 1e-3).mean() > 0.02
    assert page.min() > 0.3
    assert page.max() < 1.3


@SEEDS
def test_through_a_hole_nothing_of_the_page_is_seen(seed: int):
    rng = np.random.default_rng(seed)
    grained = rng.random((200, 200)).astype(np.float32)
    page, whole = punched(grained, 20, rng)
    assert (page[whole] == grained[whole]).mean() > 0.99
    hole = page[~whole]
    assert hole.size == 0 or len(np.unique(hole.round(3))) < 0.5 * hole.size


@SEEDS
def test_a_shadow_darkens_and_hides_nothing(seed: int):
    page = shadowed(WHITE, np.random.default_rng(seed))
    assert page.min() >= 0.3
    assert page.max() <= 1


@SEEDS
def test_a_thumb_comes_from_the_border_and_covers_what_lies_under_it(seed: int):
    page, free = held(WHITE, np.random.default_rng(seed))
    assert 0 < (~free).mean() < 0.5
    border = np.concatenate([free[0], free[-1], free[:, 0], free[:, -1]])
    assert not border.all()
    # What lay under it makes no difference well within it.
    other, _ = held(WHITE * np.float32(0.5), np.random.default_rng(seed))
    assert (page == other)[~free].any()
