"""What frames spell: sums by hand, and against every path there is, counted one by one."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitry.networks.decoding import alignment, digits_alone, single_digits, spellings

HAND = np.array([[0.4, 0.6], [0.3, 0.7], [0.5, 0.5]], np.float32)
"""Three frames of one digit, 0: first the probability of no digit, then that of the digit."""


def collapsed(path: tuple[int, ...]) -> tuple[int, ...]:
    """What a path of columns spells: repeated frames count once, blanks are left out."""
    return tuple(column - 1 for column, _ in itertools.groupby(path) if column)


def probability(frames: np.ndarray, path: tuple[int, ...]) -> float:
    return math.prod(float(row[column]) for row, column in zip(frames, path, strict=True))


def every_sum(frames: np.ndarray) -> dict[tuple[int, ...], float]:
    """The probability of every number, by going through all paths."""
    sums: dict[tuple[int, ...], float] = defaultdict(float)
    for path in itertools.product(range(frames.shape[1]), repeat=len(frames)):
        sums[collapsed(path)] += probability(frames, path)
    return sums


def one_hot(columns: list[int], digits: int = 10) -> np.ndarray:
    return np.eye(1 + digits, dtype=np.float32)[columns]


def read(frames: np.ndarray) -> dict[tuple[int, ...], float]:
    """What the frames may spell, with a beam so wide that nothing is lost."""
    return {one.digits: one.probability for one in spellings(frames, width=10_000) if one.probability > 0}


@st.composite
def tables(draw: st.DrawFn) -> np.ndarray:
    """Frame probabilities of one to five frames, one to three digits."""
    count, digits = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    weights = st.lists(st.integers(0, 9), min_size=1 + digits, max_size=1 + digits).filter(any)
    rows = np.array(draw(st.lists(weights, min_size=count, max_size=count)), np.float64)
    return (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)


def test_three_frames_of_one_digit_are_summed_as_by_hand() -> None:
    # No digit: 0.4·0.3·0.5. The digit twice needs a blank between: 0.6·0.3·0.5. Once: all that is left.
    assert read(HAND) == pytest.approx({(): 0.06, (0, 0): 0.09, (0,): 0.85})


def test_the_best_spelling_comes_first() -> None:
    assert [spelling.digits for spelling in spellings(HAND)][:3] == [(0,), (0, 0), ()]


@given(tables())
def test_spellings_are_the_sums_over_all_paths(frames: np.ndarray) -> None:
    expected = {digits: value for digits, value in every_sum(frames).items() if value > 0}
    assert read(frames) == pytest.approx(expected, abs=1e-5)


@given(tables())
def test_spelled_probabilities_never_sum_to_more_than_one_however_narrow_the_beam(frames: np.ndarray) -> None:
    for width in (1, 2, 12):
        found = spellings(frames, width=width)
        assert 1 <= len(found) <= width
        assert sum(spelling.probability for spelling in found) <= 1 + 1e-6
        assert sorted(found, key=lambda one: -one.probability) == found


def test_repeated_frames_are_one_digit_and_a_blank_between_makes_two() -> None:
    assert read(one_hot([0, 6, 6, 6, 0])) == {(5,): 1.0}
    assert read(one_hot([6, 6, 0, 6])) == {(5, 5): 1.0}
    assert read(one_hot([6, 6, 7, 6])) == {(5, 6, 5): 1.0}


def test_blank_frames_and_no_frames_spell_no_digit() -> None:
    assert read(one_hot([0, 0, 0])) == {(): 1.0}
    assert read(np.zeros((0, 11), np.float32)) == {(): 1.0}


def test_frames_that_see_next_to_nothing_are_passed_over_and_what_stood_before_them_stays() -> None:
    faint = np.array([[1 - 5e-5, 5e-5]], np.float32)
    found = read(np.concatenate([one_hot([1], 1), faint, one_hot([1], 1)]))
    assert found[(0, 0)] == pytest.approx(1, abs=1e-4)


def test_a_narrow_beam_still_finds_what_is_clear() -> None:
    rng = np.random.default_rng(0)
    frames = one_hot([0, 3, 3, 0, 1, 0, 1, 10, 0]) + rng.random((9, 11)).astype(np.float32) / 50
    frames /= frames.sum(axis=1, keepdims=True)
    assert spellings(frames, width=3)[0].digits == (2, 0, 0, 9)


@given(tables())
def test_a_single_digit_is_as_probable_as_all_paths_that_spell_it_alone(frames: np.ndarray) -> None:
    sums = every_sum(frames)
    expected = [sums[(digit,)] for digit in range(frames.shape[1] - 1)]
    np.testing.assert_allclose(single_digits(frames[np.newaxis])[0], expected, atol=1e-5)


def test_single_digits_of_many_strips_are_those_of_each() -> None:
    rng = np.random.default_rng(1)
    frames = rng.dirichlet(np.ones(11), (5, 7)).astype(np.float32)
    together = single_digits(frames)
    assert (together.dtype, together.shape) == (np.float32, (5, 10))
    np.testing.assert_allclose(together, np.concatenate([single_digits(one[np.newaxis]) for one in frames]), atol=1e-7)
    assert single_digits(frames[:0]).shape == (0, 10)
    assert (single_digits(frames[:, :0]) == 0).all()


def test_each_digit_of_a_known_spelling_has_its_first_and_last_frame() -> None:
    frames = one_hot([0, 8, 8, 0, 0, 3, 3, 3, 0, 3, 10])
    assert alignment(frames, (7, 2, 2, 9)) == [(1, 2), (5, 7), (9, 9), (10, 10)]


def test_a_digit_that_was_not_seen_takes_the_frame_where_it_is_least_unlikely() -> None:
    frames = one_hot([0, 8, 8, 0, 0, 0, 0], 10) * 0.9 + 0.1 / 11
    frames[5] = (0.8, *[0.0] * 4, 0.1, 0.1, *[0.0] * 4)
    assert alignment(frames.astype(np.float32), (7, 4)) == [(1, 2), (5, 5)]


def test_no_digit_needs_no_frames() -> None:
    assert alignment(one_hot([0, 0]), ()) == []


@given(tables(), st.data())
def test_the_alignment_is_the_most_probable_path_of_all_that_spell_the_number(
    frames: np.ndarray, data: st.DataObject
) -> None:
    paths: dict[tuple[int, ...], float] = defaultdict(float)
    for path in itertools.product(range(frames.shape[1]), repeat=len(frames)):
        paths[collapsed(path)] = max(paths[collapsed(path)], probability(frames, path))
    digits = data.draw(st.sampled_from(sorted(digits for digits, best in paths.items() if best > 0)))
    path = [0] * len(frames)
    for digit, (first, last) in zip(digits, alignment(frames, digits), strict=True):
        path[first : last + 1] = [digit + 1] * (last + 1 - first)
    assert collapsed(tuple(path)) == digits
    assert probability(frames, tuple(path)) == pytest.approx(paths[digits], rel=1e-4)


def test_of_digits_alone_each_sign_counts_as_no_digit() -> None:
    names = (*"0123456789", ".", "-")
    frames = np.zeros((1, 2, 13), np.float32)
    frames[0, 0, [0, 3, 11, 12]] = 0.1, 0.4, 0.3, 0.2  # nothing, a 2, a point, a minus
    frames[0, 1, [0, 10]] = 0.5, 0.5
    alone = digits_alone(frames, names)
    assert alone.shape == (1, 2, 11)
    assert alone[0, 0, [0, 3]] == pytest.approx([0.6, 0.4])
    assert alone[0, 1, [0, 10]] == pytest.approx([0.5, 0.5])
    assert alone.sum(axis=2) == pytest.approx(np.ones((1, 2)))


def test_of_a_network_with_some_digits_the_others_are_never_there() -> None:
    frames = np.full((1, 1, 4), 0.25, np.float32)
    alone = digits_alone(frames, ("2", "7", "."))
    assert alone[0, 0].tolist() == [0.5, 0, 0, 0.25, 0, 0, 0, 0, 0.25, 0, 0]
