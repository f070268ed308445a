"""Made numbers: what the targets say is what is written, and nothing else decides than the generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from digitry.images.strip import STRIP_HEIGHT
from digitry.synthesis import number_strips, write_number
from digitry.synthesis.hands import Hand
from digitry.synthesis.number_strips import (
    EMPTY_SHARE,
    LENGTH_SHARES,
    MAX_CHARACTERS,
    MAX_DIGITS,
    STRIP_WIDTH,
    NumberStrips,
    made_number,
    made_photograph,
    made_strips,
)
from digitry.synthesis.write_number import NumberHand, WrittenLine
from digitry.types import SIGNS, Split
from tests.unit.written_numbers import printed_split


@pytest.fixture(scope="module")
def made() -> NumberStrips:
    return made_strips(printed_split(), 300, np.random.default_rng(0))


def lengths(made: NumberStrips) -> np.ndarray:
    """How many digits each strip has."""
    return np.asarray(((made.targets > 0) & (made.targets <= 10)).sum(axis=1))


def test_strips_and_targets_have_their_shapes(made: NumberStrips) -> None:
    assert made.strips.shape == (300, STRIP_HEIGHT, STRIP_WIDTH) == (300, 40, 192)
    assert made.strips.dtype == np.uint8
    assert made.targets.shape == (300, MAX_CHARACTERS)
    assert made.targets.dtype == np.int32


def test_targets_hold_one_to_ten_for_the_digits_more_for_the_signs_and_then_zeros(made: NumberStrips) -> None:
    places = np.arange(MAX_CHARACTERS) < (made.targets > 0).sum(axis=1)[:, np.newaxis]
    assert (made.targets[places] >= 1).all()
    assert not made.targets[~places].any()
    assert made.targets.max() <= 10 + len(SIGNS)
    assert set(np.unique(made.targets)) >= set(range(11)) | {11 + SIGNS.index(sign) for sign in ".,-/"}


def test_of_fewer_classes_the_signs_follow_these() -> None:
    made = made_strips(printed_split(), 40, np.random.default_rng(0), classes=12)
    assert not (made.targets == 11).any()
    assert (made.targets > 12).any()


def test_numbers_have_the_lengths_they_are_drawn_with_where_there_is_room(made: NumberStrips) -> None:
    assert LENGTH_SHARES.sum() == pytest.approx(1)
    plain = lengths(made)[(made.targets <= 10).all(axis=1)]
    shares = np.bincount(plain, minlength=MAX_DIGITS + 1) / len(plain)
    np.testing.assert_allclose(shares[1:6], LENGTH_SHARES[:5], atol=0.08)
    assert (lengths(made) >= 7).any()


def test_two_in_five_numbers_have_signs(made: NumberStrips) -> None:
    """Those that are drawn with some, and plain ones with one beside or among them."""
    numbers = made.targets[lengths(made) > 0]
    assert 0.3 < (numbers > 10).any(axis=1).mean() < 0.65


def test_some_strips_have_no_digit_and_most_of_those_are_not_blank(made: NumberStrips) -> None:
    assert (lengths(made) == 0).mean() == pytest.approx(EMPTY_SHARE, abs=0.03)
    rng, none = np.random.default_rng(0), printed_split().take(slice(0, 0))
    assert np.mean([made_number(none, rng)[0].max() > 127 for _ in range(100)]) > 0.7


def test_hardly_a_strip_is_blank_that_claims_digits(made: NumberStrips) -> None:
    """Ink too faint for its paper is lost: about one strip in eighty, from which nothing can be learnt."""
    claims = lengths(made) > 0
    blank = made.strips.max(axis=(1, 2)) < 128
    assert (claims & blank).mean() < 0.03


def test_the_generator_decides_everything_and_the_digits_are_left_alone() -> None:
    split = printed_split()
    before = split.images.copy()
    first, again, other = (made_strips(split, 6, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.strips, again.strips)
    np.testing.assert_array_equal(first.targets, again.targets)
    assert (first.strips != other.strips).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(split.images, before)


def test_neither_global_randomness_nor_the_number_of_threads_changes_a_strip() -> None:
    threads = cv2.getNumThreads()
    found = []
    try:
        for count in (1, 2):
            cv2.setNumThreads(count)
            cv2.setRNGSeed(count)
            np.random.seed(count)  # noqa: NPY002 - the very thing that must not matter
            found.append(made_strips(printed_split(), 6, np.random.default_rng(1)))
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(found[0].strips, found[1].strips)


def test_a_number_needs_no_digit_and_none_is_claimed_then() -> None:
    for seed in range(5):
        strip, written = made_number(printed_split().take(slice(0, 0)), np.random.default_rng(seed))
        assert strip.shape == (STRIP_HEIGHT, STRIP_WIDTH)
        assert set(written) <= set(SIGNS)


def test_a_pattern_says_where_the_signs_stand() -> None:
    rng = np.random.default_rng(0)
    found = [made_number(printed_split().take(slice(0, 3)), rng, "-00.0")[1] for _ in range(8)]
    whole = [written for written in found if len(written) == 5]
    assert len(whole) >= 6, "what finds no room is left off"
    assert all(written == ["-", 0, 1, ".", 2] for written in whole)


def test_a_photograph_is_as_high_as_a_strip_and_as_wide_as_told_times_its_zoom() -> None:
    for zoom in (0.8, 1.0, 3.0):
        grey, _ = made_photograph(
            printed_split(2), np.random.default_rng(0), width=60, zoom_range=(zoom, zoom * (1 + 1e-9))
        )
        assert grey.shape == (round(40 * zoom), round(60 * zoom))


def test_as_they_are_given_no_digit_and_no_letter_is_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[str] = []
    real = Hand.draw

    def draw(self: Hand, sign: str, tall: float, rng: np.random.Generator) -> object:
        drawn.extend(sign if sign.isalnum() else "")
        return real(self, sign, tall, rng)

    monkeypatch.setattr(Hand, "draw", draw)
    for as_given in (True, False):
        for seed in range(40):
            made_photograph(printed_split(8), np.random.default_rng(seed), as_given=as_given)
        assert bool(drawn) is not as_given, drawn


# On plain paper, in a plain hand, with bars instead of digits, what is written can be counted and told apart.

BARS = {2: 2, 5: 8, 9: 18}
"""Class → width of its bar, which is 20 high, in pixels."""


def bars(order: list[int]) -> Split:
    images = np.zeros((len(order), 28, 28), np.uint8)
    for image, label in zip(images, order, strict=True):
        image[4:24, 5 : 5 + BARS[label]] = 255
    return Split(images, np.array(order, np.int64))


@pytest.fixture
def plain_hand(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """No distortion, no paper, no marks; `plain_hand(gap=0.4, …)` changes how it writes."""
    monkeypatch.setattr(number_strips, "augment", lambda images, rng: images)
    monkeypatch.setattr(number_strips, "other_hands", lambda images, labels, rng: images)
    monkeypatch.setattr(number_strips, "photograph", lambda ink, pen, rng: 255 - ink)
    monkeypatch.setattr(WrittenLine, "put_mark", lambda *_: None)
    monkeypatch.setattr(write_number, "draw_neighbouring_line", lambda *_: None)
    real = NumberHand.drawn
    plain = {"gap": 0.3, "gap_spread": 0.0, "slope": 0.0, "small_zeros": 1.0}
    plain |= {"separators": 0.0, "joined": 0.0, "boxed": 0.0}
    upright = {"slant": 0.0, "stretch": 1.0, "level": 127.0, "gain": 1.0, "drawn": frozenset()}

    def arrange(**changes: float) -> None:
        def drawn(rng: np.random.Generator, zooms: tuple[float, float]) -> NumberHand:
            hand = real(rng, zooms)
            return replace(hand, writer=replace(hand.writer, **upright), **{**plain, **changes})

        monkeypatch.setattr(NumberHand, "drawn", drawn)

    arrange()
    return arrange


def seen(grey: np.ndarray) -> list[int]:
    """The classes of the bars on a photograph, from left to right."""
    _, _, boxes, _ = cv2.connectedComponentsWithStats((grey < 128).astype(np.uint8))
    found = sorted(boxes[1:].tolist())
    widest = {label: width / 20 for label, width in BARS.items()}
    return [min(BARS, key=lambda k: abs(widest[k] - wide / tall)) for _, _, wide, tall, _ in found]


@pytest.mark.parametrize("seed", range(12))
def test_what_is_written_is_what_is_claimed_in_its_order(seed: int, plain_hand: Callable[..., None]) -> None:
    order = np.random.default_rng(seed).choice(list(BARS), seed % MAX_DIGITS + 1).tolist()
    grey, labels = made_photograph(bars(order), np.random.default_rng(seed))
    assert seen(grey) == labels.tolist()
    assert labels.tolist() == order[: len(labels)]


def test_digits_that_find_no_room_are_neither_written_nor_claimed(plain_hand: Callable[..., None]) -> None:
    plain_hand(height=30.0, zoom=1.0)
    grey, labels = made_photograph(bars([9] * 10), np.random.default_rng(0))
    assert 3 <= len(labels) < 10
    assert seen(grey) == labels.tolist() == [9] * len(labels)


@pytest.mark.parametrize(
    ("digits", "faded"), [([9, 9, 9], 2), ([9, 2, 9], 1)], ids=["the last one", "a slim one among bold ones"]
)
def test_a_photograph_on_which_a_digit_faded_away_is_taken_again(
    digits: list[int], faded: int, plain_hand: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain_hand(gap=0.4, height=20.0, zoom=1.0)
    taken: list[np.ndarray] = []

    def fades_at_first(ink: np.ndarray, pen: float, rng: np.random.Generator) -> np.ndarray:
        grey = 255 - ink
        if len(taken) < 2:
            columns = np.flatnonzero(ink.any(axis=0))
            grey[:, np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)[faded]] = 255
        taken.append(grey)
        return grey

    monkeypatch.setattr(number_strips, "photograph", fades_at_first)
    grey, labels = made_photograph(bars(digits), np.random.default_rng(0))
    assert len(taken) == 3
    assert seen(grey) == labels.tolist() == digits


@pytest.mark.parametrize("darkest", [255, 110])
def test_of_a_faint_digit_too_some_ink_has_to_be_left(darkest: int) -> None:
    rng = np.random.default_rng(0)
    blank = np.zeros((40, 80), np.uint8)
    line = WrittenLine(blank.copy(), NumberHand.drawn(rng, (1.0, 1.0)))
    assert line.put(np.full((20, 10), darkest, np.uint8), 10, 0, join=False, rng=rng, character=1)
    (written,) = line.written
    assert number_strips.is_found(written, line.ink)
    assert not number_strips.is_found(written, blank)


def test_digits_in_the_boxes_of_a_form_are_claimed_too(plain_hand: Callable[..., None]) -> None:
    for seed in range(8):
        plain_hand(boxed=1.6, gap=0.3)
        with pytest.MonkeyPatch.context() as without:
            without.setattr(write_number, "draw_boxes", lambda *_: None)
            grey, labels = made_photograph(bars([2, 9, 5]), np.random.default_rng(seed))
        assert seen(grey) == labels.tolist() == [2, 9, 5][: len(labels)]


def test_a_wider_gap_sets_digits_apart_and_a_negative_one_lets_them_touch(plain_hand: Callable[..., None]) -> None:
    inked, pieces = [], []
    for gap in (-0.05, 0.1, 0.6):
        plain_hand(gap=gap, height=20.0, zoom=1.0)
        grey, labels = made_photograph(bars([9, 9, 9]), np.random.default_rng(3))
        assert len(labels) == 3
        columns = np.flatnonzero((grey < 128).any(axis=0))
        inked.append(columns[-1] - columns[0])
        pieces.append(len(seen(grey)))
    assert inked == sorted(set(inked))
    assert pieces[0] < 3
    assert pieces[1:] == [3, 3]


def test_targets_name_the_class_after_the_blank(plain_hand: Callable[..., None]) -> None:
    made = made_strips(bars([9] * 5), 20, np.random.default_rng(0))
    assert set(np.unique(made.targets)) == {0, 10}
