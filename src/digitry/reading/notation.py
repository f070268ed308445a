"""A row of characters → the numbers in it: their text with signs, their value, and signs beside them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from digitry.errors import unknown_name

DECIMALS = ("auto", "comma", "point")
"""Decimal marks that may be chosen."""

LETTER = ""
"""Stands for any character that does not occur in numbers."""

PARTING = (*"+×÷=%$€£₹✓", LETTER)
"""Characters that separate numbers: a sum or a code of letters and digits is read as its parts, and a number ends at a
percent sign, currency or tick."""

LEADING = tuple("-+(")
"""Signs that belong to the number after them."""


def signs_among(characters: Sequence[str]) -> tuple[str, ...]:
    """Return those characters that are signs and may be part of a number's text."""
    return tuple(one for one in characters if not one.isdigit() and (one not in PARTING or one in LEADING))


_PLAIN = re.compile(r"([-+]?)(\d+(?:[.,']\d+)*)")


class Written(NamedTuple):
    """A number among characters."""

    text: str
    """Its digits with the signs between them, its leading minus or plus, and its brackets."""
    places: tuple[int, ...]
    """Indices of the characters of the text."""
    around: tuple[str, ...]
    """Signs before or after the number: `%`, `=`, `$`, a tick."""


def numbers_in(characters: list[str]) -> list[Written]:
    """Return the numbers in a chain of characters, in order; each has at least one digit.

    Letters are given as `LETTER`, and never count as `around` a number.
    """
    found = []
    start = 0
    for place in range(len(characters) + 1):
        at_end = place == len(characters)
        # A plus at the very beginning belongs to the number.
        if at_end or (characters[place] in PARTING and any(c.isdigit() for c in characters[start:place])):
            end = place if at_end else place + 1
            number = _trimmed(characters, start, place, end)
            if number:
                found.append(number)
            start = end
    return found


def _trimmed(characters: list[str], start: int, stop: int, end: int) -> Written | None:
    """Return the number between `start` and `stop`; signs trimmed from its ends, up to `end`, are around it."""
    digits = [place for place in range(start, stop) if characters[place].isdigit()]
    if not digits:
        return None
    first, last = digits[0], digits[-1]
    before, behind = characters[first - 1] if first > start else "", characters[last + 1] if last + 1 < stop else ""
    after_letter = first > 1 and characters[first - 2] == LETTER  # "AT-3312" has a hyphen
    if before in LEADING and before != "(" and not after_letter:
        first -= 1
        before = characters[first - 1] if first > start else ""
    if before == "(" and ")" in characters[first:stop]:
        first -= 1
    inner = characters[first : last + 1]
    if behind == ")" and "(" in inner and ")" not in inner:
        last += 1
    kept = tuple(range(first, last + 1))
    signs = [place for place in range(start, end) if characters[place] != LETTER]
    around = tuple(characters[place] for place in signs if not first <= place <= last)
    return Written("".join(characters[place] for place in kept), kept, around)


def is_number(text: str) -> bool:
    """Tell whether a text is one number with nothing beside it: not "6)", nor "2+5", which is two."""
    return [written.text for written in numbers_in(list(text))] == [text]


def text_pattern(signs: Sequence[str]) -> str:
    """Return a regular expression, for Python, browsers and OpenAPI, that matches the texts of digits and these signs
    that `is_number` accepts.
    """
    leading = re.escape("".join(sign for sign in signs if sign in "-+"))
    before = f"[{leading}]?" if leading else ""
    inside = "".join(sign for sign in signs if sign not in PARTING)
    some, some_in_brackets = _one_of(inside), _one_of(inside.replace(")", ""))
    ways = [f"{before}[0-9](?:{some}*[0-9])?"]
    if "(" in signs and ")" in signs:
        ways += [
            rf"{before}[0-9]{some_in_brackets}*\({some_in_brackets}*[0-9]\)",
            rf"\({before}[0-9]{some}*\){some}*[0-9]",
            rf"\({before}[0-9](?:{some_in_brackets}*[0-9])?\)",
        ]
    return f"(?:{'|'.join(ways)})"


def _one_of(signs: str) -> str:
    escaped = re.escape(signs).replace("/", r"\/")  # browsers need this one escaped too
    return f"[0-9{escaped}]"


def value_of(text: str, decimal: str = "auto") -> float | None:
    """Return the value of a plain number; None for dates, times, fractions, phone numbers, and values beyond floats.

    `decimal` is the decimal mark, `comma` or `point`; the other one groups thousands. With `auto`, the last of two
    kinds is decimal; a repeated mark, an apostrophe, and a comma before exactly three digits group thousands; any other
    single mark is decimal. Raises SettingError for any other `decimal`.
    """
    if decimal not in DECIMALS:
        raise unknown_name("decimal", decimal, DECIMALS)
    found = _PLAIN.fullmatch(text.strip("()") if text[:1] == "(" and text[-1:] == ")" else text)
    if not found:
        return None
    sign, body = found.groups()
    mark = {"comma": ",", "point": "."}.get(decimal) or _decimal_mark(body)
    whole, _, fraction = body.partition(mark) if mark else (body, "", "")
    if (not fraction.isdigit() and fraction) or not _is_grouped(whole):
        return None
    value = float(sign + re.sub(r"\D", "", whole) + "." + (fraction or "0"))
    return value if math.isfinite(value) else None


def _decimal_mark(body: str) -> str:
    """Return the decimal mark by the rules of `auto`; empty if there is none."""
    marks = [mark for mark in body if mark in ".,"]
    if not marks:
        return ""
    if len(set(marks)) == 2:
        return marks[-1] if marks.count(marks[-1]) == 1 else ""
    if len(marks) > 1 or re.fullmatch(r"[1-9]\d{0,2},\d{3}", body):
        return ""
    return marks[0]


def _is_grouped(whole: str) -> bool:
    """Tell whether digits are grouped like thousands (1,250,000; in India 3,00,000), or not grouped."""
    first, *groups = re.split(r"\D", whole)
    if not groups:
        return True
    return 1 <= len(first) <= 3 and all(len(group) in (2, 3) for group in groups) and len(groups[-1]) == 3
