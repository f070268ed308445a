"""What a person knows about the numbers of a picture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digitry.errors import SettingError
from digitry.reading.knowledge import Knowledge, apply_knowledge, parse_knowledge
from digitry.types import Digit, Number, Reading


def number_of(text, confidence=0.9, *, sure=True, alternatives=(), **facts):
    digits = tuple(Digit(c, 0.99, (10 * place, 0, 10, 20)) for place, c in enumerate(text) if c.isdigit())
    signs = tuple(Digit(c, 0.99, (10 * place, 0, 10, 20)) for place, c in enumerate(text) if not c.isdigit())
    reason = None if sure else "the confidence is too low"
    return Number(text, confidence, (0, 0, 10 * len(text), 20), digits, sure, reason, alternatives, signs, **facts)


def reading_of(*numbers, sure=None, reason=None):
    is_sure = all(number.sure for number in numbers) if sure is None else sure
    return Reading("page.png", numbers, is_sure, reason if reason or is_sure else "some are not sure")


def one_of(reading):
    (number,) = reading.numbers
    return number


def test_what_breaks_nothing_stays_as_it_is():
    reading = reading_of(number_of("15"), number_of("7", sure=False))
    assert apply_knowledge(reading, Knowledge(between=(0, 20), length=(1, 2))) == reading
    assert apply_knowledge(reading, Knowledge()) == reading


def test_the_most_probable_alternative_that_fits_takes_the_place_of_what_does_not():
    reading = reading_of(number_of("75", alternatives=(("76", 0.05), ("15", 0.03), ("16", 0.01))))
    number = one_of(apply_knowledge(reading, Knowledge(between=(0, 20))))
    assert (number.text, number.confidence, number.digits_text) == ("15", 0.03, "15")
    assert number.alternatives == (("75", 0.9), ("16", 0.01), ("76", 0.05))
    assert number.reason == "it was read as 75, which is not from 0 to 20"


def test_a_number_that_was_changed_is_never_sure_and_its_reading_neither():
    reading = apply_knowledge(reading_of(number_of("75", alternatives=(("15", 0.9),))), Knowledge(between=(0, 20)))
    assert not one_of(reading).sure
    assert (reading.sure, reading.reason) == (False, one_of(reading).reason)


def test_digits_that_may_be_others_make_alternatives_too():
    seven = Digit("7", 0.9, (0, 0, 10, 20), (("1", 0.09),))
    number = Number("75", 0.9, (0, 0, 20, 20), (seven, Digit("5", 1.0, (10, 0, 10, 20))))
    assert one_of(apply_knowledge(reading_of(number), Knowledge(between=(0, 20)))).text == "15"


def test_what_breaks_it_and_has_no_alternative_that_fits_is_kept_but_not_sure():
    reading = apply_knowledge(reading_of(number_of("75"), number_of("12")), Knowledge(between=(0, 20)))
    broken, fitting = reading.numbers
    assert (broken.text, broken.confidence, broken.sure) == ("75", 0.9, False)
    assert broken.reason == "it is not from 0 to 20"
    assert fitting.sure
    assert (reading.sure, reading.reason) == (False, "1 of 2 numbers is not sure")


def test_an_alternative_that_nobody_believes_is_none():
    reading = reading_of(number_of("75", alternatives=(("15", 0.0009),)))
    assert one_of(apply_knowledge(reading, Knowledge(between=(0, 20)))).text == "75"


def test_alternatives_that_fit_come_before_those_that_do_not():
    reading = reading_of(number_of("15", 0.6, sure=False, alternatives=(("75", 0.2), ("16", 0.1))))
    assert one_of(apply_knowledge(reading, Knowledge(between=(0, 20)))).alternatives == (("16", 0.1), ("75", 0.2))


@pytest.mark.parametrize(
    ("known", "text", "breach"),
    [
        (Knowledge(between=(0, 20)), "20", None),
        (Knowledge(between=(0, 20)), "20.5", "is not from 0 to 20"),
        (Knowledge(between=(0, 20)), "12/05", "is not from 0 to 20"),
        (Knowledge(between=(-10, -2.5)), "-2.5", None),
        (Knowledge(between=(-10, -2.5)), "2.5", "is not from -10 to -2.5"),
        (Knowledge(length=(4, 8)), "12/05", None),
        (Knowledge(length=(4, 8)), "123", "has 3 digits, not 4 to 8"),
        (Knowledge(length=(4, 4)), "1", "has 1 digit, not 4"),
        (Knowledge(check="luhn"), "18", None),
        (Knowledge(check="luhn"), "19", "does not end in Luhn's check digit"),
        (Knowledge(check="luhn"), "12.5", "does not end in Luhn's check digit"),
        (Knowledge(check="luhn"), "1,25", "does not end in Luhn's check digit"),
        (Knowledge(check="luhn"), "125", None),
        (Knowledge(check="isbn"), "978-0-306-40615-7", None),
        (Knowledge(check="isbn"), "978-0-306-40615-8", "does not end in an ISBN's check digit"),
    ],
)
def test_what_is_known_of_numbers(known, text, breach):
    assert known.breach(text) == breach


def test_the_decimal_mark_decides_what_a_number_is_worth():
    known = Knowledge(between=(0, 20))
    assert known.breach("1,500", decimal="comma") is None
    assert known.breach("1,500", decimal="point") is not None


def test_a_changed_number_has_the_value_of_what_it_is_now_where_values_were_asked_for():
    asked = reading_of(number_of("75", alternatives=(("15", 0.2),), value=75.0))
    assert one_of(apply_knowledge(asked, Knowledge(between=(0, 20)))).value == 15.0
    was_none = reading_of(number_of("7:5", alternatives=(("15", 0.2),)))
    assert one_of(apply_knowledge(was_none, Knowledge(between=(0, 20)))).value == 15.0
    unasked = reading_of(number_of("75", alternatives=(("15", 0.2),)))
    assert one_of(apply_knowledge(unasked, Knowledge(between=(0, 20)), values=False)).value is None


def test_only_the_numbers_of_one_column_are_kept():
    numbers = (number_of("1", column=0), number_of("2", sure=False, column=1), number_of("3"), number_of("4", column=0))
    reading = apply_knowledge(reading_of(*numbers), Knowledge(column=0))
    assert [number.text for number in reading.numbers] == ["1", "4"]
    assert (reading.sure, reading.reason) == (True, None)


def test_a_column_that_holds_none_says_so():
    reading = apply_knowledge(reading_of(number_of("1", column=0)), Knowledge(column=3))
    assert (reading.numbers, reading.sure, reading.reason) == ((), False, "there is no number in column 3")


def test_where_nothing_was_read_the_reason_for_that_stays():
    reading = reading_of(sure=False, reason="there are 12 printed numbers and no written one")
    assert apply_knowledge(reading, Knowledge(column=3)) == reading


def test_alternatives_above_the_number_itself_come_once_and_those_that_fit_first():
    rivals = (("95", 0.6), ("15", 0.5), ("16", 0.4))
    changed = one_of(apply_knowledge(reading_of(number_of("75", 0.3, alternatives=rivals)), Knowledge(between=(0, 20))))
    assert (changed.text, changed.confidence) == ("15", 0.3)
    assert changed.alternatives == (("75", 0.3), ("16", 0.3), ("95", 0.6))
    kept = one_of(apply_knowledge(reading_of(number_of("17", 0.3, alternatives=rivals)), Knowledge(between=(0, 20))))
    assert kept.alternatives == (("15", 0.5), ("16", 0.4), ("95", 0.6))


def test_doubt_about_the_page_outlives_what_is_known_of_its_numbers():
    reading = reading_of(number_of("1", column=0), number_of("2", column=1), sure=False, reason="it reads both ways up")
    kept = apply_knowledge(reading, Knowledge(column=0))
    assert (kept.sure, kept.reason) == (False, "it reads both ways up")


def test_knowledge_is_read_as_people_type_it():
    assert parse_knowledge(
        between="0,20", length="4..8", check="luhn", column="2", region="10,20,300,200"
    ) == Knowledge((0, 20), (4, 8), "luhn", 2, (10, 20, 300, 200))
    assert parse_knowledge(length="6").length == (6, 6)
    assert parse_knowledge(between="-2.5..2.5").between == (-2.5, 2.5)
    assert parse_knowledge() == Knowledge()
    assert parse_knowledge(check="ISBN") == Knowledge(check="isbn")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"between": "20"}, "between must be two numbers like 0,20, not '20'"),
        ({"between": "a,b"}, "between must be two numbers"),
        ({"between": "nan,1"}, "between must be two numbers"),
        ({"between": "20,0"}, "between must be the least and the most, in that order, not 20 and 0"),
        ({"length": "8..4"}, "length must be the least and the most within 1 and 1000, in that order, not 8 and 4"),
        ({"length": "0"}, "length must be the least and the most within 1 and 1000, in that order, not 0"),
        ({"length": ""}, "length must be"),
        ({"length": "2.."}, "length must be a number of digits like 6, or two like 4..8, not '2..'"),
        ({"length": "1e2"}, "length must be a number of digits like 6"),
        ({"check": "lun"}, "did you mean 'luhn'"),
        ({"column": "-1"}, "column counts from 0"),
        ({"column": "x"}, "column must be a number from 0"),
        ({"region": "1,2,3"}, "region must be four whole numbers"),
        ({"region": f"1,2,3,{'9' * 400}"}, "region must be four whole numbers"),
        ({"column": "9" * 400}, "column must be a number from 0"),
        ({"region": "-1,2,3,4"}, "region must be x,y,width,height in pixels from the top left"),
        ({"region": "1,2,0,4"}, "region must be x,y,width,height"),
    ],
)
def test_what_cannot_be_knowledge_is_refused_with_what_was_expected(words, message):
    with pytest.raises(SettingError, match=message.replace("(", r"\(")):
        parse_knowledge(**words)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"length": 6}, "length must be a tuple of 2 numbers, not 6"),
        ({"between": "0,20"}, "between must be a tuple of 2 numbers, not '0,20'"),
        ({"region": (1, 2, 3)}, r"region must be a tuple of 4 numbers, not \(1, 2, 3\)"),
    ],
)
def test_what_has_another_shape_is_refused_with_what_was_given(values, message):
    with pytest.raises(SettingError, match=message):
        Knowledge(**values)


@pytest.mark.parametrize(
    "known",
    [
        Knowledge(),
        Knowledge(between=(-0.5, 1e9), length=(4, 4), check="isbn", column=0, region=(0, 0, 5, 5)),
        Knowledge(between=(0, 0)),
    ],
)
def test_knowledge_comes_back_from_its_words(known):
    assert parse_knowledge(**known.to_words()) == known


def test_numbers_keep_what_else_is_known_of_them():
    number = number_of("75", alternatives=(("15", 0.2),), hand="printed", around=("%",), table=0, row=1, column=2)
    changed = one_of(apply_knowledge(reading_of(number), Knowledge(between=(0, 20))))
    facts = ("hand", "around", "table", "row", "column", "box")
    assert [getattr(changed, name) for name in facts] == [getattr(number, name) for name in facts]
    assert replace(changed, reason=None).sure is False
