"""Photographs and pictures without digits: what is in them, how large they are, and that they repeat themselves."""

from __future__ import annotations

import re

import numpy as np
import pytest

from digitry.evaluation.hard_pictures import drawn_pages, hershey, no_digits, photographs, signed_numbers, writing
from digitry.evaluation.hard_pictures.specimen import generator, png_of_digit
from digitry.evaluation.whole_pages.figures import Counts
from digitry.images.decode import decode
from digitry.types import Number, Split


@pytest.mark.parametrize(
    "make",
    [
        photographs.photographed_digit,
        photographs.photographed_number,
        photographs.photographed_list,
        signed_numbers.photographed_signed_number,
    ],
)
def test_a_photograph_is_a_function_of_its_number(digits: Split, make) -> None:  # type: ignore[no-untyped-def]
    first, again, other = make(1), make(1), make(2)
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert (first.texts, first.facts) == (again.texts, again.facts)
    assert first.pixels.shape != other.pixels.shape or (first.pixels != other.pixels).any()
    assert first.pixels.dtype == np.uint8
    assert first.pixels.shape[2] == 3


def test_a_photograph_of_a_digit_tells_its_label_and_how_it_was_made(digits: Split) -> None:
    for index in range(6):
        made = photographs.photographed_digit(index)
        assert made.texts == (str(digits.labels[index]),)
        assert 40 <= max(made.pixels.shape[:2]) <= 1600
        assert {"longer side", "slant", "strokes", "pen", "ruling", "light", "blur"} == set(made.facts)


def test_numbers_have_two_to_ten_digits_and_lists_ten_numbers(digits: Split) -> None:
    lengths = {len(photographs.photographed_number(index).texts[0]) for index in range(12)}
    assert lengths <= set(range(2, 11))
    assert len(lengths) > 3
    texts = photographs.photographed_list(0).texts
    assert len(texts) == 10
    assert all(2 <= len(text) <= 6 and text.isdigit() for text in texts)


SIGNED = {
    "decimal": r"[1-9]\d{0,2}\.\d{1,2}",
    "thousands": r"[1-9]\d{0,2},\d{3}(\.\d\d)?",
    "negative": r"-[1-9]\d{0,2}(\.\d)?",
    "fraction": r"[1-9]\d*/[1-9]\d*",
    "date": r"[0-3]\d([/.])[01]\d\1(19|20)\d\d",
    "time": r"[12]?\d:[0-5]\d",
    "percent": r"[1-9]\d*%",
    "money": r"\$[1-9]\d{0,2}\.\d\d",
}


@pytest.mark.parametrize("kind", list(signed_numbers.NUMBER_KINDS))
def test_numbers_with_signs_are_written_as_their_kind_is(kind: str) -> None:
    for index in range(50):
        written = signed_numbers.NUMBER_KINDS[kind](generator("test", index))
        assert re.fullmatch(SIGNED[kind], written), written


def test_a_number_with_signs_tells_its_kind_and_not_what_stands_beside_it(digits: Split) -> None:
    made = [signed_numbers.photographed_signed_number(index) for index in (0, 1, 2, 3, 9, 10, 15, 30)]  # one of each
    assert {one.facts["kind"] for one in made} == set(SIGNED)
    for one in made:
        (text,), kind = one.texts, one.facts["kind"]
        written = {"percent": f"{text}%", "money": f"${text}"}.get(kind, text)
        assert re.fullmatch(SIGNED[kind], written)


@pytest.mark.parametrize(
    ("sign", "top", "foot"),
    [(".", 0.7, 1.0), (",", 0.7, 1.25), ("-", 0.4, 0.75), (":", 0.25, 1.0), ("/", -0.1, 1.3), ("%", 0.0, 1.0)],
)
def test_a_sign_stands_where_it_does_beside_digits(sign: str, top: float, foot: float) -> None:
    """From 0, as high as the digits, to 1, the line that they stand on."""
    height = 100
    for index in range(20):
        cover, below = writing.sign_cover(sign, height, 10, generator("test", index))
        assert 1 + below / height == pytest.approx(foot, abs=0.15)
        assert 1 + (below - len(cover)) / height == pytest.approx(top, abs=0.25)


