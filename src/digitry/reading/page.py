"""A grey page → the numbers that the network for pages sees, in reading order, the page's turn, and its tables."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.images.cells import find_cells
from digitry.reading.chains import find_chains
from digitry.reading.notation import Written, numbers_in
from digitry.reading.page_turn import Turn, find_turn, upright
from digitry.reading.slashes import with_slashes
from digitry.reading.spots import PageNetworkAnswer, Spots, find_spots
from digitry.types import Box, Cell, Digit, Table

WORDY = 0.5
"""A chain with at least this share of letters is a word."""

LOWEST = 6.0
"""In pixels: lower digits cannot be told apart."""

PLAIN = 0.8
"""Probability with which an obvious character is found: focal loss does not reward a higher one."""

CLOSE_BY = 0.6
"""A character whose centre is nearer to a number than this, in digit heights, may be part of it."""

LEAST_STRUCK = 0.5
"""Least mean probability of being struck out for a number that is called so."""

SUSPECT = 0.1
"""A number is doubted if a character of it exceeds this probability, as a thin line through it gives little more. Of
530 confident numbers on synthetic pages that are not struck out, one does."""


class Candidate(NamedTuple):
    """A number on a page, not yet judged. Its boxes are on the upright page."""

    written: Written
    characters: tuple[Digit, ...]
    """Those of its text."""
    box: Box
    digit_height: float
    """In pixels."""
    probability: float
    """The network's own, 0 to 1, that all characters are right, with none missing and none added."""
    hand: str
    struck: bool
    may_be_struck: bool
    beside: str
    """What stands so close that it may be part of the number, as words with a verb; empty if nothing does."""

    @property
    def digits(self) -> str:
        """The digits alone."""
        return "".join(character.label for character in self.characters if character.label.isdigit())


class PageFound(NamedTuple):
    """What was found on a page."""

    candidates: list[Candidate]
    """In reading order."""
    turn: Turn
    words: int
    """Number of words: letters in a row."""
    characters: int
    """Number of characters of any kind."""


def read_candidates(
    grey: NDArray[np.uint8], answer: PageNetworkAnswer, class_names: tuple[str, ...], rotate: str | int = "auto"
) -> PageFound:
    """Find the numbers on a grey page, uint8 (h, w); `class_names` are the network's, "any other letter" last.

    `rotate`: clockwise degrees that make the page upright, or "auto".
    """
    if rotate != "auto":
        turn = Turn(int(rotate) // 90, False)
        spots = find_spots(upright(grey, turn.quarters), answer)
    else:
        spots = find_spots(grey, answer)
        turn = find_turn(grey, spots, answer)
        if turn.quarters:
            spots = find_spots(upright(grey, turn.quarters), answer)
    chains = find_chains(spots)
    numbers = [one for chain in chains for one in _numbers(chain, spots, class_names)]
    found = [one for one in numbers if one.digit_height >= LOWEST]
    words = sum(len(chain) > 1 and _is_word(chain, spots, class_names) for chain in chains)
    return PageFound(_in_reading_order(found), turn, words, len(spots.x))


def _is_word(chain: list[int], spots: Spots, class_names: tuple[str, ...]) -> bool:
    return float((spots.classes[chain].argmax(axis=1) == len(class_names) - 1).mean()) >= WORDY


def _numbers(chain: list[int], spots: Spots, class_names: tuple[str, ...]) -> list[Candidate]:
    """Return the numbers in a chain of characters, none for a word."""
    if _is_word(chain, spots, class_names):
        return []
    kinds = spots.classes[chain].argmax(axis=1)
    letters = kinds == len(class_names) - 1
    names = ["" if is_letter else class_names[kind] for is_letter, kind in zip(letters, kinds, strict=True)]
    candidates = []
    for written in numbers_in(names):
        places = [chain[place] for place in written.places]
        characters, likely = with_slashes([_character(place, spots, class_names) for place in places])
        candidates.append(
            Candidate(
                written._replace(text="".join(character.label for character in characters)),
                characters,
                box_around([c.box for c in characters]),
                digit_height=float(np.median(spots.size[places])),
                probability=likely * _probability(written, chain, spots),
                hand="written" if float(spots.written[places].mean()) >= 0.5 else "printed",
                struck=float(spots.struck[places].mean()) >= LEAST_STRUCK,
                may_be_struck=float(spots.struck[places].max()) > SUSPECT,
                beside=_beside(written, bool(letters.any()), places, spots),
            )
        )
    return candidates


def _beside(written: Written, has_letters: bool, places: list[int], spots: Spots) -> str:
    if has_letters:
        return "letters are"
    if written.around:
        return "a sign is"
    size = float(np.median(spots.size[places]))
    left, top = spots.box[places, :2].min(axis=0)
    right, bottom = (spots.box[places, :2] + spots.box[places, 2:]).max(axis=0)
    near = (spots.x > left - CLOSE_BY * size) & (spots.x < right + CLOSE_BY * size)
    near &= np.abs(spots.y - (top + bottom) / 2) < max(bottom - top, size) / 2
    near[places] = False
    return "another character is" if near.any() else ""


def _probability(written: Written, chain: list[int], spots: Spots) -> float:
    places = np.array([chain[place] for place in written.places])
    found = np.minimum(spots.found[places] / PLAIN, 1)
    right = float(np.prod(spots.classes[places].max(axis=1) * found))
    linked = float(np.prod((spots.after[places[:-1], 0] + spots.before[places[1:], 0]) / 2))
    # Nothing may follow at the ends of the number, except characters of the chain that were left out.
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


def box_around(boxes: list[Box]) -> Box:
    """Return the smallest box around all of these."""
    corners = np.array(boxes)
    left, top = corners[:, :2].min(axis=0)
    right, bottom = (corners[:, :2] + corners[:, 2:]).max(axis=0)
    return int(left), int(top), int(right - left), int(bottom - top)


def _in_reading_order(found: list[Candidate]) -> list[Candidate]:
    """Sort by lines top to bottom, left to right; a line is what overlaps vertically with its highest number."""
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


def box_before(box: Box, quarter: int, height: int, width: int) -> Box:
    """Map a box on a page that was turned by clockwise quarters back to the original page (h, w)."""
    if not quarter:
        return box
    x, y, wide, high = box
    if quarter == 1:
        return y, height - x - wide, high, wide
    if quarter == 2:
        return width - x - wide, height - y - high, wide, high
    return width - y - high, x, high, wide


def ruled_tables(view: NDArray[np.uint8]) -> tuple[Table, ...]:
    """Return the tables drawn by rules on an upright page, uint8 (h, w)."""
    grouped: dict[int, list[Cell]] = {}
    for cell in find_cells(view):
        grouped.setdefault(cell.table, []).append(Cell(cell.row, cell.column, cell.box))
    return tuple(Table(tuple(cells)) for cells in grouped.values())
