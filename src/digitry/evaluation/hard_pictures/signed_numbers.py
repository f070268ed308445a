"""Photographed numbers with signs: amounts, dates, times, fractions, as people write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from digitry.evaluation.hard_pictures.photographs import photograph_of_number
from digitry.evaluation.hard_pictures.specimen import Specimen, generator, test_digits

OUTSIDE = "$%"
"""Signs that stand beside a number but are not part of its text."""


def photographed_signed_number(index: int) -> Specimen:
    """Make photographed signed number `index`, of a random kind, with digits of MNIST test."""
    rng = generator("signed number", index)
    kind = str(rng.choice(list(NUMBER_KINDS)))
    written = NUMBER_KINDS[kind](rng)
    digits = test_digits()
    chosen = [rng.choice(np.flatnonzero(digits.labels == int(one))) for one in written if one.isdigit()]
    made = photograph_of_number(digits.images[chosen], written, rng)
    return replace(made, texts=(written.strip(OUTSIDE),), facts={"kind": kind, **made.facts})


def _decimal(rng: np.random.Generator) -> str:
    return _fixed(rng, _up_to(999, rng), int(rng.integers(1, 3)))


def _thousands(rng: np.random.Generator) -> str:
    return _fixed(rng, f"{rng.integers(1_000, 10 ** rng.integers(4, 7)):,}", 2 * int(rng.integers(2)))


def _negative(rng: np.random.Generator) -> str:
    return "-" + _fixed(rng, _up_to(999, rng), int(rng.integers(2)))


def _fraction(rng: np.random.Generator) -> str:
    whole = int(rng.integers(2, 101))
    return f"{rng.integers(1, whole + 1)}/{whole}"


def _date(rng: np.random.Generator) -> str:
    day, month, year = rng.integers((1, 1, 1990), (29, 13, 2030))
    return str(rng.choice(("/", "."))).join((f"{day:02}", f"{month:02}", str(year)))


def _time(rng: np.random.Generator) -> str:
    return f"{rng.integers(24)}:{rng.integers(60):02}"


def _percent(rng: np.random.Generator) -> str:
    return f"{rng.integers(1, 101)}%"


def _money(rng: np.random.Generator) -> str:
    return "$" + _fixed(rng, _up_to(999, rng), 2)


def _up_to(most: int, rng: np.random.Generator) -> str:
    """Draw a whole number, with all lengths equally likely."""
    return str(rng.integers(1, 10 ** rng.integers(1, len(str(most)) + 1)))


def _fixed(rng: np.random.Generator, whole: str, places: int) -> str:
    """Add `places` digits after a decimal point; for 0, no point either."""
    return whole + ("." + "".join(map(str, rng.integers(0, 10, places))) if places else "")


NUMBER_KINDS: dict[str, Callable[[np.random.Generator], str]] = {
    "decimal": _decimal,
    "thousands": _thousands,
    "negative": _negative,
    "fraction": _fraction,
    "date": _date,
    "time": _time,
    "percent": _percent,
    "money": _money,
}
"""Name → the function that draws the text, with all signs."""
