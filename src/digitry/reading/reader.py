"""The reader of pictures of a digit, a number, or a page of numbers, loaded once."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Iterator
from typing import Any, Unpack, overload

import numpy as np
from numpy.typing import NDArray

from digitry.console import warn_caller
from digitry.errors import SettingError, unknown_name
from digitry.images.one_thread import on_one_thread
from digitry.networks.contract import Contract
from digitry.reading import drawn_ink, one_digit, one_number, one_page, predicting
from digitry.reading.boxes import boxes_within
from digitry.reading.certainty import MAX_ERROR
from digitry.reading.knowledge import Knowledge, apply_knowledge
from digitry.reading.networks import Models, Networks, knows_some_digits
from digitry.reading.page_options import PageOptions, PageOptionValues, page_options_of
from digitry.reading.picture_input import Picture, grey_pages, is_one_picture, picture_name
from digitry.reading.region import read_region
from digitry.types import TEN_DIGITS, Images, Probabilities, Reading

log = logging.getLogger("digitry.reading")

EXPECTATIONS = ("digit", "number", "page")
"""What a picture may be expected to hold: one digit; one number on one line; any numbers anywhere."""


class Reader:
    """Reads pictures with networks for single digits, whole numbers and pages, loaded once."""

    networks: Networks
    """The networks that it reads with."""

    _said = False
    """Whether it has warned of digits that its networks do not know."""

    def __init__(
        self,
        model: Models = None,
        *,
        max_error: float = MAX_ERROR,
        sure_confidence: float | None = None,
        ask_both: bool | None = None,
        threads: int = 1,
    ) -> None:
        """Load the networks; shipped ones read what `model` does not.

        `model`: a network for single digits, whole numbers or pages, or one of each, in any order.
        `max_error`: the share of the sure readings that may be wrong, 0 to 1, on pictures like those to which the scale
        in the network's contract was fitted; nothing is sure by a network without a scale.
        `sure_confidence`: a threshold on the networks' own confidence, 0 to 1, instead of the scales.
        `ask_both`: whether the shipped network for numbers is asked about digits too; None: if the scale was fitted so.
        Raises ModelError for a model that cannot be used, SettingError for a value outside its range, or for two
        networks that read the same.
        """
        self.networks = Networks(
            model, max_error=max_error, sure_confidence=sure_confidence, ask_both=ask_both, threads=threads
        )

    def __repr__(self) -> str:
        return f"<Reader: {self.networks}>"

    def with_max_error(self, max_error: float) -> Reader:
        """Return a reader with the same networks and another `max_error`. Raises SettingError unless it is 0 to 1."""
        other = copy.copy(self)
        other.networks = self.networks.with_max_error(max_error)
        return other

    @property
    def max_error(self) -> float:
        """The share of the sure readings that may be wrong. Raises SettingError unless it is from 0 to 1."""
        return self.networks.max_error

    @max_error.setter
    def max_error(self, share: float) -> None:
        self.networks = self.networks.with_max_error(share)

    @property
    def contract(self) -> Contract:
        """What the network for single digits expects, and where it comes from."""
        return self.networks.contract

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels a digit may get, in the order of `read_digits`' columns."""
        return self.networks.class_names

    def read(
        self,
        picture: Picture,
        *,
        expect: str = "page",
        known: Knowledge | None = None,
        **page_options: Unpack[PageOptionValues],
    ) -> Reading:
        """Read a picture: a path, file bytes, an open file, an array, a tensor, lists or a Pillow image; of a file with
        several pages, the first.

        `known`: what is known about its numbers. Options of pages, as in `PageOptions`: `rotate`, "auto" or the
        clockwise degrees that make it upright; `only` "written", "printed" or "all" numbers; `signs`, whether texts
        include them; `decimal`, "auto", "comma" or "point". If there is no number, the reading is empty and gives the
        reason. Raises DataError if it is not a picture, or the known region lies outside it, SettingError for an
        unknown `expect` or option.
        """
        return next(self.read_pages(picture, expect=expect, known=known, **page_options))

    def read_pages(
        self,
        picture: Picture,
        *,
        expect: str = "page",
        known: Knowledge | None = None,
        **page_options: Unpack[PageOptionValues],
    ) -> Iterator[Reading]:
        """Yield the reading of every page of a picture, in order; options and errors as for `read`."""
        options = self.check_expectation(expect, known, **page_options)
        name = picture_name(picture)
        for count, grey in enumerate(grey_pages(picture), 1):
            yield self._read_grey(grey, expect, known, options, name, count)

    def read_grey(
        self,
        grey: NDArray[np.uint8],
        *,
        expect: str = "page",
        known: Knowledge | None = None,
        name: str = "",
        page: int = 1,
        **page_options: Unpack[PageOptionValues],
    ) -> Reading:
        """Read one decoded page, uint8 (h, w); `name` and `page` go into the reading."""
        return self._read_grey(grey, expect, known, self.check_expectation(expect, known, **page_options), name, page)

    def _read_grey(
        self, grey: NDArray[np.uint8], expect: str, known: Knowledge | None, options: PageOptions, name: str, page: int
    ) -> Reading:
        began = time.perf_counter()
        with on_one_thread():
            reading = self._read_known(grey, expect, known, options, name, page)
        # Neither name nor numbers: not everybody who reads the logs may see the pictures.
        sure, count = "sure" if reading.sure else "not sure", len(reading.numbers)
        log.debug("read a %s: %d numbers, %s, %.0f ms", expect, count, sure, 1000 * (time.perf_counter() - began))
        return reading

    def _read_known(
        self, grey: NDArray[np.uint8], expect: str, known: Knowledge | None, options: PageOptions, name: str, page: int
    ) -> Reading:
        def read_part(part: NDArray[np.uint8]) -> Reading:
            if expect == "digit":
                return one_digit.read_pages([part], self.networks, name=name, page=page)[0]
            if expect == "number":
                reading = one_number.read_number(part, self.networks, options, name=name, page=page)
            else:
                reading = one_page.read_page(part, self.networks, options, name=name, page=page)
            return boxes_within(reading, part.shape)

        if known is None:
            return read_part(grey)
        reading = read_region(grey, known.region, read_part)
        return apply_knowledge(reading, known, decimal=options.decimal, signs=options.signs, values=expect != "digit")

    def check_expectation(
        self, expect: str, known: Knowledge | None = None, **page_options: Unpack[PageOptionValues]
    ) -> PageOptions:
        """Return the options of a page, checked. Raises SettingError for an unknown `expect` or option, one that does
        not apply to `expect`, and if the networks cannot read what is expected.
        """
        if expect not in EXPECTATIONS:
            raise unknown_name("expectation", expect, EXPECTATIONS)
        options = page_options_of(expect, page_options)
        if known is not None and known.column is not None and expect != "page":
            raise SettingError(f"column is for pages, and expect is {expect!r}; leave it out, or expect a page")
        if expect == "digit":
            if known is not None and known.is_about_numbers and self.class_names != TEN_DIGITS:
                first = ", ".join(self.class_names[:3])
                raise SettingError(f"between, length and check are about digits; this model reads {first}…")
            return options
        for names in (self.class_names, self.networks.digits_in_numbers):
            if names != TEN_DIGITS and not knows_some_digits(names):
                raise SettingError(f"this model reads {', '.join(names[:3])}…, not digits; use expect 'digit'")
        self._say_what_is_unknown()
        return options

    def _say_what_is_unknown(self) -> None:
        """Warn once if networks know only some of the ten digits."""
        if self._said:
            return
        self._said = True
        if knows_some_digits(self.class_names):
            warn_caller(
                f"the model for single digits knows only {', '.join(self.class_names)}: other digits are read by the "
                "networks for numbers and pages only, and such a digit on its own is never sure"
            )
        if knows_some_digits(self.networks.digits_in_numbers):
            known = ", ".join(self.networks.digits_in_numbers)
            warn_caller(f"the model for numbers knows only {known}: it never reads another digit")

    def read_drawing(self, ink: NDArray[np.uint8], *, expect: str = "number") -> Reading:
        """Read ink drawn by a program, uint8 (h, w), 0 paper to 255 full ink, with no paper to be separated from it.

        Raises DataError if it is not such an array, SettingError for an `expect` other than digit and number.
        """
        if expect not in drawn_ink.EXPECTATIONS:
            raise unknown_name("expectation", expect, drawn_ink.EXPECTATIONS)
        self.check_expectation(expect)
        return drawn_ink.read_drawing(ink, self.networks, expect=expect)

    def predict(self, x: Any, *, invert: bool | None = None) -> NDArray[Any]:
        """Predict the labels of digits, like a scikit-learn classifier: int64 (n,), or names if not all are integers.

        `x` is an array of one or many images of any shape and range that training takes (`Dataset.from_arrays`), not
        pictures of pages. Unless `invert` is given, images that look dark on light are inverted, with a UserWarning;
        another tells of empty images. Raises DataError if it is not an array of images, or ambiguous, as integers 0 and
        1 are.
        """
        return predicting.predict(x, self.networks, invert=invert)

    def predict_proba(self, x: Any, *, invert: bool | None = None) -> Probabilities:
        """Predict the probabilities of digits, float32 (n, classes) in the order of `class_names`; rows sum to 1.

        Input, warnings and errors are those of `predict`.
        """
        return predicting.predict_proba(x, self.networks, invert=invert)

    def read_digits(self, images: Images) -> Probabilities:
        """Return the probabilities, float32 (n, classes), for canonical digits, uint8 (n, 28, 28), as in datasets.

        These are used as they are, which is fast; other arrays, and images that do not look canonical, are treated as
        by `predict_proba`. Raises DataError as that does.
        """
        return self.networks.read_digits(images)

    def read_digit_pages(self, pages: list[NDArray[np.uint8]], *, name: str = "", page: int = 1) -> list[Reading]:
        """Read grey pages, uint8 (h, w), with one digit each, running the networks once for all of them."""
        with on_one_thread():
            return one_digit.read_pages(pages, self.networks, name=name, page=page)


