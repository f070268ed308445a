"""What was read on made pages is judged by what was written there."""

from __future__ import annotations

import numpy as np

from digitry.evaluation.made_pages import judge_numbers, made_pages, numbers_on
from digitry.synthesis.allographs import CHARACTERS, OTHER
from digitry.synthesis.pages import PhotographedPage
from digitry.synthesis.sheet import Character
from digitry.types import Digit, Number, Split


def characters(kinds: list[int], left: float, top: float, **facts: object) -> list[Character]:
    """Characters of one row, 20 pixels high; their links count from 0."""
    return [
        Character(kind, left + 16 * place + 6, top + 10, 12, 20, 20, True, before=place - 1,
                  after=place + 1 if place + 1 < len(kinds) else -1, **{"struck": False, **facts})  # type: ignore[arg-type]
        for place, kind in enumerate(kinds)
    ]  # fmt: skip


def page(*rows: list[Character]) -> PhotographedPage:
    found: list[Character] = []
    for row in rows:
        start = len(found)
        for one in row:
            one.before, one.after = (place + start if place >= 0 else -1 for place in (one.before, one.after))
            found.append(one)
    return PhotographedPage(np.full((200, 200), 255, np.uint8), found, 0)


def kinds(text: str) -> list[int]:
    return [CHARACTERS.index(character) for character in text]


def given(text: str, left: int, top: int) -> Number:
    box = (left, top, 16 * len(text), 20)
    return Number(text, 0.9, box, tuple(Digit(c, 0.9, box) for c in text if c.isdigit()))


def test_numbers_on_a_page_are_its_chains_with_their_signs():
    found = numbers_on(page(characters(kinds("2.5"), 20, 20), characters(kinds("40"), 20, 100)))
    assert [(one.text, one.counts) for one in found] == [("2.5", True), ("40", True)]
    assert found[0].box == (20, 20, 44, 20)


def test_cut_hidden_printed_and_struck_numbers_and_those_beside_letters_need_not_be_found():
    rows = [
        characters(kinds("12"), -6, 20),
        characters(kinds("13"), 60, 20, visible=False),
        characters(kinds("14"), 120, 20, struck=True),
        characters([*kinds("15"), OTHER], 20, 100),
    ]
    printed = characters(kinds("16"), 100, 100)
    for one in printed:
        one.written = False
    assert not any(one.counts for one in numbers_on(page(*rows, printed)))


def test_printed_numbers_count_where_they_are_wanted():
    printed = characters(kinds("16"), 100, 100)
    for one in printed:
        one.written = False
    truth = page(characters(kinds("25"), 20, 20), printed)
    for only, counts in (("written", [True, False]), ("printed", [False, True]), ("all", [True, True])):
        assert [one.counts for one in numbers_on(truth, only)] == counts
    assert not judge_numbers(truth, [given("19", 100, 100)]).given
    assert [right for _, right in judge_numbers(truth, [given("19", 100, 100)], "all").given] == [False]


def test_a_number_is_right_where_the_same_one_stands():
    truth = page(characters(kinds("25"), 20, 20), characters(kinds("40"), 20, 100))
    judged = judge_numbers(truth, [given("25", 18, 22), given("49", 20, 100), given("7", 150, 150)])
    assert [(number.text, right) for number, right in judged.given] == [("25", True), ("49", False), ("7", False)]
    assert [one.text for one in judged.missed] == ["40"]


def test_what_counts_neither_way_is_left_out_and_a_struck_number_is_never_right():
    truth = page(characters(kinds("25"), -6, 20), characters(kinds("40"), 60, 100, struck=True))
    judged = judge_numbers(truth, [given("25", 0, 20), given("40", 60, 100)])
    assert [(number.text, right) for number, right in judged.given] == [("40", False)]
    assert judged.missed == []


def test_the_same_seed_makes_the_same_pages_of_every_layout(glyphs):
    split = Split(np.zeros((10, 28, 28), np.uint8), np.arange(10, dtype=np.int64))
    split.images[:, 4:24, 12:16] = 255
    first, again = (list(made_pages(split, 3, 1)) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert (one.grey == other.grey).all()
    assert len({one.grey.tobytes() for one in first}) == 3


def test_neighbours_that_nearly_touch_are_told_apart_by_what_is_read_and_by_what_is_nearer():
    truth = page(characters(kinds("7"), 20, 20), characters(kinds("9"), 26, 20))
    judged = judge_numbers(truth, [given("9", 24, 20), given("7", 20, 20)])
    assert [(number.text, is_right) for number, is_right in judged.given] == [("9", True), ("7", True)]
    assert not judged.missed
