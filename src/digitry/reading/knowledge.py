"""What a user knows about the numbers of a picture, applied to its reading: the best text that fits, or a doubt."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TypeVar

from digitry.errors import SettingError, unknown_name
from digitry.reading.alternatives import rewritten, texts_instead
from digitry.reading.check_digits import CHECKS, check_digit_fits
from digitry.reading.notation import value_of
from digitry.types import Box, Number, Reading, is_sure

MOST_DIGITS = 1_000
"""No number that people write is longer."""

LEAST = 0.001
"""Less probable alternatives are not used: the number stays as read, but is doubted."""

T = TypeVar("T", int, float)


@dataclass(frozen=True)
class Knowledge:
    """Constraints on the numbers of a picture; None means unknown. Raises SettingError for impossible ones."""

    between: tuple[float, float] | None = None
    """The smallest and the largest value."""
    length: tuple[int, int] | None = None
    """The smallest and the largest number of digits."""
    check: str | None = None
    """The name of the check digit that numbers end in, from `CHECKS`."""
    column: int | None = None
    """Only numbers in this column of a table, from 0, are read."""
    region: Box | None = None
    """Only this part of the picture is read: x, y, width, height in pixels of the upright page."""

    def __post_init__(self) -> None:
        for name, count in (("between", 2), ("length", 2), ("region", 4)):
            given = getattr(self, name)
            if given is not None and not (isinstance(given, (tuple, list)) and len(given) == count):
                raise SettingError(f"{name} must be a tuple of {count} numbers, not {given!r}")
        if self.between is not None:
            _check_range("between", self.between, -math.inf, math.inf)
        if self.length is not None:
            _check_range("length", self.length, 1, MOST_DIGITS)
        if self.check is not None and self.check not in CHECKS:
            raise unknown_name("check digit", self.check, CHECKS)
        if self.column is not None and self.column < 0:
            raise SettingError(f"column counts from 0 and cannot be {self.column}")
        if self.region is not None and (min(self.region[:2]) < 0 or min(self.region[2:]) < 1):
            raise SettingError(
                f"region must be x,y,width,height in pixels from the top left, not {_listed(self.region)}"
            )

    @property
    def is_about_numbers(self) -> bool:
        """Whether it constrains the numbers themselves."""
        return (self.between, self.length, self.check) != (None, None, None)

    def to_words(self) -> dict[str, str]:
        """Return it by name in the form in which users type it, without unknowns."""
        pairs = {"between": self.between, "length": self.length, "region": self.region}
        words = {name: ",".join(f"{value:.15g}" for value in given) for name, given in pairs.items() if given}
        words |= {"check": self.check} if self.check is not None else {}
        return words | ({"column": str(self.column)} if self.column is not None else {})

    def breach(self, text: str, decimal: str = "auto") -> str | None:
        """Return which constraint a number's text violates: "is not from 0 to 20"; None if it violates none."""
        digits = "".join(c for c in text if c.isascii() and c.isdigit())
        if self.length is not None and not self.length[0] <= len(digits) <= self.length[1]:
            least, most = self.length
            wanted = f"{least}" if least == most else f"{least} to {most}"
            return f"has {len(digits)} digit{'' if len(digits) == 1 else 's'}, not {wanted}"
        value = value_of(text, decimal)
        if self.between is not None and (value is None or not self.between[0] <= value <= self.between[1]):
            return f"is not from {self.between[0]:g} to {self.between[1]:g}"
        is_fraction = value is not None and value % 1 != 0  # has no check digit, whatever its digits
        if self.check is not None and (is_fraction or not check_digit_fits(self.check, digits)):
            return f"does not end in {CHECKS[self.check].words}"
        return None


KNOWN = tuple(field.name for field in fields(Knowledge))
"""Names of all constraints."""


def parse_knowledge(
    *,
    between: str | None = None,
    length: str | None = None,
    check: str | None = None,
    column: str | int | None = None,
    region: str | None = None,
) -> Knowledge:
    """Parse knowledge as users type it: between 0,20; length 4..8 or 6; region 10,20,300,200. Raises SettingError."""
    return Knowledge(
        None if between is None else _pair("between", between, float, "two numbers like 0,20"),
        None if length is None else _pair("length", length, int, "a number of digits like 6, or two like 4..8"),
        None if check is None else check.lower(),
        None if column is None else _of_text("column", str(column), int, "a number from 0"),
        None if region is None else _box(region),
    )


