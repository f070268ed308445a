"""What a number may be instead."""

from __future__ import annotations

import time

import pytest

from digitry.reading.alternatives import characters_of, rewritten, texts_instead
from digitry.types import Digit, Number


def number_of(*characters, confidence=0.5, alternatives=(), text=None):
    """Characters as (label, probability, {other: probability}), ten pixels wide each."""
    made = [
        Digit(label, p, (10 * place, 0, 10, 20), tuple(others.items()))
        for place, (label, p, others) in enumerate(characters)
    ]
    return Number(
        "".join(one.label for one in made) if text is None else text,
        confidence,
        (0, 0, 10 * len(made), 20),
        tuple(one for one in made if one.label.isdigit()),
        alternatives=alternatives,
        signs=tuple(one for one in made if not one.label.isdigit()),
    )


def test_characters_stand_in_the_order_of_the_text():
    number = number_of(("-", 1, {}), ("8", 1, {}), (".", 1, {}), ("5", 1, {}))
    assert [one.label for one in characters_of(number)] == ["-", "8", ".", "5"]


def test_a_number_whose_parts_do_not_spell_it_has_no_characters():
    assert characters_of(number_of(("8", 1, {}), text="89")) is None
    assert texts_instead(number_of(("8", 1, {"3": 0.5}), text="89")) == [("3", 0.5)]  # as its only digit says


def test_alternatives_of_characters_combine_by_the_product_of_their_probabilities():
    number = number_of(("1", 0.8, {"7": 0.2}), ("5", 0.6, {"6": 0.3, "8": 0.1}), confidence=0.48)
    found = dict(texts_instead(number))
    assert list(found) == ["16", "75", "18", "76", "78"]
    assert found == pytest.approx({"16": 0.24, "75": 0.12, "18": 0.08, "76": 0.06, "78": 0.02})


def test_texts_of_the_networks_count_too_whatever_their_length():
    number = number_of(
        ("1", 0.8, {"7": 0.2}), ("5", 0.6, {}), confidence=0.48, alternatives=(("155", 0.2), ("75", 0.15))
    )
    assert texts_instead(number) == [("155", 0.2), ("75", 0.15)]


@pytest.mark.parametrize("other", ["6)", "(6", "6+1", "6.", "-", ""])
def test_a_text_of_the_networks_that_is_no_number_is_no_alternative(other):
    assert texts_instead(number_of(("6", 0.8, {}), ("1", 0.6, {}), alternatives=((other, 0.2), ("67", 0.1)))) == [
        ("67", 0.1)
    ]


def test_none_is_more_probable_than_the_number_itself():
    number = number_of(("1", 0.3, {"7": 0.7}), ("5", 1.0, {}), confidence=0.3, alternatives=(("55", 0.9),))
    assert all(p <= 0.3 for _, p in texts_instead(number))


def test_a_sign_may_be_a_digit_and_a_digit_a_sign_where_signs_are_read():
    number = number_of(("2", 1, {}), ("6", 0.6, {".": 0.4}), ("5", 1, {}), confidence=0.6)
    assert dict(texts_instead(number)) == pytest.approx({"2.5": 0.4})
    assert texts_instead(number, signs=False) == []


def test_a_digit_may_be_an_apostrophe_that_groups_thousands():
    number = number_of(("1", 1, {}), ("1", 0.6, {"'": 0.4}), *[("5", 1, {})] * 3, confidence=0.6)
    assert dict(texts_instead(number)) == pytest.approx({"1'555": 0.4})


@pytest.mark.parametrize("other", ["=", "%", "$", "✓", "A", ""])
def test_no_spelling_has_signs_that_numbers_are_not_written_with(other):
    assert texts_instead(number_of(("2", 1, {}), ("6", 0.6, {other: 0.4}), ("5", 1, {}))) == []


def test_a_spelling_that_would_be_two_numbers_or_lose_its_ends_is_none():
    number = number_of(("2", 0.6, {"+": 0.4}), ("6", 0.6, {"+": 0.4}), ("5", 0.6, {".": 0.4}))
    assert [text for text, _ in texts_instead(number)] == ["+65"]


def test_a_long_number_with_many_alternatives_takes_no_time():
    signs = [("1", 0.5, {"+": 0.5, ".": 0.5, ",": 0.5})] * 300
    began = time.process_time()
    texts_instead(number_of(*signs))
    assert time.process_time() - began < 5


def test_a_rewritten_number_keeps_the_places_of_its_characters():
    number = rewritten(number_of(("2", 1, {}), ("6", 0.6, {".": 0.3, "8": 0.1}), ("5", 1, {})), "2.5")
    assert (number.text, number.digits_text) == ("2.5", "25")
    (sign,) = number.signs
    assert sign == Digit(".", 0.3, (10, 0, 10, 20), (("6", 0.6), ("8", 0.1)))


def test_a_rewritten_number_of_another_length_shares_out_its_box():
    number = rewritten(number_of(("1", 0.8, {}), ("5", 0.6, {}), ("6", 0.6, {})), "15")
    assert [digit.box for digit in number.digits] == [(0, 0, 15, 20), (15, 0, 15, 20)]
    assert characters_of(number) is not None
