"""Pictures with the right answers → the model's raw confidence in each, and whether it was read correctly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from digitry.datasets import Progress
from digitry.errors import DataError
from digitry.evaluation.labels import Labelled
from digitry.evaluation.made_pages import judge_numbers
from digitry.networks.model import Model
from digitry.reading import Reader
from digitry.reading.picture_input import grey_pages
from digitry.synthesis.pages import PhotographedPage
from digitry.types import Reading

ExpectedPage = tuple[NDArray[np.uint8] | None, str]
"""A grey page, uint8 (h, w), or None if it cannot be opened; and what should be read in it."""

TOGETHER = 64
"""Number of pictures of one digit per call of the network."""


def measuring_reader(model: Model, second_opinion: bool | None = None) -> Reader:
    """Return a reader whose confidences are the model's own, without a scale, and all sure.

    `second_opinion`: whether the shipped network for numbers is asked about digits too; None follows the model's scale.
    """
    return Reader(model, sure_confidence=0.0, ask_both=second_opinion)


def own_confidence(
    reader: Reader, reads: str, pictures: Iterable[ExpectedPage], count: int, progress: Progress | None = None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read `count` pictures: the model's own confidence in each, float64 (n,), and whether it was right, bool (n,).

    A picture in which nothing is found counts as wrong, with confidence 0, unless there is nothing on it. A number is
    right if its digits are: synthetic numbers contain signs that are not in the expected text.
    """
    confidence, right = np.zeros(count), np.zeros(count, bool)
    together = 1 if reads == "number" else TOGETHER
    if progress is not None:
        progress("reading pictures", 0, count)
    for place, (reading, text) in enumerate(_read(reader, reads, pictures)):
        numbers = reading.numbers if reading else ()
        digits = " ".join(number.digits_text for number in numbers)
        right[place] = reading is not None and text in (
            (reading.text, digits) if reads == "number" else (reading.text,)
        )
        confidence[place] = numbers[0].confidence if numbers else 0.0
        if progress is not None and ((place + 1) % together == 0 or place + 1 == count):
            progress("reading pictures", place + 1, count)
    return confidence, right


def own_confidence_on_pages(
    reader: Reader, pages: Iterable[PhotographedPage], count: int, progress: Progress | None = None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read `count` made pages: the model's own confidence in every number that could be sure, and whether it is there.

    A number that is not on its page counts as wrong. Numbers that are never sure (struck out, with something close by,
    contradicted by the other network) are left out, and so are pages that the networks for single digits or numbers
    read: these have their own scales.
    """
    confidence: list[float] = []
    right: list[bool] = []
    if progress is not None:
        progress("reading pages", 0, count)
    for place, page in enumerate(pages):
        reading = reader.read_grey(page.grey)
        numbers = [number for number in reading.numbers if reading.by_page and number.sure]
        for number, is_right in judge_numbers(page, numbers).given:
            confidence.append(number.confidence)
            right.append(is_right)
        if progress is not None:
            progress("reading pages", place + 1, count)
    return np.array(confidence), np.array(right, bool)


def opened(labelled: Iterable[Labelled]) -> Iterator[ExpectedPage]:
    """Open labelled picture files one by one."""
    for one in labelled:
        try:
            page = next(grey_pages(one.picture), None)
        except DataError:
            page = None
        yield page, one.wanted


def _read(reader: Reader, reads: str, pictures: Iterable[ExpectedPage]) -> Iterator[tuple[Reading | None, str]]:
    """Yield the reading of each picture, None if it cannot be opened, and what should be read."""
    if reads == "number":
        for page, text in pictures:
            yield None if page is None else reader.read_grey(page, expect="number"), text
        return
    waiting: list[ExpectedPage] = []
    for picture in pictures:
        waiting.append(picture)
        if len(waiting) == TOGETHER:
            yield from _read_together(reader, waiting)
            waiting = []
    yield from _read_together(reader, waiting)


def _read_together(reader: Reader, pictures: Sequence[ExpectedPage]) -> Iterator[tuple[Reading | None, str]]:
    readings = iter(reader.read_digit_pages([page for page, _ in pictures if page is not None]))
    for page, text in pictures:
        yield None if page is None else next(readings), text
