"""One reader, loaded once, for pictures of a digit, of a number, of a page of numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from digitry.errors import SettingError, unknown_name
from digitry.networks.contract import Contract
from digitry.networks.model import WHAT, Model
from digitry.pages.number_words import confidence as in_words
from digitry.reading import drawn_ink, one_digit, one_page
from digitry.reading.certainty import MAX_ERROR, check_max_error, weigh_confidence
from digitry.reading.picture_input import Picture, grey_pages, picture_name
from digitry.types import Digit, Images, Probabilities, Reading

EXPECTATIONS = ("digit", "number", "page")
"""What a picture may be said to hold: one digit; one number on one line; any numbers, anywhere."""


ModelLike = str | os.PathLike[str] | bytes | Model
"""A network to read with: a run's folder, an ONNX file, its bytes, or one that is open."""

Models = ModelLike | Sequence[ModelLike] | None
"""One network, or one for digits and one for numbers in any order, or neither."""


class Reader:
    """Reads pictures with the networks it loaded: one for single digits, one for whole numbers."""

    def __init__(
        self,
        model: Models = None,
        *,
        max_error: float = MAX_ERROR,
        sure_confidence: float | None = None,
        threads: int = 1,
    ) -> None:
        """Load the networks; those that come with digitry read what `model` does not.

        `model`: a network for single digits or one for whole numbers, or one of each, in any order.
        `max_error`: the share of the sure readings that may be wrong, on pictures like those that the scale in the
        network's contract was fitted to; of a network without a scale nothing is sure.
        `sure_confidence`, 0 to 1, takes the scales' place: what a model says of itself.
        Raises ModelError for a model that cannot be used, SettingError for a number outside its range, and for two
        networks that read the same.
        """
        if sure_confidence is not None and not 0 <= sure_confidence <= 1:
            raise SettingError(f"sure_confidence must be from 0 to 1, not {sure_confidence:g}")
        self.max_error, self.sure_confidence, self.threads = check_max_error(max_error), sure_confidence, threads
        self._own = _opened(model, threads)

    @cached_property
    def digits(self) -> Model:
        """The network for single digits."""
        return self._own.get("digit") or Model.shipped("digit", threads=self.threads)

    @cached_property
    def numbers(self) -> Model:
        """The network for whole numbers."""
        return self._own.get("number") or self._shipped_numbers

    @cached_property
    def _shipped_numbers(self) -> Model:
        return Model.shipped("number", threads=self.threads)

    def open_all(self) -> None:
        """Open every network that could be asked, for who cannot open files later."""
        for model in (self.digits, self.numbers, *((self._shipped_numbers,) if self.asks_both else ())):
            assert model.contract

    @property
    def contract(self) -> Contract:
        """What the model of single digits expects, and where it comes from."""
        return self.digits.contract

    @property
    def class_names(self) -> tuple[str, ...]:
        """The labels a digit may get, in the order of `read_digits`' columns."""
        return self.contract.class_names

    @property
    def has_own_numbers(self) -> bool:
        """Whether another network than the shipped one reads numbers."""
        return "number" in self._own

    @cached_property
    def asks_both(self) -> bool:
        """Whether the shipped network for numbers has a word on digits, too: where the scale was fitted that way."""
        scale = self.contract.confidence_scale
        return scale is not None and scale.second_opinion and self.class_names == one_digit.DIGITS

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
            if names != one_digit.DIGITS:
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

    def read_digits(self, images: Images) -> Probabilities:
        """Read canonical digits, uint8 (n, 28, 28), as datasets hold them: probabilities, float32 (n, classes)."""
        return self.digits.probabilities(images)

    def read_strips(self, strips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Read ink strips, uint8 (n, 40, width): float32 (n, frames, 11), no digit, then the ten digits."""
        return self.numbers.probabilities(strips)

    def second_opinion(self, strips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the same by the shipped network, whatever reads numbers here: the scale of digits was fitted with
        it.
        """
        return self._shipped_numbers.probabilities(strips)

    def judge(self, kind: str, confidence: float) -> tuple[float, bool, str | None]:
        """Judge a model's own confidence in a `digit` or `number` → calibrated, whether that is sure, and why not."""
        if self.sure_confidence is not None:
            sure = confidence >= self.sure_confidence
            doubt = f"the confidence of {in_words(confidence)} is below {100 * self.sure_confidence:g}%"
            return confidence, sure, None if sure else doubt
        model = self.digits if kind == "digit" else self.numbers
        return weigh_confidence(model.contract.confidence_scale, confidence, self.max_error)

    def digit(self, probabilities: NDArray[np.float32], box: tuple[int, int, int, int]) -> Digit:
        """Return the most probable label of one digit, with the next best."""
        best, *others = np.argsort(-probabilities, kind="stable")[:4]
        names = self.class_names
        alternatives = tuple((names[other], float(probabilities[other])) for other in others)
        return Digit(names[best], float(probabilities[best]), box, alternatives)


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


def _opened(model: Models, threads: int) -> dict[str, Model]:
    """Return what each given network reads → the network. Raises SettingError where two read the same."""
    several = model if isinstance(model, Sequence) and not isinstance(model, (str, bytes)) else [model]
    found: dict[str, Model] = {}
    for one in several:
        if one is None:
            continue
        opened = one if isinstance(one, Model) else Model.open(one, threads=threads)
        if opened.reads in found:
            raise SettingError(f"both models read {WHAT[opened.reads]}; give one for digits, and one for numbers")
        found[opened.reads] = opened
    return found
