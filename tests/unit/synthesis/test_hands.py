"""How one person writes: the pen, and the shapes of characters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitry.synthesis.allographs import DIGITS
from digitry.synthesis.hands import Hand, draw_paths

DOWN = np.array([[20.0, 5.0], [20.0, 35.0]])
UP = DOWN[::-1]
ACROSS = np.array([[5.0, 20.0], [35.0, 20.0]])


def ink_of(path: np.ndarray, nib: float) -> float:
    return float(draw_paths([path], 6.0, (40, 40), nib).sum() / 255 / 30)


def test_a_ball_pen_draws_as_wide_in_every_direction() -> None:
    assert ink_of(DOWN, 0.0) == ink_of(UP, 0.0) == pytest.approx(ink_of(ACROSS, 0.0), rel=0.02)


def test_a_pointed_nib_is_as_wide_where_it_goes_down_and_finer_up_and_across() -> None:
    assert ink_of(DOWN, 0.5) == ink_of(DOWN, 0.0)
    assert ink_of(UP, 0.5) == pytest.approx(ink_of(ACROSS, 0.5), rel=0.02)
    assert ink_of(UP, 0.5) < 0.7 * ink_of(DOWN, 0.5)
    assert ink_of(UP, 0.8) < ink_of(UP, 0.5)
    assert ink_of(UP, 1.0) > 0  # never nothing at all


def test_who_writes_with_a_pointed_nib_draws_every_digit_and_some_writers_do() -> None:
    hands = [Hand.of(np.random.default_rng(seed)) for seed in range(300)]
    nibs = [hand for hand in hands if hand.nib]
    assert 0.04 < len(nibs) / len(hands) < 0.2
    assert all(hand.drawn == frozenset(DIGITS) for hand in nibs)
    assert np.mean([hand.slant for hand in nibs]) > 0.3


def test_a_nib_leaves_no_sign_so_faint_that_nobody_sees_it() -> None:
    hand = replace(Hand.of(np.random.default_rng(0)), pen=0.047, slant=0.64, stretch=0.86, wobble=0.025)
    for nib in (0.3, 0.72, 1.0):
        for sign in (":", ".", ",", "-", "1"):
            for seed in range(40):
                patch = replace(hand, nib=nib, habits={}).draw(sign, 18.0, np.random.default_rng(seed))
                assert patch.ink.max() >= 64, (nib, sign, seed)
