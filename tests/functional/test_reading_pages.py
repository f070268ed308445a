"""The shipped networks read whole pages: drawn here, with signs, rules and turns, most of their numbers are found."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitry.evaluation.made_pages import judge_numbers, numbers_on
from digitry.reading import Reader
from digitry.synthesis.cell_layouts import score_card, sudoku, table
from digitry.synthesis.hands import Glyphs
from digitry.synthesis.pages import made_page


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def counts(reader: Reader, glyphs: Glyphs, layout: object, pages: int) -> tuple[int, int, int]:
    """How many numbers on a few pages there are, how many are found, and how many given ones are wrong."""
    there = found = wrong = 0
    for seed in range(pages):
        page = made_page(glyphs, np.random.default_rng([seed, 3]), layouts=((layout, 1.0),))  # type: ignore[arg-type]
        judged = judge_numbers(page, reader.read_grey(page.grey).numbers)
        counted = sum(one.counts for one in numbers_on(page))
        there += counted
        found += counted - len(judged.missed)
        wrong += sum(not right for _, right in judged.given)
    return there, found, wrong


@pytest.mark.parametrize("layout", [table, sudoku, score_card], ids=lambda one: one.__name__)
@pytest.mark.parametrize("pages", [2, pytest.param(12, marks=pytest.mark.full)])
def test_most_numbers_of_drawn_pages_are_found(layout: object, pages: int, reader: Reader, glyphs: Glyphs):
    there, found, wrong = counts(reader, glyphs, layout, pages)
    assert there >= 10
    assert found > 0.5 * there
    assert wrong < there


def test_a_page_is_read_the_same_however_it_lies(reader: Reader):
    upright = np.full((480, 700), 238, np.uint8)
    for row, text in enumerate(("40273", "95162", "37485")):
        cv2.putText(upright, text, (80, 130 + 110 * row), cv2.FONT_HERSHEY_SIMPLEX, 2.2, 40, 5, cv2.LINE_AA)
    expected = reader.read_grey(upright, only="all")
    assert expected.turn == 0
    for quarter in (1, 2, 3):
        reading = reader.read_grey(np.ascontiguousarray(np.rot90(upright, quarter)), only="all")
        assert (reading.turn, reading.text) == (90 * quarter, expected.text)


def test_words_give_no_sure_number(reader: Reader):
    page = np.full((500, 700), 240, np.uint8)
    for row, text in enumerate(("the quick brown", "fox jumps over", "a lazy dog")):
        cv2.putText(page, text, (60, 120 + 120 * row), cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 2, 40, 3, cv2.LINE_AA)
    assert not any(number.sure for number in reader.read_grey(page).numbers)
