"""One reader, loaded once, for pictures of a digit, of a number, of a page of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import overload

import numpy as np
from numpy.typing import NDArray

from digitry.errors import SettingError, unknown_name
from digitry.reading import drawn_ink, one_digit, one_page
from digitry.reading.networks import DIGITS, Models, Networks
from digitry.reading.picture_input import Picture, grey_pages, picture_name
from digitry.types import Reading

EXPECTATIONS = ("digit", "number", "page")
"""What a picture may be said to hold: one digit; one number on one line; any numbers, anywhere."""


class Reader(Networks):
    """Reads pictures with the networks it loaded: one for single digits, one for whole numbers."""

    def read(self, picture: Picture, *, expect: str = "page") -> Reading:
        """Read a picture: a path, file bytes, an array or a Pillow image; of a file with many pages the first.

        No digit gives a reading without numbers and with a reason. Raises DataError when it is no picture at all,
        SettingError for an `expect` that does not exist.
        """
        return next(self.read_pages(picture, expect=expect))

    def read_pages(self, picture: Picture, *, expect: str = "page") -> Iterator[Reading]:
        """Read every page of a picture, in order, made when it is asked for; errors as for `read`."""
        self.check_expectation(expect)
        name = picture_name(picture)
        for count, grey in enumerate(grey_pages(picture), 1):
            yield self.read_grey(grey, expect=expect, name=name, page=count)

    def read_grey(self, grey: NDArray[np.uint8], *, expect: str = "page", name: str = "", page: int = 1) -> Reading:
        """Return the reading of one decoded page, uint8 (h, w); `name` and `page` say what the reading calls it."""
        self.check_expectation(expect)
        if expect == "digit":
            return self.read_digit_pages([grey], name=name, page=page)[0]
        return one_page.read_page(grey, self, name=name, page=page, one_number=expect == "number")

    def check_expectation(self, expect: str) -> None:
        """Raise SettingError unless `expect` exists and this model can read what it promises."""
        if expect not in EXPECTATIONS:
            raise unknown_name("expectation", expect, EXPECTATIONS)
        if expect == "digit":
            return
        for names in (self.class_names, self.numbers.class_names):
            if names != DIGITS:
                raise SettingError(f"this model reads {', '.join(names[:3])}…, not digits; use expect 'digit'")

    def read_drawing(self, ink: NDArray[np.uint8], *, expect: str = "number") -> Reading:
        """Read ink that a program drew, uint8 (h, w), 0 paper and 255 full ink: nothing has to be told from paper.

        Raises DataError when it is no such array, SettingError for an `expect` other than digit and number.
        """
        if expect not in drawn_ink.EXPECTATIONS:
            raise unknown_name("expectation", expect, drawn_ink.EXPECTATIONS)
        self.check_expectation(expect)
        return drawn_ink.read_drawing(ink, self, expect=expect)

    def read_digit_pages(self, pages: list[NDArray[np.uint8]], *, name: str = "", page: int = 1) -> list[Reading]:
        """Return readings of grey pages, uint8 (h, w), with one digit each: the network runs once for all."""
        return one_digit.read_pages(pages, self, name=name, page=page)


@overload
def read(
    pictures: list[Picture] | tuple[Picture, ...],
    *,
    model: Models = None,
    expect: str = "page",
) -> list[Reading]: ...
@overload
def read(pictures: Picture, *, model: Models = None, expect: str = "page") -> Reading: ...
def read(pictures: Picture, *, model: Models = None, expect: str = "page") -> Reading | list[Reading]:
    """Read one picture, or each of a list of pictures, in order. For many calls, keep a `Reader`.

    Raises DataError for the first one that is no picture, SettingError for an `expect` that does not exist.
    """
    if expect not in EXPECTATIONS:
        raise unknown_name("expectation", expect, EXPECTATIONS)
    reader = Reader(model)
    if isinstance(pictures, (list, tuple)):
        return [reader.read(picture, expect=expect) for picture in pictures]
    return reader.read(pictures, expect=expect)
