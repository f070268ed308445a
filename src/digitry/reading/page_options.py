"""Options for reading a page: its orientation, which numbers to read, and their notation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypedDict

from digitry.errors import SettingError, unknown_name
from digitry.reading.notation import DECIMALS

TURNS = ("auto", "0", "90", "180", "270")
"""Clockwise degrees by which a page is turned before it is read."""

YES_OR_NO = ("yes", "no")

HANDS = ("written", "printed", "all")
"""Which numbers are read."""


class PageOptionValues(TypedDict, total=False):
    """`PageOptions` as keyword arguments."""

    rotate: str | int
    only: str
    signs: bool
    decimal: str


@dataclass(frozen=True)
class PageOptions:
    """Options for reading a page. Raises SettingError, with near matches, for unknown values."""

    rotate: str | int = "auto"
    only: str = "written"
    signs: bool = True
    """Whether texts include signs, or only digits."""
    decimal: str = "auto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "rotate", str(self.rotate))  # 90 is the same as "90"
        for kind, name, known in (
            ("rotate", str(self.rotate), TURNS),
            ("only", self.only, HANDS),
            ("decimal", self.decimal, DECIMALS),
        ):
            if name not in known:
                raise unknown_name(kind, name, known)
        if not isinstance(self.signs, bool):
            raise SettingError(f"signs must be true or false, not {self.signs!r}")

    def to_values(self) -> PageOptionValues:
        """Return the options as keyword arguments."""
        return PageOptionValues(rotate=self.rotate, only=self.only, signs=self.signs, decimal=self.decimal)

    def to_words(self) -> dict[str, str]:
        """Return the options as they are written in commands and URLs."""
        return {**{name: str(getattr(self, name)) for name in PAGE_OPTIONS}, "signs": "yes" if self.signs else "no"}


PAGE_OPTIONS = tuple(field.name for field in fields(PageOptions))
"""Names of the options."""

OF_NUMBERS = ("signs", "decimal")
"""Those that also apply to a single number."""


def page_options_from_words(expect: str, given: Mapping[str, str]) -> PageOptions:
    """Return the options of a page from words, as in commands and URLs: `signs` is yes or no."""
    words: dict[str, Any] = dict(given)
    if "signs" in words:
        if words["signs"] not in YES_OR_NO:
            raise unknown_name("signs", words["signs"], YES_OR_NO)
        words["signs"] = words["signs"] == "yes"
    return page_options_of(expect, words)


def page_options_of(expect: str, given: Mapping[str, Any]) -> PageOptions:
    """Return the options of a page. Raises SettingError for an unknown one, or if no page is expected; `signs` and
    `decimal` also apply to a number.
    """
    for name in given:
        if name not in PAGE_OPTIONS:
            raise unknown_name("option of pages", name, PAGE_OPTIONS)
    options, plain = PageOptions(**given), PageOptions()
    for name in PAGE_OPTIONS:
        is_said = getattr(options, name) != getattr(plain, name)
        if is_said and expect not in (("page", "number") if name in OF_NUMBERS else ("page",)):
            places = "pages and numbers" if name in OF_NUMBERS else "pages"
            raise SettingError(f"{name} is for {places}, and expect is {expect!r}; leave it out, or expect a page")
    return options
