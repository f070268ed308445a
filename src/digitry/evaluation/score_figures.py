"""Labelled pictures and what was read in them → every figure. Plain Python and NumPy; nothing is read here."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.evaluation.labels import Labelled, digits_of
from digitry.evaluation.metrics import wilson_interval
from digitry.types import Reading

NONE = 10
"""Row and column of the confusion matrix for no digit: the row counts digits read where there are none."""


@dataclass(frozen=True)
class Answer:
    """One labelled picture and its result."""

    picture: Labelled
    got: str
    """The digits read, all numbers of the picture joined."""
    sure: bool
    confidence: float | None
    """Probability that all of it is right, 0 to 1; None if no number was read."""
    reason: str | None
    """Why it was not read, or why the reader is not sure."""
    alternatives: tuple[tuple[str, float], ...] = ()
    was_read: bool = True
    """False for a file or label that cannot be used; it counts as wrong."""

    @property
    def right(self) -> bool:
        """Whether what was read is what was wanted."""
        return self.was_read and self.got == self.picture.wanted

    @property
    def refused(self) -> bool:
        """Whether the picture was opened and no number was found in it."""
        return self.was_read and self.confidence is None


def answer_of(picture: Labelled, reading: Reading) -> Answer:
    """Return a reading as an answer; a single number keeps its alternatives."""
    numbers = reading.numbers
    confidence = math.prod(number.confidence for number in numbers) if numbers else None
    others: tuple[tuple[str, float], ...] = ()
    if len(numbers) == 1:
        (number,) = numbers
        others = number.next_best
    got = "".join(digits_of(number.text) for number in numbers)
    return Answer(picture, got, reading.sure, confidence, reading.reason, others)


def not_read(picture: Labelled, reason: str) -> Answer:
    """Return the answer for a file or label that cannot be used."""
    return Answer(picture, "", False, None, reason, was_read=False)


@dataclass(frozen=True)
class DigitScore:
    """The figures of one digit, at any position of a label."""

    digit: int
    count: int
    right: int
    read_as: str | None
    """What it is most often taken for: a digit, "none" if it is missed, None if it never is."""
    read_as_count: int


@dataclass(frozen=True)
class Score:
    """How well a reader reads a user's own labelled pictures. Shares are fractions from 0 to 1."""

    place: Path
    expect: str
    answers: tuple[Answer, ...]
    """One per picture, in the order of the labels."""
    seconds: float
    """Time for reading all of them."""

    @property
    def pictures(self) -> int:
        """Number of pictures."""
        return len(self.answers)

    @property
    def right(self) -> int:
        """Number of pictures read correctly."""
        return sum(one.right for one in self.answers)

    @property
    def accuracy(self) -> float:
        """Fraction of the pictures whose digits are all right; one that could not be read is wrong."""
        return self.right / self.pictures

    @property
    def interval(self) -> tuple[float, float]:
        """95% Wilson interval of the accuracy."""
        return wilson_interval(self.right, self.pictures)

    @property
    def sure(self) -> int:
        """Number of sure readings."""
        return sum(one.sure for one in self.answers)

    @property
    def sure_share(self) -> float:
        """Fraction of all pictures whose reading is sure, 0 to 1."""
        return self.sure / self.pictures

    @property
    def right_when_sure(self) -> int:
        """Number of sure readings that are right."""
        return sum(one.sure and one.right for one in self.answers)

    @property
    def accuracy_when_sure(self) -> float | None:
        """Fraction of the sure readings that are right; None if none is sure."""
        return self.right_when_sure / self.sure if self.sure else None

    @property
    def refused(self) -> int:
        """Pictures in which no number was found."""
        return sum(one.refused for one in self.answers)

    @property
    def not_read(self) -> list[Answer]:
        """Files and labels that could not be used."""
        return [one for one in self.answers if not one.was_read]

    @property
    def mistakes(self) -> list[Answer]:
        """Pictures read wrongly or refused, most confident first."""
        wrong = [one for one in self.answers if one.was_read and not one.right]
        return sorted(wrong, key=lambda one: -1.0 if one.confidence is None else one.confidence, reverse=True)

    @cached_property
    def authors(self) -> dict[str, tuple[int, int]]:
        """Author → number of pictures and of right ones. Pictures without an author are left out."""
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for one in self.answers:
            if one.picture.author:
                counts[one.picture.author][0] += 1
                counts[one.picture.author][1] += one.right
        return {author: (pictures, right) for author, (pictures, right) in sorted(counts.items())}

    @property
    def author_mean(self) -> float | None:
        """Mean of the authors' accuracies, each with the same weight; None if no picture has an author."""
        shares = [right / pictures for pictures, right in self.authors.values()]
        return sum(shares) / len(shares) if shares else None

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """Counts, int64 (11, 11): row = digit of the label, column = digit read in its place; 10 is none."""
        counts = np.zeros((NONE + 1, NONE + 1), np.int64)
        for one in self.answers:
            for wanted, got in align(one.picture.wanted, one.got if one.was_read else ""):
                counts[int(wanted or NONE), int(got or NONE)] += 1
        return counts

    @property
    def digits(self) -> int:
        """Number of digits in all labels."""
        return int(self.confusion[:NONE].sum())

    @property
    def digit_errors(self) -> int:
        """Number of digits to change, add or drop to make every reading right (edit distance)."""
        return int(self.confusion.sum() - self.confusion.trace())

    @property
    def digit_error_rate(self) -> float | None:
        """Errors in single digits ÷ digits in the labels; None if there are none."""
        return self.digit_errors / self.digits if self.digits else None

    @property
    def per_digit(self) -> tuple[DigitScore, ...]:
        """Digits 0 to 9, without those that no label has."""
        scores = []
        for digit, row in enumerate(self.confusion[:NONE]):
            others = row.copy()
            others[digit] = 0
            worst = int(others.argmax())
            read_as = ("none" if worst == NONE else str(worst)) if others[worst] else None
            if row.sum():
                scores.append(DigitScore(digit, int(row.sum()), int(row[digit]), read_as, int(others[worst])))
        return tuple(scores)

    @property
    def kinds_of_mistakes(self) -> dict[str, int]:
        """What is wrong with the numbers read wrongly: each counts once, under one of `KINDS`."""
        counts = dict.fromkeys(KINDS, 0)
        for one in self.mistakes:
            counts[_kind(one.picture.wanted, one.got)] += 1
        return counts

    def risk_coverage(self) -> list[tuple[float, float, float]]:
        """Return (coverage, risk, confidence): if all with at least that confidence are accepted, the fraction
        accepted, and the fraction of those that are wrong.

        Pictures without a number are never accepted, so the last coverage may be below 1.
        """
        answered = sorted(
            ((one.confidence, one.right) for one in self.answers if one.confidence is not None), reverse=True
        )
        points, wrong = [], 0
        for count, (confidence, right) in enumerate(answered, start=1):
            wrong += not right
            # Equal confidences are accepted together or not at all.
            if count == len(answered) or answered[count][0] != confidence:
                points.append((count / self.pictures, wrong / count, confidence))
        return points

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        when_sure = self.accuracy_when_sure
        return {
            "place": str(self.place),
            "expect": self.expect,
            "pictures": self.pictures,
            "right": self.right,
            "accuracy": _rounded(self.accuracy),
            "accuracy_interval_95": [_rounded(edge) for edge in self.interval],
            "author_mean": _rounded(self.author_mean),
            "authors": {name: {"pictures": n, "right": right} for name, (n, right) in self.authors.items()},
            "digits": self.digits,
            "digit_errors": self.digit_errors,
            "digit_error_rate": _rounded(self.digit_error_rate),
            "sure": self.sure,
            "sure_share": _rounded(self.sure_share),
            "right_when_sure": self.right_when_sure,
            "accuracy_when_sure": _rounded(when_sure),
            "refused": self.refused,
            "refused_share": _rounded(self.refused / self.pictures),
            "per_digit": [vars(one) for one in self.per_digit],
            "confusion": self.confusion.tolist(),
            "risk_coverage": [[_rounded(value) for value in point] for point in _thinned(self.risk_coverage())],
            "kinds_of_mistakes": self.kinds_of_mistakes,
            "mistakes": [
                {
                    "picture": one.picture.name,
                    "wanted": one.picture.wanted,
                    "got": one.got,
                    "confidence": _rounded(one.confidence),
                    "sure": one.sure,
                    "reason": one.reason,
                    "alternatives": [[text, _rounded(p)] for text, p in one.alternatives],
                }
                for one in self.mistakes
            ],
            "not_read": [{"picture": one.picture.name, "reason": one.reason} for one in self.not_read],
            "seconds": round(self.seconds, 3),
        }