def test_a_point_lies_at_the_foot_of_a_number_and_a_minus_in_its_middle(digits: Split) -> None:
    for index in range(10):
        cover = writing.number_cover(digits.images[[2, 5]], "-2.5", 100, False, generator("test", index)).cover
        empty = np.flatnonzero(cover.max(axis=0) < 0.2)
        parts = [part for part in np.split(cover, empty, axis=1) if part.max() > 0.2]
        minus, two, point, five = (np.flatnonzero(part.max(axis=1) > 0.5) / len(cover) for part in parts)
        assert 0.25 < minus.min() < minus.max() < 0.8
        assert point.min() > 0.7
        for digit in (two, five):
            assert digit.max() - digit.min() > 0.7


def test_signs_are_drawn_with_a_pen_as_broad_as_that_of_the_digits() -> None:
    for pen in (4.0, 12.0):
        cover, _ = writing.sign_cover("-", 120, pen, generator("test"))
        assert writing.width_of_pen(cover) == pytest.approx(pen, rel=0.25)


def test_every_sign_of_a_number_has_a_place_in_the_font() -> None:
    written = "".join(
        make(generator("test", index)) for index in range(50) for make in signed_numbers.NUMBER_KINDS.values()
    )
    assert {one for one in written if not one.isdigit()} == set(hershey.FEET)


def test_light_ink_is_lighter_than_its_board_and_dark_ink_darker_than_its_paper() -> None:
    cover = np.zeros((50, 50), np.float32)
    cover[20:30, 20:30] = 1
    for pen, paper in (("chalk", 0.2), ("pencil", 0.9), ("blue pen", 0.9)):
        scene = writing.inked(np.full((50, 50, 3), paper, np.float32), cover, pen, generator("test"))
        difference = scene[22:28, 22:28].mean() - scene[:10, :10].mean()
        assert difference > 0.1 if pen == "chalk" else difference < -0.1


def test_written_digits_are_as_tall_as_asked_and_keep_their_order(digits: Split) -> None:
    cover = writing.stroke_cover(digits.images[8], 120, generator("test"))
    assert abs(cover.shape[0] - 120) < 12
    apart = writing.number_cover(digits.images[[1, 0]], "10", 60, False, generator("test"))
    columns = np.flatnonzero(apart.cover.max(axis=0) > 0.5)
    gap = columns[np.argmax(np.diff(columns))]
    assert gap < apart.cover.shape[1] / 2, "the narrow 1 stands left of the wide 0"
    assert apart.touching == 0


def test_what_is_placed_on_a_page_stays_wholly_inside() -> None:
    cover = np.ones((40, 200), np.float32)
    for index, slant in enumerate((-20, 0, 20)):
        page = writing.placed(cover, (120, 160), slant, generator("test", index))
        assert page.max() == pytest.approx(1)
        edges = np.concatenate([page[0], page[-1], page[:, 0], page[:, -1]])
        assert edges.max() == 0


@pytest.mark.parametrize("name", list(no_digits.SETS))
def test_a_picture_without_digit_is_one_and_repeats_itself(digits: Split, name: str) -> None:
    make, _ = no_digits.SETS[name]
    for index in range(2):
        made = make(index)
        assert made.texts == ()
        assert made.pixels.dtype == np.uint8
        np.testing.assert_array_equal(made.pixels, make(index).pixels)


def test_letters_cover_the_alphabet_and_tell_which_look_like_digits() -> None:
    signs = {made.facts["sign"]: made.facts["likeness"] for made in map(no_digits.letter, range(400))}
    assert len(signs) > 45
    assert signs["O"] == signs["l"] == "looks like a digit"
    assert signs["M"] == signs["k"] == "no digit to anyone"
    assert not any(sign.isdigit() for sign in signs)


def test_a_png_of_a_digit_is_the_digit(digits: Split) -> None:
    made = png_of_digit(3)
    assert isinstance(made.pixels, bytes)
    np.testing.assert_array_equal(decode(made.pixels), digits.images[3])


def test_a_drawn_page_counts_what_is_right_on_it_and_what_is_sure(digits: Split) -> None:
    index, made = next((i, made) for i in range(20) if (made := drawn_pages.drawn_page("columns", i)).texts)
    np.testing.assert_array_equal(made.pixels, drawn_pages.drawn_page("columns", index).pixels)
    assert made.count is not None
    assert made.count([]) == Counts(labels=len(made.texts), found=0, given=0, right=0, sure=0, sure_right=0)
    nowhere = [Number("7", 0.9, (-90, -90, 9, 9), (), sure) for sure in (True, False)]
    assert made.count(nowhere) == Counts(labels=len(made.texts), found=0, given=2, right=0, sure=1, sure_right=0)
