"""What characters in a row write."""

from __future__ import annotations

import itertools
import re

import pytest

from digitry.errors import SettingError
from digitry.reading.notation import LETTER, is_number, numbers_in, signs_among, text_pattern, value_of


@pytest.mark.parametrize(
    ("characters", "texts"),
    [
        ("215", ["215"]),
        ("2.5", ["2.5"]),
        ("-8", ["-8"]),
        ("12/05/2024", ["12/05/2024"]),
        ("10:45", ["10:45"]),
        ("1,250.00", ["1,250.00"]),
        ("(030)1234567", ["(030)1234567"]),
        ("(12)", ["(12)"]),
        ("+49170", ["+49170"]),
        ("12+34", ["12", "34"]),
        ("12+34=46", ["12", "34", "46"]),
        ("6×10", ["6", "10"]),
        ("3✓4", ["3", "4"]),
        ("25%30", ["25", "30"]),
        ("$12$34", ["12", "34"]),
        ("5€6£7₹8", ["5", "6", "7", "8"]),
        ("-", []),
        ("✓", []),
        ("", []),
    ],
)
def test_text_carries_the_signs_inside_a_number_and_a_sum_is_read_as_its_parts(characters, texts):
    assert [number.text for number in numbers_in(list(characters))] == texts


@pytest.mark.parametrize(
    ("characters", "text", "around"),
    [
        ("25%", "25", ("%",)),
        ("$21.76", "21.76", ("$",)),
        ("58/5/=", "58/5", ("/", "=")),
        ("18✓", "18", ("✓",)),
        ("€-8", "-8", ("€",)),
        ("(25%)", "25", ("(", "%")),
        ("12.", "12", (".",)),
        ("(12", "12", ("(",)),
        ("12)", "12", (")",)),
        ("-(5)", "(5)", ("-",)),
    ],
)
def test_what_stands_beside_a_number_is_left_out_of_its_text_and_listed(characters, text, around):
    (number,) = numbers_in(list(characters))
    assert (number.text, number.around) == (text, around)


@pytest.mark.parametrize(
    ("characters", "texts"),
    [
        ("1123A6", ["1123", "6"]),
        ("20mg", ["20"]),
        ("AT-3312", ["3312"]),
        ("7A-33", ["7", "33"]),
        ("-5kg", ["-5"]),
        ("kg", []),
    ],
)
def test_letters_part_numbers_and_make_a_minus_behind_them_a_hyphen(characters, texts):
    named = [LETTER if character.isalpha() else character for character in characters]
    found = numbers_in(named)
    assert [number.text for number in found] == texts
    assert all(LETTER not in number.around for number in found)


@pytest.mark.parametrize("signs", [".-+($)", ".,", "(-", "+", ""])
def test_the_pattern_of_a_numbers_text_is_what_numbers_in_gives(signs: str) -> None:
    pattern = re.compile(text_pattern(signs))
    for length in range(7):
        for characters in itertools.product("1" + signs, repeat=length):
            text = "".join(characters)
            assert bool(pattern.fullmatch(text)) == is_number(text), text


def test_a_number_says_which_characters_are_its_own():
    assert [number.places for number in numbers_in(list("$12+3%"))] == [(1, 2), (4,)]
    assert [number.around for number in numbers_in(list("3✓4"))] == [("✓",), ()]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("25", 25), ("-8", -8), ("+3", 3), ("2.5", 2.5), ("2,5", 2.5), ("007", 7), ("(12)", 12),
        ("1,250", 1250), ("1.250", 1.25), ("0,125", 0.125), ("1,250.00", 1250), ("1.250,00", 1250),
        ("1,250,000", 1250000), ("1.250.000", 1250000), ("3,00,000", 300000), ("3'36'000", 336000), ("1'500.5", 1500.5),
        ("12/05/2024", None), ("10:45", None), ("555-1234", None), ("12.05.2024", None), ("(030)123", None),
    ],
)  # fmt: skip
def test_a_plain_number_has_a_value(text, value):
    assert value_of(text) == value


def test_a_text_has_the_signs_that_part_no_numbers():
    assert signs_among([*"0123456789", *".,'-/:+()%=×÷$✓"]) == tuple(".,'-/:+()")


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [("1,250", "comma", 1.25), ("1.250", "comma", 1250), ("1,250", "point", 1250), ("2,5", "point", None)],
)
def test_a_person_can_say_what_parts_whole_from_fraction(text, decimal, value):
    assert value_of(text, decimal) == value


def test_another_decimal_mark_is_refused_with_those_there_are():
    with pytest.raises(SettingError, match="auto, comma, point"):
        value_of("2.5", "dot")


def test_digits_without_end_have_no_value_that_json_could_not_hold():
    assert value_of("9" * 308) == 1e308
    assert value_of("9" * 400) is None
