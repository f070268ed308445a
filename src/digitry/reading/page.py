"""A grey page → the numbers on it: what the network sees, chained, turned upright, placed in tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.errors import SettingError, unknown_name
from digitry.images.cells import find_cells
from digitry.reading.chains import find_chains
from digitry.reading.notation import DECIMALS, Written, numbers_in, value_of
from digitry.reading.page_turn import quarter_turns, upright
from digitry.reading.spots import PageNetworkAnswer, Spots, find_spots
from digitry.types import Box, Cell, Digit, Number, Table

HANDS = ("written", "printed", "all")
"""Which numbers are given."""

TURNS = ("auto", "0", "90", "180", "270")
"""By how many degrees, clockwise, a page is turned before it is read."""

WORDY = 0.5
"""A chain of which this share is letters is a word."""

STRUCK = 0.5
"""Least mean probability of being struck out to be called so."""


@dataclass(frozen=True)
class PageOptions:
    """What a person says about a page."""

    rotate: str = "auto"
    only: str = "written"
    decimal: str = "auto"
    signs: bool = True
    """Whether texts carry signs; without, the digits alone."""

    def __post_init__(self) -> None:
        for kind, name, known in (
            ("rotate", self.rotate, TURNS),
            ("only", self.only, HANDS),
            ("decimal", self.decimal, DECIMALS),
        ):
            if name not in known:
                raise unknown_name(kind, name, known)
        if not isinstance(self.signs, bool):
            raise SettingError(f"signs must be true or false, not {self.signs!r}")


class Candidate(NamedTuple):
    """A number on a page, before anybody has judged how sure it is."""

    written: Written
    characters: tuple[Digit, ...]
    """Each of its text, in boxes of the page as it was given."""
    box: Box
    probability: float
    """The network's own, 0 to 1: that all characters are right, and none is missing or too much."""
    hand: str
    struck: bool
    beside_letters: bool
    upright_box: Box = (0, 0, 0, 0)
    """On the upright page."""


class PageFound(NamedTuple):
    """What a page holds."""

    candidates: list[Candidate]
    """In reading order."""
    turn: int
    """Degrees, clockwise, that make it upright."""


def read_candidates(
    grey: NDArray[np.uint8], answer: PageNetworkAnswer, class_names: tuple[str, ...], options: PageOptions
) -> PageFound:
    """Find the numbers on a grey page, uint8 (h, w); `class_names` are those of the network, any other letter last."""
    quarter = 0
    if options.rotate != "auto":
        quarter = int(options.rotate) // 90
        spots = find_spots(upright(grey, quarter), answer)
    else:
        spots = find_spots(grey, answer)
        quarter = quarter_turns(grey, spots, answer)
        if quarter:
            spots = find_spots(upright(grey, quarter), answer)
    height, width = grey.shape
    found = []
    for chain in find_chains(spots):
        found += _numbers(chain, spots, class_names, options)
    found = _in_reading_order(found)
    found = [one._replace(upright_box=one.box) for one in found]
    return PageFound([_turned_back(one, quarter, height, width) for one in found], 90 * quarter)


def _numbers(chain: list[int], spots: Spots, class_names: tuple[str, ...], options: PageOptions) -> list[Candidate]:
    """Return the numbers that a chain of characters writes, none for a word."""
    kinds = spots.classes[chain].argmax(axis=1)
    letters = kinds == len(class_names) - 1
    if letters.mean() >= WORDY:
        return []
    names = ["" if is_letter else class_names[kind] for is_letter, kind in zip(letters, kinds, strict=True)]
    candidates = []
    for written in numbers_in(names):
        places = [chain[place] for place in written.places]
        is_written = float(spots.written[places].mean()) >= 0.5
        hand = "written" if is_written else "printed"
        if options.only not in ("all", hand):
            continue
        characters = tuple(_character(place, spots, class_names) for place in places)
        struck = float(spots.struck[places].mean()) >= STRUCK
        candidates.append(
            Candidate(written, characters, _around([c.box for c in characters]), _probability(written, chain, spots),
                      hand, struck, bool(letters.any()))
        )  # fmt: skip
    return candidates


def _probability(written: Written, chain: list[int], spots: Spots) -> float:
    places = np.array([chain[place] for place in written.places])
    right = float(np.prod(spots.classes[places].max(axis=1) * spots.found[places]))
    linked = float(np.prod((spots.after[places[:-1], 0] + spots.before[places[1:], 0]) / 2))
    # At its ends nothing may follow, unless it stands there and was left out.
    first, last = written.places[0], written.places[-1]
    begins = 1.0 if first > 0 else 1 - float(spots.before[places[0], 0])
    ends = 1.0 if last + 1 < len(chain) else 1 - float(spots.after[places[-1], 0])
    return right * linked * begins * ends


