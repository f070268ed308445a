"""How characters on a page become numbers."""

from __future__ import annotations

import numpy as np

from digitry.reading.chains import find_chains
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
        return np.array([[0.02, *at[i]] if end is None else [0.98, *at[end]] for i, end in enumerate(ends)], np.float32)

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
