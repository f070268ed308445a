"""A page becomes a reading: what is given, how sure, where, and why nothing is; its network sees what it is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from digitry.errors import SettingError
from digitry.networks.decoding import BLANK_COLUMN
from digitry.reading import Reader
from digitry.types import Box
from tests.unit.images.written import write
from tests.unit.reading.seen import Seen, level, network_seeing, row, together
from tests.unit.reading.seen_pages import PAPER, on_paper, read, written


def test_numbers_are_given_with_their_digits_boxes_and_values():
    page, seen = written(("2047", 40, 40), ("38", 430, 44), ("590", 60, 180))
    reading = read(page, seen)
    assert [number.text for number in reading.numbers] == ["2047", "38", "590"]
    assert [number.value for number in reading.numbers] == [2047, 38, 590]
    assert reading.sure
    assert reading.reason is None
    for number in reading.numbers:
        assert number.text == "".join(digit.label for digit in number.digits) == number.digits_text
        assert number.hand == "written"
        assert number.confidence > 0.8
        left, _, width, height = number.box
        assert all(left <= digit.box[0] and digit.box[0] + digit.box[2] <= left + width for digit in number.digits)
        assert height == 40


def test_a_sign_is_part_of_the_text_and_of_the_signs_and_not_of_the_digits():
    page, seen = written(("2", 60, 100), ("5", 130, 100), ("90", 60, 300))
    point = Seen(".", (105, 132, 8, 8), 40, after=1, before=0)
    joined = [replace(seen[0], after=4), replace(seen[1], before=4), *seen[2:], replace(point)]
    number, other = read(page, joined).numbers
    assert (number.text, number.digits_text, number.value) == ("2.5", "25", 2.5)
    assert [sign.label for sign in number.signs] == ["."]
    assert other.text == "90"
    plain, _ = read(page, joined, signs=False).numbers
    assert (plain.text, plain.digits_text, plain.signs, plain.value) == ("25", "25", (), 25)


def test_what_parts_whole_from_fraction_is_for_a_person_to_say():
    seen = together(level("1,250"), level("7", 500, 400))
    page = np.full((600, 800), PAPER, np.uint8)
    reader = Reader(sure_confidence=0.0)
    reader.networks.see_page = network_seeing(page.shape, seen)  # type: ignore[method-assign]
    values = {decimal: reader.read(page, decimal=decimal).numbers[0].value for decimal in ("auto", "comma", "point")}
    assert values == {"auto": 1250, "comma": 1.25, "point": 1250}


def test_a_number_that_the_other_network_reads_otherwise_is_not_sure_and_says_what_it_read():
    page, seen = written(("2047", 40, 40), ("38", 430, 44))
    wrong = [replace(seen[0], name="9"), *seen[1:]]
    first, second = read(page, wrong).numbers
    assert (first.text, first.sure, first.reason) == ("9047", False, "read again on its own, it is 2047")
    assert "2047" in dict(first.alternatives)
    assert (second.text, second.sure) == ("38", True)


def test_a_number_in_which_nobody_believes_is_not_given():
    page, seen = written(("2047", 40, 40), ("38", 430, 44))
    nothing_there = level("11", 100, 400, found=-0.5, clear=0.5)
    assert [n.text for n in read(page, together(seen, nothing_there)).numbers] == ["2047", "38"]


def test_struck_numbers_and_those_beside_letters_are_given_and_never_sure():
    page, seen = written(("2047", 40, 40), ("38", 430, 44), ("52", 60, 180))
    struck = [replace(one, struck=place in (4, 5)) for place, one in enumerate(seen)]
    letter = Seen("other", (160, 180, 30, 40), 40, before=7)
    marked = [*struck[:7], replace(struck[7], after=8), letter]
    plain, crossed, lettered = read(page, marked).numbers
    assert (plain.sure, plain.struck) == (True, False)
    assert (crossed.sure, crossed.struck, crossed.reason) == (False, True, "it is struck out")
    assert (lettered.text, lettered.sure, lettered.reason) == ("52", False, "letters are right beside it")


def test_what_may_be_struck_out_is_not_called_so_and_is_not_sure():
    page, seen = written(("2047", 40, 40), ("38", 430, 44))
    plain, doubtful = read(page, [*seen[:4], *(replace(one, struck=0.2) for one in seen[4:])]).numbers
    assert (plain.sure, plain.struck) == (True, False)
    assert (doubtful.sure, doubtful.struck, doubtful.reason) == (False, False, "it may be struck out")


def test_the_doubts_about_a_page_are_those_about_its_numbers():
    page, seen = written(("2047", 40, 40), ("38", 430, 44))
    one = read(page, [replace(seen[0], name="9"), *seen[1:]])
    assert (one.sure, one.reason) == (False, "1 of 2 numbers is not sure")
    both = read(page, [replace(seen[0], struck=True), *(replace(one, struck=True) for one in seen[1:])])
    assert (both.sure, both.reason) == (False, "2 of 2 numbers are not sure")


def test_printed_numbers_are_given_when_they_are_asked_for_and_named_where_there_are_no_others():
    page, seen = written(("2047", 40, 40), ("38", 430, 44), written=False)
    nothing = read(page, seen)
    assert nothing.numbers == ()
    assert nothing.reason == "there are 2 printed numbers and no written one; ask for all of them (only: all)"
    assert [number.hand for number in read(page, seen, only="all").numbers] == ["printed", "printed"]
    assert read(page, seen, only="printed").text == "2047 38"


def test_words_and_empty_pages_hold_no_number_and_say_what_to_do():
    page = np.full((600, 800), PAPER, np.uint8)
    words = read(page, level(["other"] * 5))
    assert (words.numbers, words.sure, words.reason) == ((), False, "there are words, but no number")
    empty = read(page, [])
    assert empty.reason == (
        "the picture is blank: nothing stands out from the paper; digits smaller than 1/80 of the page are not seen: "
        "crop the part that holds them"
    )
    assert read(page, level("+-")).reason == "no writing here can be read as a number"


def test_numbers_of_a_table_know_their_cell_and_others_do_not():
    ink = np.zeros((600, 800), np.uint8)
    for x in (100, 250, 400):
        ink[100:300, x : x + 3] = 200
    for y in (100, 200, 300):
        ink[y : y + 3, 100:403] = 200
    cells = [("11", 130, 130), ("22", 280, 130), ("33", 130, 230), ("44", 280, 230)]
    rows = [row(text, write(ink, text, left, top, 40), 40) for text, left, top in [*cells, ("55", 600, 500)]]
    reading = read(on_paper(ink), together(*rows))
    found = {number.text: (number.table, number.row, number.column) for number in reading.numbers}
    assert found == {"11": (0, 0, 0), "22": (0, 0, 1), "33": (0, 1, 0), "44": (0, 1, 1), "55": (None, None, None)}
    (table,) = reading.tables
    assert (table.rows, table.columns, len(table.cells)) == (2, 2, 4)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_is_turned_as_it_is_told_and_its_boxes_lie_on_the_page_as_given(turn: int):
    upright, seen = written(("2047", 40, 40), ("38", 430, 144))
    lying = np.ascontiguousarray(np.rot90(upright, turn // 90))
    reader = Reader(sure_confidence=0.5)
    reader.networks.see_page = network_seeing(upright.shape, seen)  # type: ignore[method-assign]
    reading = reader.read(lying, rotate=turn)
    assert (reading.text, reading.turn) == ("2047 38", turn)
    for number in reading.numbers:
        for digit in number.digits:
            assert darkest_in(lying, digit.box) < 60
            assert (digit.box[2] > digit.box[3]) == (turn % 180 == 90)


def darkest_in(page: NDArray[np.uint8], box: Box) -> int:
    x, y, width, height = box
    return int(page[y : y + height, x : x + width].min())


def test_a_picture_too_small_says_so():
    assert read(np.zeros((3, 600), np.uint8), []).reason == "a picture of 600×3 pixels is too small to hold a digit"


def test_alternatives_are_other_numbers_best_first_and_none_is_likelier_than_the_number():
    page, seen = written(("2047", 40, 40), ("38", 430, 44))
    for number in read(page, [replace(seen[0], clear=1.0), *seen[1:]]).numbers:
        assert number.text not in dict(number.alternatives)
        values = [probability for _, probability in number.alternatives]
        assert values == sorted(values, reverse=True)
        assert 1 <= len(values) <= 3
        assert values[0] <= number.confidence


def test_an_option_that_does_not_exist_is_refused_before_anything_is_read():
    with pytest.raises(SettingError, match="unknown option of pages 'rotat'; did you mean 'rotate'"):
        Reader().read("nowhere.png", rotat=90)  # type: ignore[call-arg]
    with pytest.raises(SettingError, match="only is for pages, and expect is 'number'"):
        Reader().read("nowhere.png", expect="number", only="all")


def test_the_strips_that_were_read_again_are_kept():
    page, seen = written(("2047", 40, 40), ("38", 430, 44))
    reading = read(page, seen)
    stages = reading.stages
    assert reading.by_page
    assert set(stages) == {"grey", "strips", "frames"}
    assert [strip.shape[0] for strip in stages["strips"]] == [40, 40]
    assert all((frames.argmax(axis=1) != BLANK_COLUMN).any() for frames in stages["frames"])