def apply_knowledge(
    reading: Reading, known: Knowledge, *, decimal: str = "auto", signs: bool = True, values: bool = True
) -> Reading:
    """Apply knowledge to a reading: leave out other columns, re-rank alternatives, and replace or doubt wrong numbers.

    A number that violates a constraint becomes its most probable alternative that does not; it is then never sure, as
    the reliability of such answers has not been measured. If none fits, it stays as read, not sure, with the reason.
    `values`: whether numbers get their value.
    """
    numbers = reading.numbers
    if known.column is not None:
        numbers = tuple(number for number in numbers if number.column == known.column)
        if reading.numbers and not numbers:
            return replace(reading, numbers=(), sure=False, reason=f"there is no number in column {known.column}")
    if known.is_about_numbers:
        numbers = tuple(_known(number, known, decimal, signs, values) for number in numbers)
    if numbers == reading.numbers:
        return reading
    return _with_numbers(reading, numbers)


def _known(number: Number, known: Knowledge, decimal: str, signs: bool, values: bool) -> Number:
    """Return a number as it is, or as its best alternative that violates nothing."""
    others = texts_instead(number, signs=signs)
    broken = known.breach(number.text, decimal)
    fitting = [(text, p) for text, p in others if known.breach(text, decimal) is None]
    fits = {text for text, _ in fitting}
    if broken is None:
        return replace(number, alternatives=tuple(sorted(number.alternatives, key=lambda pair: pair[0] not in fits)))
    if not fitting or fitting[0][1] < LEAST:
        return replace(number, sure=False, reason=f"it {broken}")
    (text, probability), *rest = fitting + [pair for pair in number.next_best if pair[0] not in fits]
    reason = f"it was read as {number.text}, which {broken}"
    alternatives = ((number.text, number.confidence), *rest)[: max(3, len(number.alternatives))]
    return replace(
        rewritten(number, text),
        confidence=probability,
        sure=False,
        reason=reason,
        alternatives=alternatives,
        value=value_of(text, decimal) if values else None,
    )


def _with_numbers(reading: Reading, numbers: tuple[Number, ...]) -> Reading:
    """Return the reading with other numbers: sure if all of them are, unless the page itself is in doubt."""
    doubtful = [number for number in numbers if not is_sure(reading, number)]
    if not doubtful:
        return replace(reading, numbers=numbers, sure=True, reason=None)
    if all(number.sure for number in numbers):  # the page itself is in doubt
        return replace(reading, numbers=numbers)
    doubted = [number for number in numbers if not number.sure]
    are = "is" if len(doubted) == 1 else "are"
    total = f"{len(doubted)} of {len(numbers)} numbers {are} not sure"
    return replace(reading, numbers=numbers, sure=False, reason=doubted[0].reason if len(numbers) == 1 else total)


def _check_range(name: str, pair: tuple[float, float], least: float, most: float) -> None:
    low, high = pair
    if not least <= low <= high <= most or (math.isinf(low) and math.isinf(high)):
        bounds = f" within {least:g} and {most:g}" if math.isfinite(least) else ""
        given = f"{low:g}" if low == high else f"{low:g} and {high:g}"
        raise SettingError(f"{name} must be the least and the most{bounds}, in that order, not {given}")


def _pair(name: str, text: str, kind: Callable[[str], T], expected: str) -> tuple[T, T]:
    parts = re.split(r"\.\.|,", text)
    if len(parts) == 1 and name == "length":
        parts *= 2
    if len(parts) != 2:
        raise SettingError(f"{name} must be {expected}, not {text[:40]!r}")
    low, high = (_of_text(name, part, kind, expected, text) for part in parts)
    return low, high


def _box(text: str) -> Box:
    expected = "four whole numbers like 10,20,300,200: x,y,width,height in pixels"
    values = [_of_text("region", part, int, expected, text) for part in text.split(",")]
    if len(values) != 4:
        raise SettingError(f"region must be {expected}, not {text[:40]!r}")
    x, y, width, height = values
    return x, y, width, height


def _of_text(name: str, text: str, kind: Callable[[str], T], expected: str, whole: str | None = None) -> T:
    """Parse one value of what was typed; `whole` is the full text."""
    with contextlib.suppress(ValueError, OverflowError):  # OverflowError: an integer of hundreds of digits
        value = kind(text)
        if math.isfinite(value):
            return value
    raise SettingError(f"{name} must be {expected}, not {(text if whole is None else whole)[:40]!r}")


def _listed(values: tuple[int, ...]) -> str:
    return ",".join(map(str, values))
