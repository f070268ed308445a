"""Check digits by name."""

from __future__ import annotations

import pytest

from digitry.errors import SettingError
from digitry.reading.check_digits import CHECKS, check_digit_fits


@pytest.mark.parametrize(
    ("name", "digits"),
    [
        ("luhn", "79927398713"),
        ("luhn", "4111111111111111"),
        ("luhn", "18"),
        ("isbn", "0306406152"),
        ("isbn", "9780306406157"),
        ("isbn", "9783161484100"),
    ],
)
def test_numbers_of_the_world_fit_their_check_digit(name, digits):
    assert check_digit_fits(name, digits)


@pytest.mark.parametrize(
    ("name", "digits"), [("luhn", "79927398713"), ("isbn", "0306406152"), ("isbn", "9780306406157")]
)
def test_one_digit_mistaken_is_always_seen(name, digits):
    for place, digit in enumerate(digits):
        for other in set("0123456789") - {digit}:
            assert not check_digit_fits(name, digits[:place] + other + digits[place + 1 :])


@pytest.mark.parametrize(
    ("name", "digits"), [("luhn", "0"), ("luhn", ""), ("isbn", "030640615"), ("isbn", "978030640615")]
)
def test_a_number_of_a_length_that_has_no_check_digit_does_not_fit(name, digits):
    assert not check_digit_fits(name, digits)


def test_an_unknown_name_lists_near_ones():
    with pytest.raises(SettingError, match=r"unknown check digit 'lun'; did you mean 'luhn'\? Known: isbn, luhn"):
        check_digit_fits("lun", "18")


def test_every_check_is_known_by_the_name_of_its_function():
    assert all(name == check.fits.__name__ for name, check in CHECKS.items())
