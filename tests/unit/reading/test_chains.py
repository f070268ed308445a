"""How characters on a page become numbers."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.reading.chains import ALIKE, LET_IN, LINKED, NEAR, find_chains
from digitry.reading.spots import Spots


def spots(places: list[tuple[float, float]], after: list[int | None], size: float = 20.0) -> Spots:
    """Characters at these places, each sure of which comes after it and which before."""
    count = len(places)
    at = np.array(places, np.float32).reshape(-1, 2)
    before: list[int | None] = [None] * count
    for first, second in enumerate(after):
        if second is not None:
            before[second] = first

    def links(ends: list[int | None]) -> np.ndarray:
        return np.array(
            [[0.02, *at[i]] if end is None else [0.98, *at[end]] for i, end in enumerate(ends)], np.float32
        ).reshape(-1, 3)

    ones, zeros = np.ones(count, np.float32), np.zeros(count, np.float32)
    box = np.concatenate([at - 8, np.full((count, 2), 16, np.float32)], 1)
    return Spots(at[:, 0], at[:, 1], ones * size, box, ones, np.eye(count, 29, dtype=np.float32), links(after),
                 links(before), ones, zeros, np.eye(4, dtype=np.float32)[[0] * count])  # fmt: skip


def test_characters_that_name_each_other_form_a_number_in_writing_order():
    assert find_chains(spots([(60, 10), (20, 10), (40, 10)], [None, 2, 0])) == [[1, 2, 0]]


def test_characters_that_name_nobody_stand_alone():
    assert find_chains(spots([(20, 10), (40, 10)], [None, None])) == [[0], [1]]


def test_a_number_may_run_over_boxes_that_stand_apart():
    far = spots([(20, 10), (90, 12), (160, 14)], [1, 2, None])
    assert find_chains(far) == [[0, 1, 2]]


def test_a_link_to_where_nothing_is_links_nothing():
    one = spots([(20, 10), (40, 10)], [1, None])
    one.after[0, 1:] = (400, 300)
    one.before[1, 1:] = (400, 300)
    assert find_chains(one) == [[0], [1]]


def test_a_character_is_followed_by_one_other_the_nearer_to_where_it_is_expected():
    three = spots([(20, 10), (40, 10), (45, 14)], [1, None, None])
    three.before[2] = (0.98, 20, 10)
    assert find_chains(three) == [[0, 1], [2]]


def test_writing_of_another_size_belongs_to_another_number():
    two = spots([(20, 10), (40, 10)], [1, None])
    two.size[1] = 60
    assert find_chains(two) == [[0], [1]]


def test_no_ring_is_closed():
    ring = spots([(20, 10), (40, 10)], [1, 0])
    assert sorted(map(len, find_chains(ring))) == [2]


def test_a_page_without_characters_has_no_number():
    assert find_chains(spots([], [])) == []


def test_a_point_that_its_neighbours_skip_is_let_in_where_it_names_them_both():
    skipped = spots([(20, 10), (46, 10), (34, 18)], [1, None, None])
    assert find_chains(skipped) == [[0, 1], [2]]
    skipped.before[2], skipped.after[2] = (0.95, 21, 11), (0.95, 45, 9)
    assert find_chains(skipped) == [[0, 2, 1]]
    skipped.found[2] = 0.4
    assert find_chains(skipped) == [[0, 1], [2]]


def scattered(count: int, side: float, seed: int) -> Spots:
    """Characters anywhere on a page so many pixels wide and high, who all may name anything near them."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, side, (2, count)).astype(np.float32)
    size, zeros = rng.uniform(10, 30, count).astype(np.float32), np.zeros(count, np.float32)
    size[:3] *= 10

    def links(way: int) -> np.ndarray:
        right, down = size * rng.uniform(0.4, 1, count) * way, size * rng.uniform(-0.3, 0.3, count)
        return np.stack([rng.uniform(0, 1, count), x + right, y + down], 1).astype(np.float32)

    box = np.stack([x - size / 3, y - size / 2, size / 1.5, size], 1)
    return Spots(x, y, size, box, zeros, np.eye(count, 29, dtype=np.float32), links(1), links(-1), zeros, zeros,
                 np.eye(4, dtype=np.float32)[[0] * count])  # fmt: skip


def linked_one_by_one(spots: Spots) -> list[list[int]]:
    """The chains of characters of which none is let in, by comparing each with each."""
    count = len(spots.x)
    links = []
    for first in range(count):
        for second in range(count):
            x, y = spots.x[second] - spots.after[first, 1], spots.y[second] - spots.after[first, 2]
            away = far = np.hypot(x, y) / spots.size[first]
            if spots.before[second, 0] > 0.5:
                x, y = spots.before[second, 1] - spots.x[first], spots.before[second, 2] - spots.y[first]
                far = (away + np.hypot(x, y) / spots.size[second]) / 2
            linked = (spots.after[first, 0] + spots.before[second, 0]) / 2
            alike = 1 / ALIKE < spots.size[first] / spots.size[second] < ALIKE
            says_so = spots.after[first, 0] >= LINKED / 2 and away < 2 * NEAR
            if first != second and alike and says_so and far < NEAR and linked > LINKED:
                links.append((float(linked - far), first, second))
    after: dict[int, int] = {}
    for _, first, second in sorted(links, reverse=True):
        end = second
        while end in after:
            end = after[end]
        if first not in after and second not in after.values() and end != first:
            after[first] = second
    chains = [[start] for start in range(count) if start not in after.values()]
    for chain in chains:
        while chain[-1] in after:
            chain.append(after[chain[-1]])
    return chains


@pytest.mark.parametrize(("count", "side"), [(60, 150), (80, 250)])
def test_chains_are_those_that_comparing_each_with_each_finds(count: int, side: float):
    spots = scattered(count, side, seed=count)
    assert spots.found.max() < LET_IN
    chains = find_chains(spots)
    assert chains == linked_one_by_one(spots)
    assert max(map(len, chains)) > 1
