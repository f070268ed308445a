"""What is written on a sheet, and what the sheet knows of it."""

from __future__ import annotations

import numpy as np
import pytest

from digitry.synthesis.allographs import OTHER, class_of
from digitry.synthesis.fonts import set_line, typefaces
from digitry.synthesis.hands import Glyphs, Hand
from digitry.synthesis.sheet import NO_NEIGHBOUR, Sheet


@pytest.fixture
def sheet(glyphs: Glyphs) -> Sheet:
    return Sheet(300, glyphs, np.random.default_rng(1))


def hand(seed: int = 0) -> Hand:
    return Hand.of(np.random.default_rng(seed))


def test_a_number_is_noted_character_by_character_each_linked_to_its_neighbours(sheet: Sheet):
    sheet.write("1.5", 40, 100, 30, hand())
    assert [one.kind for one in sheet.characters] == [class_of(c) for c in "1.5"]
    assert [(one.before, one.after) for one in sheet.characters] == [(NO_NEIGHBOUR, 1), (0, 2), (1, NO_NEIGHBOUR)]
    assert all(one.written and not one.struck and one.size == 30 for one in sheet.characters)


@pytest.mark.parametrize("seed", range(8))
def test_the_box_of_a_character_holds_its_ink(glyphs: Glyphs, seed: int):
    sheet = Sheet(200, glyphs, np.random.default_rng(seed))
    sheet.write("7", 80, 70, 40, hand(seed))
    (one,) = sheet.characters
    rows, columns = np.nonzero(sheet.written > 60)
    assert abs(columns.min() - (one.x - one.width / 2)) <= 5
    assert abs(columns.max() - (one.x + one.width / 2)) <= 5
    assert abs(rows.min() - (one.y - one.height / 2)) <= 5
    assert abs(rows.max() - (one.y + one.height / 2)) <= 5


def test_digits_in_boxes_stand_a_pitch_apart_and_are_one_number(sheet: Sheet):
    sheet.write("2468", 20, 100, 24, hand(), pitch=50)
    apart = np.diff([one.x for one in sheet.characters])
    assert (np.abs(apart - 50) < 20).all()
    assert [one.after for one in sheet.characters] == [1, 2, 3, NO_NEIGHBOUR]


def test_what_would_reach_too_far_is_left_off(sheet: Sheet):
    sheet.write("888888888888", 10, 100, 30, hand(), reach=120)
    assert 0 < len(sheet.characters) < 12
    assert max(one.x + one.width / 2 for one in sheet.characters) <= 121


def test_print_is_no_handwriting_and_words_are_parted_by_blanks(sheet: Sheet):
    sheet.print("ab 12", 20, 100, 20, typefaces()[0])
    assert [one.kind for one in sheet.characters] == [OTHER, OTHER, 1, 2]
    assert [one.after for one in sheet.characters] == [1, NO_NEIGHBOUR, 3, NO_NEIGHBOUR]
    assert not any(one.written for one in sheet.characters)


def test_print_stands_where_the_sheet_says(sheet: Sheet):
    sheet.print("8", 100, 100, 30, typefaces()[0])
    (one,) = sheet.characters
    rows, columns = np.nonzero(sheet.printed > 60)
    assert abs(columns.mean() - one.x) < 3
    assert abs(rows.mean() - one.y) < 3


def test_digits_of_every_typeface_come_out_as_high_as_asked():
    for path in typefaces():
        assert abs(set_line("0123456789", path, 24).height - 24) <= 2, path


def test_what_is_struck_out_says_so(sheet: Sheet):
    sheet.write("12", 40, 40, 30, hand())
    first = len(sheet.characters)
    before = int(sheet.written.sum())
    sheet.write("34", 40, 140, 30, hand())
    written = int(sheet.written.sum())
    sheet.strike(first, hand())
    assert [one.struck for one in sheet.characters] == [False, False, True, True]
    assert before < written < int(sheet.written.sum())


def test_numbers_are_what_is_written_of_digits_and_signs_alone_and_stands(sheet: Sheet):
    sheet.write("-4.5", 20, 20, 30, hand())
    sheet.write("7kg", 20, 80, 30, hand())
    sheet.write("%", 20, 140, 30, hand())
    sheet.print("12", 20, 200, 30, typefaces()[0])
    sheet.write("89", 20, 250, 30, hand())
    sheet.strike(len(sheet.characters) - 2, hand())
    assert [[one.kind for one in number] for number in sheet.numbers()] == [[class_of(c) for c in "-4.5"]]


def test_small_signs_may_be_fainter_than_the_digits_beside_them(glyphs: Glyphs):
    full, faint = (Sheet(200, glyphs, np.random.default_rng(1)) for _ in range(2))
    full.write("8-", 40, 80, 40, hand())
    faint.write("8-", 40, 80, 40, hand(), small_signs=0.5)
    lower = full.written > faint.written.astype(int) + 1
    digit, dash = faint.characters
    assert not lower[:, : round(digit.x + digit.width / 2)].any()
    assert lower[:, round(dash.x - dash.width / 2) :].any()


def test_a_place_is_free_until_something_stands_there(sheet: Sheet):
    assert sheet.is_free(90, 90, 140, 140)
    sheet.write("5", 100, 100, 30, hand())
    assert not sheet.is_free(90, 90, 140, 140)
    assert sheet.is_free(200, 200, 240, 240)
