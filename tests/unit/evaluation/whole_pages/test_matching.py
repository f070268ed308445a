"""The numbers of a page beside those that were read."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitry.evaluation.whole_pages.matching import cells_in_place, match_numbers, parts_of, plain
from digitry.evaluation.whole_pages.page_labels import LabelledPage
from digitry.types import Number


def read(text, *, sure=False, confidence=0.5, **place):
    return Number(text, confidence, (0, 0, 1, 1), (), sure, **place)


def page(*numbers, aside=(), rows=()):
    return LabelledPage(Path("a.png"), "a.png", numbers, aside, rows)


def outcome(labelled, *numbers, way="digits"):
    match = match_numbers(labelled, [read(one) if isinstance(one, str) else one for one in numbers], way)
    right, wrong = ([number.text for number in found] for found in (match.right, match.wrong))
    return list(match.found), list(match.missed), right, wrong


def test_numbers_are_compared_wherever_they_stand():
    assert outcome(page("12", "7"), "7", "99", "12") == (["12", "7"], [], ["12", "7"], ["99"])


def test_each_label_takes_one_reading_and_each_reading_one_label():
    assert outcome(page("7", "7"), "7") == (["7"], ["7"], ["7"], [])
    assert outcome(page("7"), "7", "7") == (["7"], [], ["7"], ["7"])


def test_of_equal_readings_a_sure_one_is_right_first():
    match = match_numbers(page("7"), [read("7"), read("7", sure=True), read("7", confidence=0.9)], "digits")
    assert [number.sure for number in match.right] == [True]
    assert [number.sure for number in match.wrong] == [False, False]


def test_signs_count_only_where_texts_are_compared():
    assert outcome(page("21.5"), "215") == (["21.5"], [], ["215"], [])
    assert outcome(page("21.5"), "215", way="exact") == ([], ["21.5"], [], ["215"])
    assert outcome(page("−8"), "-8", way="exact") == (["−8"], [], ["-8"], [])


@pytest.mark.parametrize(
    ("label", "parts"),
    [
        ("12/05/2024", ["12", "05", "2024"]),
        ("11.6.2018", ["11", "6", "2018"]),
        ("10:45", ["10", "45"]),
        ("3x10", ["3", "10"]),
        ("6×10", ["6", "10"]),
        ("4-306", ["4", "306"]),
        ("1 3 6", ["1", "3", "6"]),
        ("2.5", []),
        ("-8", []),
        ("1,250.00", []),
        ("/5", []),
    ],
)
def test_a_label_of_several_numbers_has_parts(label, parts):
    assert parts_of(label, "digits") == parts


def test_a_label_of_several_numbers_is_found_as_one_or_as_all_its_parts():
    assert outcome(page("12/05"), "12/05") == (["12/05"], [], ["12/05"], [])
    assert outcome(page("12/05"), "05", "12") == (["12/05"], [], ["12", "05"], [])
    assert outcome(page("12/05"), "12") == ([], ["12/05"], [], ["12"])
    assert outcome(page("7x7"), "7") == ([], ["7x7"], [], ["7"])


def test_a_whole_number_is_found_before_it_can_be_a_part():
    assert outcome(page("3x10", "10"), "3", "10") == (["10"], ["3x10"], ["10"], ["3"])


def test_what_equals_a_number_that_was_set_aside_counts_neither_way():
    assert outcome(page("7", aside=("99", "4/5")), "7", "99", "99", "4", "6") == (["7"], [], ["7"], ["6"])


def test_readings_without_a_digit_are_no_numbers():
    assert outcome(page(), "-", "7") == ([], [], [], ["7"])


def test_texts_are_compared_without_blanks_and_with_one_kind_of_each_sign():
    assert plain("1 250·5", "exact") == "1250.5"
    assert plain("٣7", "digits") == "7"


ROWS = (("12", "7"), ("", "2.5"))


def test_cells_are_right_in_their_row_and_column():
    numbers = [read("12", table=0, row=0, column=0), read("25", table=0, row=1, column=1), read("7")]
    assert cells_in_place(page(rows=ROWS), numbers) == (2, 3)


def test_a_heading_may_move_the_table_as_a_whole_but_no_cell():
    moved = [read("12", table=0, row=1, column=2), read("7", table=0, row=1, column=3)]
    assert cells_in_place(page(rows=ROWS), moved) == (2, 3)
    torn = [read("12", table=0, row=1, column=2), read("7", table=0, row=2, column=3)]
    assert cells_in_place(page(rows=ROWS), torn) == (1, 3)


def test_a_cell_with_more_in_it_than_its_number_is_wrong():
    numbers = [read("1", table=0, row=0, column=0), read("2", table=0, row=0, column=0)]
    assert cells_in_place(page(rows=(("12",),)), numbers) == (1, 1)
    assert cells_in_place(page(rows=(("1",),)), numbers) == (0, 1)


def test_the_table_that_fits_best_is_taken():
    numbers = [read("99", table=0, row=0, column=0), read("12", table=1, row=0, column=0)]
    assert cells_in_place(page(rows=ROWS), numbers) == (1, 3)


def test_without_a_table_read_no_cell_is_right_and_without_labels_there_is_none():
    assert cells_in_place(page(rows=ROWS), [read("12")]) == (0, 3)
    assert cells_in_place(page(), [read("12", table=0, row=0, column=0)]) == (0, 0)
