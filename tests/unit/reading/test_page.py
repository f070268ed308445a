"""The numbers on a page, from what its network sees: which they are, in what order, in which cell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from digitry.reading.page import PageFound, box_before, read_candidates, ruled_tables
from tests.unit.images.test_cells import ruled
from tests.unit.reading.seen import NAMES, Seen, level, network_seeing, together

PAGE = np.full((600, 800), 230, np.uint8)


def found(seen: list[Seen]) -> PageFound:
    return read_candidates(PAGE, network_seeing(PAGE.shape, seen), NAMES)


def texts(seen: list[Seen]) -> list[str]:
    return [one.written.text for one in found(seen).candidates]


def test_a_number_is_its_digits_and_the_signs_between_them():
    assert texts(level("12/05/2024")) == ["12/05/2024"]
    (one,) = found(level("-2.5")).candidates
    assert one.written.text == "-2.5"
    assert one.digits == "25"
    assert [character.label for character in one.characters] == ["-", "2", ".", "5"]


def test_numbers_come_line_by_line_from_the_top_each_from_the_left():
    page = together(level("3", 500, 105), level("4", 100, 200), level("1", 90, 98), level("2", 300, 110))
    assert texts(page) == ["1", "2", "3", "4"]


def test_words_are_no_numbers_and_are_counted():
    page = found(together(level(["other"] * 4, 100, 100), level("25", 300, 100)))
    assert [one.written.text for one in page.candidates] == ["25"]
    assert page.words == 1


def test_a_number_says_what_might_be_part_of_it_and_is_not():
    def beside(seen: list[Seen]) -> list[tuple[str, str]]:
        return [(one.written.text, one.beside) for one in found(seen).candidates]

    assert beside(level("250")) == [("250", "")]
    assert beside(level(["2", "5", "0", "other"])) == [("250", "letters are")]
    assert beside(level(["2", "5", "%"])) == [("25", "a sign is")]
    assert beside(together(level("25", 100, 100), level("7", 148, 104))) == [
        ("25", "another character is"),
        ("7", "another character is"),
    ]
    assert beside(together(level("25", 100, 100), level("7", 220, 104))) == [("25", ""), ("7", "")]
    assert beside(together(level("25", 100, 100), level("7", 100, 150))) == [("25", ""), ("7", "")]


def test_a_number_is_written_or_printed():
    page = found(together(level("11", 100, 100), level("22", 300, 100, written=False)))
    assert [one.hand for one in page.candidates] == ["written", "printed"]


def test_a_one_that_may_be_a_slash_is_one_where_that_leaves_a_mark():
    def seen(text: str) -> list[Seen]:
        return [replace(one, perhaps="/") if place == 2 else one for place, one in enumerate(level(text))]

    (mark,) = found(seen("15120")).candidates
    assert (mark.written.text, [one.label for one in mark.characters]) == ("15/20", list("15/20"))
    (plain,) = found(seen("15129")).candidates
    assert plain.written.text == "15129"


def test_digits_too_low_to_be_told_apart_are_no_number():
    assert texts(level("47", size=6)) == ["47"]
    assert texts(level("47", size=5)) == []


def test_a_struck_number_is_marked():
    struck, plain = found(together(level("11", 100, 100, struck=True), level("22", 300, 100))).candidates
    assert struck.struck
    assert not plain.struck


def test_the_box_of_a_number_holds_those_of_its_characters():
    (one,) = found(level("123", 100, 50, 40)).candidates
    assert one.box == (100, 50, 88, 40)
    assert [character.box for character in one.characters] == [(100, 50, 24, 40), (132, 50, 24, 40), (164, 50, 24, 40)]


def test_a_number_is_as_probable_as_all_of_it():
    (sure,) = found(level("123")).candidates
    (unclear,) = found(level("123", clear=1.0)).candidates
    (faint,) = found(level("123", found=0.3)).candidates
    assert sure.probability > 0.9
    assert unclear.probability < 0.5
    assert faint.probability < 0.5


def test_a_number_that_seems_to_go_on_is_less_probable():
    whole = level("123")
    cut = together(whole[:2])
    (one,) = found([*cut[:1], Seen("2", cut[1].box, cut[1].size, after=0, before=0)]).candidates
    assert one.probability < 0.1


def test_a_page_is_turned_as_a_person_says():
    lying = np.ascontiguousarray(np.rot90(PAGE))
    page = read_candidates(lying, network_seeing(PAGE.shape, level("47")), NAMES, "90")
    assert (page.turn.quarters, page.candidates[0].written.text) == (1, "47")


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_a_box_of_the_upright_page_lies_on_the_same_pixels_of_the_page_before(quarter: int):
    page = np.zeros((60, 80), np.uint8)
    page[10:14, 20:40] = 255
    turned = np.rot90(page, -quarter)
    rows, columns = np.nonzero(turned)
    box = int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
    assert box_before(box, quarter, 60, 80) == (20, 10, 20, 4)


def test_rules_draw_tables():
    (table,) = ruled_tables(ruled(2, 4))
    assert (table.rows, table.columns) == (2, 4)
    x, y, width, height = next(cell for cell in table.cells if (cell.row, cell.column) == (0, 0)).box
    assert (ruled(2, 4)[y : y + height, x : x + width] > 200).mean() > 0.9