def _character(place: int, spots: Spots, class_names: tuple[str, ...]) -> Digit:
    order = np.argsort(-spots.classes[place], kind="stable")
    names = [class_names[kind] if kind < len(class_names) - 1 else "" for kind in order.tolist()]
    best, *others = [
        (name, float(spots.classes[place, kind])) for name, kind in zip(names, order.tolist(), strict=True) if name
    ]
    left, top, width, height = spots.box[place].tolist()
    box = (round(left), round(top), max(1, round(width)), max(1, round(height)))
    return Digit(best[0], best[1], box, tuple(others[:3]))


def _around(boxes: list[Box]) -> Box:
    corners = np.array(boxes)
    left, top = corners[:, :2].min(axis=0)
    right, bottom = (corners[:, :2] + corners[:, 2:]).max(axis=0)
    return int(left), int(top), int(right - left), int(bottom - top)


def _in_reading_order(found: list[Candidate]) -> list[Candidate]:
    """Line by line from the top, each from the left: a line is what overlaps in height with its first number."""
    waiting = sorted(found, key=lambda one: one.box[1] + one.box[3] / 2)
    ordered: list[Candidate] = []
    while waiting:
        line = [waiting.pop(0)]
        for one in list(waiting):
            nearest = min(line, key=lambda other: abs(other.box[0] - one.box[0]))
            middle = nearest.box[1] + nearest.box[3] / 2
            if abs(one.box[1] + one.box[3] / 2 - middle) < 0.5 * min(one.box[3], nearest.box[3]) + 1:
                line.append(one)
                waiting.remove(one)
        ordered += sorted(line, key=lambda one: one.box[0])
    return ordered


def _turned_back(one: Candidate, quarter: int, height: int, width: int) -> Candidate:
    """Return the number with its boxes on the page (h, w) as it was given."""
    if not quarter:
        return one
    characters = tuple(
        Digit(c.label, c.confidence, _box_before(c.box, quarter, height, width), c.alternatives) for c in one.characters
    )
    return one._replace(characters=characters, box=_box_before(one.box, quarter, height, width))


def _box_before(box: Box, quarter: int, height: int, width: int) -> Box:
    """Turn a box on a page that was turned clockwise → on the page (h, w) before."""
    x, y, wide, high = box
    if quarter == 1:
        return y, height - x - wide, high, wide
    if quarter == 2:
        return width - x - wide, height - y - high, wide, high
    return width - y - high, x, high, wide


def number_of(one: Candidate, confidence: float, sure: bool, reason: str | None, options: PageOptions) -> Number:
    """Make the number that people get of a candidate and what was judged of it."""
    digits = tuple(c for c in one.characters if c.label.isdigit())
    signs = tuple(c for c in one.characters if not c.label.isdigit())
    text = one.written.text if options.signs else "".join(digit.label for digit in digits)
    return Number(
        text, confidence, one.box, digits, sure, reason, signs=signs if options.signs else (),
        value=value_of(text, options.decimal), around=one.written.around, hand=one.hand, struck=one.struck,
    )  # fmt: skip


def tables_of(grey: NDArray[np.uint8], turn: int) -> tuple[Table, ...]:
    """Give the tables of a page, uint8 (h, w), that is upright after `turn` degrees; boxes are on the page as given."""
    height, width = grey.shape
    quarter = turn // 90
    grouped: dict[int, list[Cell]] = {}
    for cell in find_cells(upright(grey, quarter)):
        box = _box_before(cell.box, quarter, height, width) if quarter else cell.box
        grouped.setdefault(cell.table, []).append(Cell(cell.row, cell.column, box))
    return tuple(Table(tuple(cells)) for cells in grouped.values())


def cell_at(x: float, y: float, tables: tuple[Table, ...]) -> tuple[int, int, int] | None:
    """Give table, row and column of the smallest cell that holds a point of the page; None outside of tables."""
    best: tuple[int, tuple[int, int, int]] | None = None
    for number, table in enumerate(tables):
        for cell in table.cells:
            left, top, width, height = cell.box
            if left <= x < left + width and top <= y < top + height and (best is None or width * height < best[0]):
                best = width * height, (number, cell.row, cell.column)
    return best[1] if best else None
