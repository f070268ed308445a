"""The one number of a picture, by the shipped networks: its digits, with boxes that hold their ink."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitry.errors import SettingError
from digitry.images.ink import InkPage
from digitry.images.slope import Levelling
from digitry.networks.page_answer import CENTRE, CLASSES, DOWN, HEIGHT, WIDTH
from digitry.reading import Reader
from digitry.reading.networks import Networks
from digitry.reading.one_number import InkSheet
from digitry.types import Box, Number
from tests.unit.images.written import falling, ink_page, tight_box, write
from tests.unit.serve.drawn import drawings
from tests.unit.tiny_models import number_model_bytes, template_model_bytes

PAPER = 235


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def on_paper(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same writing, dark on paper."""
    return (PAPER - ink * 0.8).astype(np.uint8)


def printed(text: str) -> NDArray[np.uint8]:
    """A number in a plotter's other hand, dark on white."""
    page = np.full((140, 120 + 45 * len(text)), 255, np.uint8)
    cv2.putText(page, text, (40, 100), cv2.FONT_HERSHEY_SIMPLEX, 2, 0, 5, cv2.LINE_AA)
    return page


def union(boxes: list[Box]) -> Box:
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    return left, top, right - left, bottom - top


def assert_holds(outer: Box, inner: Box, slack: int) -> None:
    """The outer box holds the inner one to within `slack` pixels, and is not larger by more than that on any side."""
    for axis in (0, 1):
        assert abs(outer[axis] - inner[axis]) <= slack, (outer, inner)
        assert abs(outer[axis] + outer[axis + 2] - inner[axis] - inner[axis + 2]) <= slack, (outer, inner)


@pytest.mark.parametrize("text", ["38", "2047", "90622", "5566", "1000", "8362059"])
def test_a_number_is_read_dark_on_light_and_light_on_dark(reader: Reader, text: str) -> None:
    for page in (printed(text), 255 - printed(text)):
        assert reader.read(page, expect="number").text == text


def test_every_digit_of_a_number_has_the_box_of_its_ink(reader: Reader) -> None:
    page = np.zeros((200, 500), np.uint8)
    boxes = write(page, "38502", 60, 70, 60)
    (number,) = reader.read(on_paper(page), expect="number").numbers
    assert number.text == "".join(digit.label for digit in number.digits) == "38502"
    assert_holds(number.box, union(boxes), 5)
    for digit, box in zip(number.digits, boxes, strict=True):
        assert_holds(digit.box, box, 6)


def test_boxes_are_in_pixels_of_the_picture_however_large_it_is(reader: Reader) -> None:
    page = np.zeros((1500, 2400), np.uint8)
    boxes = write(page, "38502", 700, 600, 200)
    (number,) = reader.read(on_paper(page), expect="number").numbers
    assert number.text == "38502"
    assert_holds(number.box, union(boxes), 20)


def test_all_writing_on_the_line_is_one_number_where_one_is_expected(reader: Reader) -> None:
    page = np.zeros((140, 560), np.uint8)
    write(page, "47", 40, 40, 60)
    write(page, "308", 300, 40, 60)
    assert reader.read(on_paper(page), expect="number").text == "47308"


def test_of_several_lines_the_one_with_most_ink_is_the_one_number(reader: Reader) -> None:
    assert reader.read(on_paper(ink_page("38", "90622", "4")), expect="number").text == "90622"


@pytest.mark.parametrize("degrees", [-45, -30, 30, 45])
def test_a_slanted_number_is_straightened_and_its_boxes_come_back_to_the_picture(reader: Reader, degrees: int) -> None:
    ink = falling(ink_page("35029", height=60), degrees)
    (number,) = reader.read(on_paper(ink), expect="number").numbers
    assert number.text == "35029"
    # Boxes are upright: around a slanted digit they are larger than its ink, but never far from it.
    assert_holds(number.box, tight_box(ink), 25)
    across = [digit.box[0] + digit.box[2] / 2 for digit in number.digits]
    down = [digit.box[1] + digit.box[3] / 2 for digit in number.digits]
    assert across == sorted(across)
    assert down == sorted(down, reverse=degrees < 0)


@pytest.mark.parametrize("pen", [2, 4, 8])
@pytest.mark.parametrize("side", [60, 100, 160, 300])
def test_a_face_that_laughs_is_no_sure_zero(reader: Reader, side: int, pen: int) -> None:
    page, middle = np.full((side, side), PAPER, np.uint8), side // 2
    cv2.circle(page, (middle, middle), round(0.36 * side), 20, pen, cv2.LINE_AA)
    for eye in (-1, 1):
        at = (round(middle + eye * 0.13 * side), round(middle - 0.1 * side))
        cv2.circle(page, at, max(1, round(0.04 * side)), 20, -1, cv2.LINE_AA)
    smile = (round(0.18 * side), round(0.15 * side))
    cv2.ellipse(page, (middle, round(middle + 0.04 * side)), smile, 0, 20, 160, 20, pen, cv2.LINE_AA)
    assert not reader.read(page, expect="number").sure


