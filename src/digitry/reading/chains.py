"""Characters of a page → chains of those that belong together: numbers with their signs, and words."""

from __future__ import annotations

import numpy as np

from digitry.reading.spots import Spots

NEAR = 0.5
"""How far a neighbour may lie from where it is expected, in heights of a digit, on the mean of both opinions."""

LINKED = 0.4
"""Least probability of a link: the mean of what both ends say."""

ALIKE = 1.9
"""Neighbours' sizes differ by at most this factor."""


def find_chains(spots: Spots) -> list[list[int]]:
    """Give chains of places in `spots`, each in writing order; every character is in one."""
    count = len(spots.x)
    after, before = [-1] * count, [-1] * count
    links = []
    for first in range(count):
        if spots.after[first, 0] < LINKED / 2:
            continue
        away = np.hypot(spots.x - spots.after[first, 1], spots.y - spots.after[first, 2]) / spots.size[first]
        for second in np.flatnonzero(away < 2 * NEAR).tolist():
            ratio = spots.size[first] / spots.size[second]
            if second == first or not 1 / ALIKE < ratio < ALIKE:
                continue
            back = np.hypot(*(spots.before[second, 1:] - (spots.x[first], spots.y[first]))) / spots.size[second]
            far = (away[second] + (back if spots.before[second, 0] > 0.5 else away[second])) / 2
            linked = (spots.after[first, 0] + spots.before[second, 0]) / 2
            if far < NEAR and linked > LINKED:
                links.append((float(linked - far), first, second))
    for _, first, second in sorted(links, reverse=True):
        if after[first] == -1 and before[second] == -1 and _end(after, second) != first:
            after[first], before[second] = second, first
    chains = []
    for start in range(count):
        if before[start] == -1:
            chain = [start]
            while after[chain[-1]] != -1:
                chain.append(after[chain[-1]])
            chains.append(chain)
    return chains


def _end(after: list[int], place: int) -> int:
    while after[place] != -1:
        place = after[place]
    return place
