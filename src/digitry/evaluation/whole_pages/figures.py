"""Labelled pages and what was read on them → every figure. Plain Python; nothing is read here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from digitry.evaluation.metrics import wilson_interval
from digitry.evaluation.whole_pages.matching import WAYS, Match, cells_in_place, match_numbers
from digitry.evaluation.whole_pages.page_labels import LabelledPage
from digitry.types import Number, Reading, is_sure


@dataclass(frozen=True)
class PageAnswer:
    """One labelled page and its result."""

    page: LabelledPage
    reading: Reading | None
    """Without its stages; None for a file or labels that cannot be used: all its numbers then count as missed."""
    numbers: tuple[Number, ...]
    """Those of the reading; not `sure` if the reading as a whole is in doubt."""
    matches: dict[str, Match]
    """One for each of `WAYS`."""
    cells: tuple[int, int]
    """Cells of the labelled table that were read right in their place, and the number of cells that hold a number."""
    reason: str | None
    """Why it could not be used, or why the reader is not sure."""

    @property
    def mistakes(self) -> int:
        """Number of wrong readings and missed labels, compared by digits."""
        return len(self.matches["digits"].wrong) + len(self.matches["digits"].missed)


def page_answer(page: LabelledPage, reading: Reading | None, reason: str | None = None) -> PageAnswer:
    """Judge what was read on a page; without a reading, `reason` says why there is none."""
    numbers = () if reading is None else judged_numbers(reading)
    kept = None if reading is None else replace(reading, stages={})
    if reading is not None and reason is None:
        reason = reading.reason
    matches = {way: match_numbers(page, numbers, way) for way in WAYS}
    return PageAnswer(page, kept, numbers, matches, cells_in_place(page, numbers), reason)


def judged_numbers(reading: Reading) -> tuple[Number, ...]:
    """Return the numbers of a page; they are not `sure` if the reading as a whole is in doubt."""
    return tuple(replace(number, sure=is_sure(reading, number)) for number in reading.numbers)


@dataclass(frozen=True)
class Counts:
    """Counts for one way of comparing; shares are fractions from 0 to 1, None without anything to count."""

    labels: int
    found: int
    given: int
    """Readings that count: right or wrong."""
    right: int
    sure: int
    sure_right: int

    @property
    def recall(self) -> float | None:
        """Fraction of the labels that were found."""
        return self.found / self.labels if self.labels else None

    @property
    def precision(self) -> float | None:
        """Fraction of the readings that are right."""
        return self.right / self.given if self.given else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of recall and precision; 0 if nothing is right, None without labels and readings."""
        if not self.labels and not self.given:
            return None
        recall, precision = self.recall or 0.0, self.precision or 0.0
        return 2 * recall * precision / (recall + precision) if recall + precision else 0.0

    @property
    def sure_share(self) -> float | None:
        """Fraction of the readings that are sure."""
        return self.sure / self.given if self.given else None

    @property
    def right_when_sure(self) -> float | None:
        """Fraction of the sure readings that are right."""
        return self.sure_right / self.sure if self.sure else None

    @property
    def right_when_sure_interval(self) -> tuple[float, float] | None:
        """95% Wilson interval of that."""
        return wilson_interval(self.sure_right, self.sure) if self.sure else None

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))

    def to_json(self) -> dict[str, Any]:
        """Return counts and shares as plain JSON values."""
        shares = ("recall", "precision", "f1", "sure_share", "right_when_sure")
        return vars(self) | {name: _rounded(getattr(self, name)) for name in shares}


def count(answers: Iterable[PageAnswer], way: str) -> Counts:
    """Sum over pages, for one way of comparing."""
    matches = [answer.matches[way] for answer in answers]
    right = [number for match in matches for number in match.right]
    wrong = [number for match in matches for number in match.wrong]
    found, missed = (sum(len(getattr(match, name)) for match in matches) for name in ("found", "missed"))
    sure_right = sum(number.sure for number in right)
    sure = sure_right + sum(number.sure for number in wrong)
    return Counts(found + missed, found, len(right) + len(wrong), len(right), sure, sure_right)


@dataclass(frozen=True)
class PageScore:
    """How well a reader reads a user's own labelled pages."""

    place: Path
    answers: tuple[PageAnswer, ...]
    """One per page, in the order of the labels."""
    seconds: float
    """Time for reading all of them."""

    @cached_property
    def digits(self) -> Counts:
        """Counts when only digits are compared."""
        return count(self.answers, "digits")

    @cached_property
    def exact(self) -> Counts:
        """Counts when texts are compared, including signs."""
        return count(self.answers, "exact")

    @property
    def pages(self) -> int:
        """Number of pages."""
        return len(self.answers)

    @property
    def nothing_found(self) -> int:
        """Number of pages with numbers of which none was found."""
        return sum(bool(one.page.numbers) and not one.matches["digits"].found for one in self.answers)

    @property
    def cells(self) -> tuple[int, int]:
        """Cells right in their place, and all labelled cells, over all pages whose labels have rows."""
        return sum(one.cells[0] for one in self.answers), sum(one.cells[1] for one in self.answers)

    @property
    def not_read(self) -> list[PageAnswer]:
        """Files and labels that could not be used."""
        return [one for one in self.answers if one.reading is None]

    @property
    def kinds(self) -> dict[str, list[PageAnswer]]:
        """Kind → its pages; empty if the labels name none."""
        found: dict[str, list[PageAnswer]] = defaultdict(list)
        for one in self.answers:
            found[one.page.kind].append(one)
        return dict(sorted(found.items())) if set(found) != {""} else {}

    @property
    def mistakes(self) -> list[PageAnswer]:
        """Pages with mistakes, in descending order of readings that are sure and wrong, then of mistakes."""
        wrong = [one for one in self.answers if one.reading is not None and one.mistakes]
        return sorted(wrong, key=lambda one: (-sure_and_wrong(one), -one.mistakes))

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        right, cells = self.cells
        return {
            "place": str(self.place),
            "expect": "page",
            "pages": self.pages,
            "digits": self.digits.to_json(),
            "exact": self.exact.to_json(),
            "cells_right": right,
            "cells": cells,
            "nothing_found": self.nothing_found,
            "kinds": {kind: _kind_to_json(answers) for kind, answers in self.kinds.items()},
            "mistakes": [_mistake_to_json(one) for one in self.mistakes],
            "not_read": [{"picture": one.page.name, "reason": one.reason} for one in self.not_read],
            "seconds": round(self.seconds, 3),
        }


def sure_and_wrong(answer: PageAnswer) -> int:
    """Count the readings of a page that are sure but have wrong digits."""
    return sum(number.sure for number in answer.matches["digits"].wrong)


def _kind_to_json(answers: Sequence[PageAnswer]) -> dict[str, Any]:
    return {"pages": len(answers), **{way: count(answers, way).to_json() for way in WAYS}}


def _mistake_to_json(one: PageAnswer) -> dict[str, Any]:
    match = one.matches["digits"]
    wrong = [
        {"text": number.text, "sure": number.sure, "confidence": _rounded(number.confidence), "box": list(number.box)}
        for number in match.wrong
    ]
    return {"picture": one.page.name, "missed": list(match.missed), "wrong": wrong}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)