def align(wanted: str, got: str) -> list[tuple[str, str]]:
    """Align two texts: pairs (wanted, got) of characters with the fewest differences; "" for a missing partner.

    >>> align("127", "17")
    [('1', '1'), ('2', ''), ('7', '7')]
    """
    rows = [list(range(len(got) + 1))]
    for i, want in enumerate(wanted, start=1):
        above = rows[-1]
        row = [i]
        for j, have in enumerate(got, start=1):
            row.append(min(above[j - 1] + (want != have), above[j] + 1, row[j - 1] + 1))
        rows.append(row)
    pairs = []
    i, j = len(wanted), len(got)
    while i or j:
        if i and j and rows[i][j] == rows[i - 1][j - 1] + (wanted[i - 1] != got[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((wanted[i], got[j]))
        elif i and rows[i][j] == rows[i - 1][j] + 1:
            i -= 1
            pairs.append((wanted[i], ""))
        else:
            j -= 1
            pairs.append(("", got[j]))
    return pairs[::-1]


KINDS = ("nothing read", "a digit mistaken", "a digit missed", "a digit too many", "several of these")


def _kind(wanted: str, got: str) -> str:
    if not got:
        return "nothing read"
    pairs = [pair for pair in align(wanted, got) if pair[0] != pair[1]]
    kinds = {"a digit missed" if not b else "a digit too many" if not a else "a digit mistaken" for a, b in pairs}
    return kinds.pop() if len(kinds) == 1 else "several of these"


_CURVE_POINTS = 200


def _thinned(points: Sequence[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    if len(points) <= _CURVE_POINTS:
        return list(points)
    return [points[i] for i in np.linspace(0, len(points) - 1, _CURVE_POINTS).round().astype(int)]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)