def test_lines_of_the_paper_are_not_read(reader: Reader) -> None:
    page = np.zeros((300, 500), np.uint8)
    write(page, "38502", 60, 100, 60)
    for row in (40, 180, 260):
        page[row : row + 2] = 150
    assert reader.read(on_paper(page), expect="number").text == "38502"


def test_a_sheet_on_a_dark_table_is_read_and_its_boxes_are_on_the_whole_picture(reader: Reader) -> None:
    page = np.zeros((200, 400), np.uint8)
    boxes = write(page, "3850", 60, 70, 60)
    table = np.full((500, 700), 40, np.uint8)
    table[150:350, 200:600] = on_paper(page)
    (number,) = reader.read(table, expect="number").numbers
    assert number.text == "3850"
    x, y, width, height = union(boxes)
    assert_holds(number.box, (x + 200, y + 150, width, height), 8)


def test_alternatives_are_other_numbers_best_first(reader: Reader) -> None:
    for text in ("38", "502", "7114"):
        (number,) = reader.read(on_paper(ink_page(text)), expect="number").numbers
        assert number.text not in dict(number.alternatives)
        values = [probability for _, probability in number.alternatives]
        assert values == sorted(values, reverse=True)
        assert len(values) <= 3
        for digit in number.digits:
            assert digit.label not in dict(digit.alternatives)
            assert 0 <= digit.confidence <= 1


def test_one_mark_alone_is_judged_by_the_model_for_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(template_model_bytes(), sure_confidence=0.0)
    monkeypatch.setattr(reader.networks, "read_digits", lambda images: np.eye(10, dtype=np.float32)[[4] * len(images)])
    assert reader.read(on_paper(ink_page("7", height=120))).text == "4"
    assert reader.read(on_paper(ink_page("73", height=120))).text == "73"


def test_a_model_of_other_things_than_digits_reads_no_numbers() -> None:
    reader = Reader(template_model_bytes(class_names=tuple("abcdefghij")), sure_confidence=0.0)
    page = on_paper(ink_page("7", height=120))
    assert reader.read(page, expect="digit").text == "h"
    for expect in ("number", "page"):
        with pytest.raises(SettingError, match="reads a, b, c…, not digits; use expect 'digit'"):
            reader.read(page, expect=expect)


def test_a_box_of_turned_ink_comes_back_to_the_page_it_was_shrunk_and_cut_from() -> None:
    ink = np.zeros((100, 200), np.uint8)
    sheet = InkSheet(InkPage(ink, 2.5, True), ink, Levelling(ink.shape, 0), left=30, top=70)
    assert sheet.box_on_page((10, 20, 8, 4)) == (30 + 25, 70 + 50, 20, 10)
    assert sheet.box_on_page((-4, -4, 8, 8)) == (30, 70, 10, 10)
    assert sheet.box_on_page((10, 20, 0, 0))[2:] == (1, 1)