@overload
def read(
    pictures: list[Picture] | tuple[Picture, ...],
    *,
    model: Models = None,
    expect: str = "page",
    known: Knowledge | None = None,
    **page_options: Unpack[PageOptionValues],
) -> list[Reading]: ...
@overload
def read(
    pictures: Picture,
    *,
    model: Models = None,
    expect: str = "page",
    known: Knowledge | None = None,
    **page_options: Unpack[PageOptionValues],
) -> Reading: ...
def read(
    pictures: Picture,
    *,
    model: Models = None,
    expect: str = "page",
    known: Knowledge | None = None,
    **page_options: Unpack[PageOptionValues],
) -> Reading | list[Reading]:
    """Read one picture, or each of a list of pictures, in order. For many calls, keep a `Reader`. Nested lists of
    numbers are the rows of one picture.

    `known` and the options of pages are those of `Reader.read`. Raises DataError for the first one that is not a
    picture, SettingError for an unknown `expect` or option.
    """
    reader = Reader(model)
    reader.check_expectation(expect, known, **page_options)
    if isinstance(pictures, (list, tuple)) and not is_one_picture(pictures):
        return [reader.read(picture, expect=expect, known=known, **page_options) for picture in pictures]
    return reader.read(pictures, expect=expect, known=known, **page_options)
