"""Check digits by name: whether the last digit of a number agrees with the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from digitry.errors import unknown_name


def check_digit_fits(name: str, digits: str) -> bool:
    """Tell whether `digits`, without signs, end in the right check digit. Raises SettingError for an unknown name.

    >>> check_digit_fits("luhn", "79927398713"), check_digit_fits("isbn", "9780306406157")
    (True, True)
    """
    if name not in CHECKS:
        raise unknown_name("check digit", name, CHECKS)
    return CHECKS[name].fits([int(digit) for digit in digits])


def luhn(digits: list[int]) -> bool:
    """Check a number by Luhn's algorithm: cards, many accounts. Every second digit from the right is doubled, and the
    digit sums must add up to a multiple of 10.
    """
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(digits) > 1 and (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def isbn(digits: list[int]) -> bool:
    """Check an ISBN: 10 digits weighted 10 to 1 must sum to a multiple of 11, 13 weighted 1 and 3 in turn, of 10.

    The check digit X of ten-digit ISBNs is not supported, because letters are not read.
    """
    if len(digits) == 10:
        return sum(weight * digit for weight, digit in zip(range(10, 0, -1), digits, strict=True)) % 11 == 0
    return len(digits) == 13 and (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0


class Check(NamedTuple):
    """A check digit."""

    words: str
    """Its name in messages: "does not end in …"."""
    fits: Callable[[list[int]], bool]


CHECKS = {"luhn": Check("Luhn's check digit", luhn), "isbn": Check("an ISBN's check digit", isbn)}
"""All check digits by name; a new one takes a function and an entry here."""