class _Blind(Networks):
    """Networks of which the one for pages sees nothing."""

    def see_page(self, page: NDArray[np.float32]) -> NDArray[np.float32]:
        answers = np.zeros((len(self.pages.class_names) + CLASSES, page.shape[0] // 4, page.shape[1] // 4), np.float32)
        answers[CENTRE] = -9
        return answers


def reader_with(networks: Networks) -> Reader:
    reader = Reader()
    reader.networks = networks
    return reader


def test_what_only_one_of_two_networks_reads_is_given_and_not_sure() -> None:
    (number,) = reader_with(_Blind(sure_confidence=0.0)).read(printed("2047"), expect="number").numbers
    assert (number.text, number.sure) == ("2047", False)
    assert number.reason == "one network reads 2047, another no number"


class _SeesSigns(_Blind):
    """Networks of which the one for pages sees a number written as it is told, at every size."""

    def __init__(self, *names: str, options: dict[str, float]) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.names = names

    def see_page(self, page: NDArray[np.float32]) -> NDArray[np.float32]:
        answers = super().see_page(page)
        for place, name in enumerate(self.names):
            at = (0, 1 + 3 * place)  # above what is printed
            answers[CENTRE][at], answers[WIDTH][at], answers[HEIGHT][at] = 6, -2, -2
            answers[CLASSES + self.pages.class_names.index(name)][at] = 9
        return answers


class _SeesDoubtfulSigns(_SeesSigns):
    """The same, where the number is printed: its digits clearly, its signs as one of several."""

    found = 17.0

    def see_page(self, page: NDArray[np.float32]) -> NDArray[np.float32]:
        answers = super().see_page(page)
        for place, name in enumerate(self.names):
            at = (0, 1 + 3 * place)
            answers[CENTRE][at], answers[WIDTH][at], answers[HEIGHT][at] = self.found, -0.7, 0.5
            answers[DOWN][at] = answers.shape[1] / 2
            answers[CLASSES + self.pages.class_names.index(name)][at] = 20 if name.isdigit() else 4
        return answers


def read_with_signs(text: str, seen: str = "", *, networks: type[_SeesSigns] = _SeesSigns, **options: Any) -> Number:
    """A number in a plotter's hand, in which the network for pages sees the same, or what is `seen`."""
    reader = reader_with(networks(*(seen or text), options={"sure_confidence": 0.0}))
    (number,) = reader.read(printed(text), expect="number", **options).numbers
    return number


def test_a_number_has_the_signs_that_are_seen_and_is_not_sure_of_them() -> None:
    number = read_with_signs("2.5")
    assert (number.text, number.digits_text, number.value, number.sure) == ("2.5", "25", 2.5, False)
    assert [sign.label for sign in number.signs] == ["."]
    assert "not read reliably enough" in str(number.reason)
    assert union([number.box, number.signs[0].box]) == number.box
    assert read_with_signs("25").sure


def test_what_stands_beside_is_listed_and_leaves_it_sure() -> None:
    number = read_with_signs("25%")
    assert (number.text, number.around, number.sure) == ("25", ("%",), True)


def test_without_signs_the_digits_alone_are_given_and_not_sure_either() -> None:
    number = read_with_signs("2.5", signs=False)
    assert (number.text, number.signs, number.value, number.sure) == ("25", (), 25.0, False)


def test_no_alternative_is_more_probable_than_a_number_whose_signs_are_doubtful() -> None:
    number = read_with_signs("47", "4.1", networks=_SeesDoubtfulSigns)
    assert (number.text, number.sure) == ("4.1", False)
    assert number.alternatives[0] == ("47", number.confidence)


class _SeesItLess(_SeesDoubtfulSigns):
    """The same, less sure that anything is there."""

    found = 5.0


def test_an_alternative_with_signs_has_the_doubt_about_them_as_a_number_has() -> None:
    number = read_with_signs("47", "4.1", networks=_SeesItLess)
    plain = read_with_signs("47", "41", networks=_SeesItLess)
    assert number.text == plain.text == "47"
    assert number.confidence == plain.confidence
    assert 0.3 < dict(number.alternatives)["4.1"] < 0.7 * dict(plain.alternatives)["41"]


def test_a_number_of_one_digit_has_its_sign_and_its_value_too() -> None:
    number = read_with_signs("-5")
    assert (number.text, number.value, number.sure) == ("-5", -5.0, False)
    assert read_with_signs("5").value == 5.0


def test_what_is_parted_by_a_sign_is_not_sure_and_as_confident_as_its_digits() -> None:
    number = read_with_signs("3x4", "3×4")
    assert (number.text, number.sure) == ("34", False)
    assert number.confidence > 0.9
    assert number.reason == "there may be a sign among its digits"


def test_what_parts_whole_from_fraction_can_be_said() -> None:
    assert read_with_signs("1,234").value == 1234
    assert read_with_signs("1,234", decimal="comma").value == 1.234


def test_a_point_that_is_drawn_is_read() -> None:
    page = printed("25")
    page = np.concatenate([page[:, :82], np.full((len(page), 26), 255, np.uint8), page[:, 82:]], axis=1)
    cv2.circle(page, (94, 96), 5, 0, -1, cv2.LINE_AA)
    for picture in (page, 255 - page):
        reading = Reader().read(picture, expect="number")
        assert (reading.text, reading.sure) == ("2.5", False)


def test_a_single_digit_that_the_network_for_pages_does_not_see_is_not_sure() -> None:
    number = reader_with(_Blind(sure_confidence=0.0)).read(printed("8"), expect="number").numbers[0]
    assert (number.text, number.sure) == ("8", False)
    assert number.reason == "one network reads 8, another is not convinced"


@pytest.mark.parametrize("shape", [(1, 4000), (4, 4), (300, 2)])
def test_a_picture_too_small_for_a_digit_says_so(reader: Reader, shape: tuple[int, int]) -> None:
    reading = reader.read(np.full(shape, 255, np.uint8), expect="number")
    assert reading.numbers == ()
    assert reading.reason == f"a picture of {shape[1]}×{shape[0]} pixels is too small to hold a digit"


def test_signs_that_a_network_of_one_s_own_names_are_in_the_text_and_never_sure() -> None:
    reader = Reader(number_model_bytes(signs=tuple(".-/:,'()%")))
    pages = [on_paper(ink) for _, ink in drawings(6)]
    numbers = [number for page in pages for number in reader.read(page, expect="number").numbers if number.signs]
    assert numbers, "the network names a sign on none of these"
    for number in numbers:
        assert number.text != number.digits_text
        assert not number.sure
    without = [number for page in pages for number in reader.read(page, expect="number", signs=False).numbers]
    assert all(number.text == number.digits_text and not number.signs for number in without)
