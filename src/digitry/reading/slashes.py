"""A steep slash looks like a 1: `12105/2024` and `15120` become the date and the exam mark that they are."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence

from digitry.reading.alternatives import as_character
from digitry.types import Digit

ODDS = 4.0
"""Prior odds of a date or mark against digits whose 1s happen to look like its slashes."""

MOST = 2
"""Number of slashes in a date."""

TOTALS = frozenset({5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 80, 100})
"""Usual maxima of marks."""

_MARK = re.compile(r"(0|[1-9]\d{0,2})/([1-9]\d{0,2})")
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2}|(?:19|20)\d{2})|((?:19|20)\d{2})/(\d{1,2})/(\d{1,2})")


def with_slashes(characters: Sequence[Digit]) -> tuple[tuple[Digit, ...], float]:
    """Return the characters of a number, and the probability of any change, 1 if nothing was changed.

    Characters read as 1 become slashes, with their probability as such, if the result is a date or a mark and more
    probable, given the `ODDS`.
    """
    inner = range(1, len(characters) - 1)
    chances = {place: _as_slash(characters[place]) for place in inner if characters[place].label == "1"}
    likely = [place for place, chance in chances.items() if chance * ODDS > 1]
    ways = [places for count in range(1, MOST + 1) for places in itertools.combinations(likely, count)]
    for places in sorted(ways, key=lambda places: -math.prod(chances[place] for place in places)):
        odds = ODDS * math.prod(chances[place] for place in places)
        changed = tuple(as_character(c, "/") if place in places else c for place, c in enumerate(characters))
        if odds > 1 and is_date_or_mark("".join(c.label for c in changed)):
            return changed, odds / (1 + odds)
    return tuple(characters), 1.0


def may_be_ones(characters: Sequence[Digit]) -> bool:
    """Tell whether any slash looks more like a 1, although the number suggests a slash."""
    return any(c.label == "/" and dict(c.alternatives).get("1", 0.0) > c.confidence for c in characters)


def _as_slash(one: Digit) -> float:
    """Return the probability that a character is a slash, relative to that of its label."""
    return dict(one.alternatives).get("/", 0.0) / max(one.confidence, 1e-9)


def is_date_or_mark(text: str) -> bool:
    """Tell whether a text with slashes is a date, in any usual order, or a mark out of a usual maximum."""
    if mark := _MARK.fullmatch(text):
        return int(mark[2]) in TOTALS and int(mark[1]) <= int(mark[2])
    date = _DATE.fullmatch(text)
    if not date:
        return False
    one, other = sorted(int(part) for part in (date.group(1, 2) if date[1] else date.group(5, 6)))
    return 1 <= one <= 12 and other <= 31
