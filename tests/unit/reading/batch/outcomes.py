"""Outcomes made by hand: a sure digit, an empty page, two numbers on a page, two pages, broken files."""

from __future__ import annotations

from collections.abc import Sequence

from digitry.reading.batch.open_table import Table
from digitry.reading.batch.records import Outcome
from digitry.reading.batch.rows import FORMATS
from digitry.types import Digit, Number, Reading


def number(text: str, confidence: float, x: int, *, reason: str | None = None) -> Number:
    digits = tuple(Digit(label, confidence, (x + 10 * i, 5, 10, 20)) for i, label in enumerate(text))
    return Number(text, confidence, (x, 5, 10 * len(text), 20), digits, sure=reason is None, reason=reason)


def read(name: str, *pages: tuple[Number, ...], failure: str | None = None) -> Outcome:
    readings = []
    for page, numbers in enumerate(pages, 1):
        sure = bool(numbers) and all(one.sure for one in numbers)
        reason = None if sure else "1 number is not sure" if numbers else "the picture is blank"
        readings.append(Reading(name, numbers, sure, reason, page))
    return Outcome(name, tuple(readings), failure)


SEVEN = read("a/7.png", (number("7", 0.999998, 4),))
BLANK = read("a/blank, or not.png", ())
PAGE = read("a/page.png", (number("12", 0.97, 0), number("345", 0.5, 40, reason="the confidence is 0.50")))
PAGES = read("a/two.tif", (number("1", 0.99, 0),), (number("2", 0.99, 0), number("2", 0.99, 40)))
BROKEN = read("a/broken.png", failure="not a picture of a known format")
HALF = read("a/half.tif", (number("8", 0.99, 0),), failure="page 2 is broken")
ODD = read('a/li\nne "1",\udcff.png', (number("8", 0.99, 0),))

ALL = (SEVEN, BLANK, PAGE, PAGES, BROKEN, HALF, ODD, read("z.png", ()))

NAMES = [outcome.name for outcome in ALL]
JOB = {"digitry": "1", "model": "m", "expect": "page", "max_error": 0.005, "page": {}, "pictures": "p"}
"""What `describe_job` may say of reading them."""


def bring_to_end(table: Table, kind: str, outcomes: Sequence[Outcome] = ALL) -> tuple[int, int]:
    """Write what is not in it yet; how many pictures were done before, and how many of these had failed."""
    with table:
        done = table.done
        failures = table.start(done)
        for outcome in outcomes[done:]:
            table.append(FORMATS[kind].lines(outcome))
    return done, failures
