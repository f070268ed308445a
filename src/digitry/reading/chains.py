"""Characters of a page → chains of characters that belong together: numbers with their signs, and words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitry.reading.near_places import near_places
from digitry.reading.spots import Spots

NEAR = 0.5
"""Largest distance of a neighbour from its expected place, in digit heights, averaged over both characters."""

LINKED = 0.4
"""Least probability of a link, averaged over both ends."""

LET_IN = 0.6
"""Least probability of a character, and of its links, to be inserted between two that were linked across it."""

ALIKE = 1.9
"""Neighbours' sizes differ by at most this factor."""


def find_chains(spots: Spots) -> list[list[int]]:
    """Return chains of indices into `spots`, in writing order; every character is in one."""
    count = len(spots.x)
    after, before = [-1] * count, [-1] * count
    for _, first, second in sorted(_links(spots), reverse=True):
        if after[first] == -1 and before[second] == -1 and _end(after, second) != first:
            after[first], before[second] = second, first
    _let_in(spots, after, before)
    chains = []
    for start in range(count):
        if before[start] == -1:
            chain = [start]
            while after[chain[-1]] != -1:
                chain.append(after[chain[-1]])
            chains.append(chain)
    return chains


def _links(spots: Spots) -> list[tuple[float, int, int]]:
    """Return the possible links between characters: the score of each, and the indices of its ends."""
    links: list[tuple[float, int, int]] = []
    for first, second in near_places(spots.x, spots.y, spots.after[:, 1:], 2 * NEAR * spots.size):
        x, y = spots.x[second] - spots.after[first, 1], spots.y[second] - spots.after[first, 2]
        away, ratio = np.hypot(x, y) / spots.size[first], spots.size[first] / spots.size[second]
        x, y = spots.before[second, 1] - spots.x[first], spots.before[second, 2] - spots.y[first]
        back = np.hypot(x, y) / spots.size[second]
        far = (away + np.where(spots.before[second, 0] > 0.5, back, away)) / 2
        linked = (spots.after[first, 0] + spots.before[second, 0]) / 2
        may = (first != second) & (spots.after[first, 0] >= LINKED / 2) & (away < 2 * NEAR)
        may &= (ratio > 1 / ALIKE) & (ratio < ALIKE) & (far < NEAR) & (linked > LINKED)
        links += zip((linked - far)[may].tolist(), first[may].tolist(), second[may].tolist(), strict=True)
    return links


def _let_in(spots: Spots, after: list[int], before: list[int]) -> None:
    """Insert a skipped character between two that were linked across it, if it names both as its neighbours.

    A point is easily skipped, because the digits beside it nearly touch.
    """
    for place in range(len(after)):
        sure = min(spots.found[place], spots.after[place, 0], spots.before[place, 0])
        if after[place] != -1 or before[place] != -1 or sure < LET_IN:
            continue
        (first, off), (second, away) = (_nearest(spots, named[place]) for named in (spots.before, spots.after))
        if after[first] == second and max(off, away) < NEAR * spots.size[first]:
            after[first], before[place], after[place], before[second] = place, first, second, place


def _nearest(spots: Spots, named: NDArray[np.float32]) -> tuple[int, float]:
    """Return the spot nearest to a predicted neighbour (probability, x, y), and its distance in pixels."""
    away = np.hypot(spots.x - named[1], spots.y - named[2])
    return int(away.argmin()), float(away.min())


def _end(after: list[int], place: int) -> int:
    while after[place] != -1:
        place = after[place]
    return place
