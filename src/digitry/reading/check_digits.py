"""Check digits by name: whether the last digit of a number is what the others say that it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from digitry.errors import unknown_name


def check_digit_fits(name: str, digits: str) -> bool:
    """Tell whether `digits`, figures alone, end in the check digit of this name. Raises SettingError for no such name.

    >>> check_digit_fits("luhn", "79927398713"), check_digit_fits("isbn", "9780306406157")
    (True, True)
    """
    if name not in CHECKS:
        raise unknown_name("check digit", name, CHECKS)
    return CHECKS[name].fits([int(digit) for digit in digits])


def luhn(digits: list[int]) -> bool:
    """Tell whether every second digit from the right, doubled, and the others add up to tens: cards, many accounts."""
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(digits) > 1 and (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def isbn(digits: list[int]) -> bool:
    """Tell whether 10 digits, weighed 10 to 1, add up to elevens, or 13, weighed 1 and 3 in turn, to tens.

    A check digit X of ten-digit numbers is a letter, which nobody reads here.
    """
    if len(digits) == 10:
        return sum(weight * digit for weight, digit in zip(range(10, 0, -1), digits, strict=True)) % 11 == 0
    return len(digits) == 13 and (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0


class Check(NamedTuple):
    """A check digit."""

    words: str
    """What a number ends in, as people say it."""
    fits: Callable[[list[int]], bool]


CHECKS = {"luhn": Check("Luhn's check digit", luhn), "isbn": Check("an ISBN's check digit", isbn)}
"""By name; a new one is a function and an entry here."""
