"""Ink that a program drew: what is read, where it stands, how sure, and why nothing is read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitry.errors import DataError, SettingError
from digitry.images.canonical import canonical
from digitry.images.segment import find_digit
from digitry.reading import Reader
from digitry.reading.drawn_ink import SIGN, UNREAD
from tests.unit.serve.drawn import cut_close, drawing, drawings
from tests.unit.tiny_models import printed_digit, template_model_bytes


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.mark.parametrize("expect", ["digit", "number"])
@pytest.mark.parametrize("digit", range(10))
def test_a_canonical_digit_painted_large_is_read(reader: Reader, digit: int, expect: str) -> None:
    small = canonical(printed_digit(digit))
    large = cv2.resize(small, (280, 280), interpolation=cv2.INTER_CUBIC)
    reading = reader.read_drawing(large, expect=expect)
    assert reading.text == str(digit)
    difference = np.abs(reading.stages["canonical"].astype(int) - small)
    assert difference.mean() < 12


@pytest.mark.parametrize("size", [(900, 300), (1800, 602)], ids=["as it is", "shrunk"])
@pytest.mark.parametrize("text", ["42", "77", "907"])
def test_boxes_end_where_a_drawing_that_was_cut_close_ends(reader: Reader, text: str, size: tuple[int, int]) -> None:
    ink = cut_close(drawing(text, size, 0.06, np.random.default_rng(1)))
    reading = reader.read_drawing(ink)
    assert reading.text == text
    for x, y, width, height in (one.box for number in reading.numbers for one in (number, *number.digits)):
        assert 0 <= x < x + width <= ink.shape[1]
        assert 0 <= y < y + height <= ink.shape[0]


@pytest.mark.parametrize("text", ["42", "907", "1385"])
def test_a_number_is_read_from_left_to_right_with_a_box_for_every_digit(reader: Reader, text: str) -> None:
    ink = drawing(text, (900, 300), 0.1, np.random.default_rng(5))
    (number,) = reader.read_drawing(ink).numbers
    assert number.text == text
    assert [digit.label for digit in number.digits] == list(text)
    lefts = [digit.box[0] for digit in number.digits]
    assert lefts == sorted(lefts)
    rows, columns = np.nonzero(ink)
    x, y, width, height = number.box
    assert abs(x - columns.min()) < 20
    assert abs(x + width - columns.max()) < 20
    assert abs(y - rows.min()) < 20
    assert abs(y + height - rows.max()) < 20


def test_every_line_is_read_and_every_number_on_it(reader: Reader) -> None:
    rng = np.random.default_rng(6)
    first, second = drawing("58", (600, 200), 0.08, rng), drawing("307", (600, 200), 0.08, rng)
    reading = reader.read_drawing(np.concatenate([first, second]))
    assert [number.text for number in reading.numbers] == ["58", "307"]
    assert reading.numbers[0].box[1] + reading.numbers[0].box[3] < 200 < reading.numbers[1].box[1]
    beside = reader.read_drawing(np.concatenate([first, second], axis=1))
    assert beside.text == "58 307"


def test_what_was_not_read_makes_nothing_sure(reader: Reader) -> None:
    ink = np.concatenate([drawing("58", (600, 200), 0.08, np.random.default_rng(6)), np.zeros((60, 600), np.uint8)])
    assert reader.read_drawing(ink).sure
    ink[220:232, 100:500] = 255
    reading = reader.read_drawing(ink)
    assert (reading.text, reading.sure, reading.reason) == ("58", False, UNREAD)


def test_beside_a_mark_that_may_be_a_sign_no_number_is_sure(reader: Reader) -> None:
    ink = np.zeros((200, 700), np.uint8)
    ink[:, 60:660] = drawing("58", (600, 200), 0.08, np.random.default_rng(6))
    assert reader.read_drawing(ink).sure
    for minus, text in ((ink, "58"), (drawing("7", (200, 200), 0.08, np.random.default_rng(6)), "-7")):
        minus = np.pad(minus, ((0, 0), (100, 0)))
        minus[97:103, 55:90] = 255
        reading = reader.read_drawing(minus)
        assert (reading.text, reading.sure, reading.reason) == (text, False, SIGN)
    below = np.concatenate([ink, minus_under(ink)])
    assert [number.sure for number in reader.read_drawing(below).numbers] == [True, False]


@pytest.mark.parametrize("text", ["2.5", "-8", "12:30", "15/20"])
def test_signs_are_read_and_never_sure(reader: Reader, text: str) -> None:
    page = np.zeros((140, 120 + 45 * len(text)), np.uint8)
    cv2.putText(page, text, (40, 100), cv2.FONT_HERSHEY_SIMPLEX, 2, 255, 5, cv2.LINE_AA)
    (number,) = reader.read_drawing(page).numbers
    assert (number.text, number.sure) == (text, False)


def minus_under(ink: np.ndarray) -> np.ndarray:
    other = ink.copy()
    other[97:103, 20:50] = 255
    return other


def test_the_strokes_of_one_digit_are_not_several_numbers(reader: Reader) -> None:
    five = drawing("5", (300, 300), 0.08, np.random.default_rng(0))
    five[130:138] = 0  # a hand that lifts the pen
    assert reader.read_drawing(five).text == "5"


def test_most_drawings_of_an_unsteady_hand_are_read(reader: Reader) -> None:
    made = drawings(40, seed=3)
    right = sum(reader.read_drawing(ink).text == text for text, ink in made)
    assert right >= 30


def test_a_large_drawing_is_read_as_the_same_one_small_and_its_boxes_are_its_own(reader: Reader) -> None:
    small = drawing("27", (500, 200), 0.1, np.random.default_rng(1))
    large = cv2.resize(small, (2000, 800), interpolation=cv2.INTER_LINEAR)
    for expect in ("digit", "number"):
        (one,), (other,) = (reader.read_drawing(ink, expect=expect).numbers for ink in (small, large))
        assert one.text == other.text
        np.testing.assert_allclose(np.array(one.box) * 4, other.box, atol=40)


def test_one_mark_is_read_by_the_network_for_single_digits(reader: Reader) -> None:
    ink = drawing("3", (600, 200), 0.1, np.random.default_rng(2))
    assert reader.read_drawing(ink, expect="number").numbers == reader.read_drawing(ink, expect="digit").numbers


def test_of_two_digits_where_one_is_expected_one_is_read_and_not_sure(reader: Reader) -> None:
    ink = np.concatenate([printed_digit(3), printed_digit(8)], axis=1)
    reading = reader.read_drawing(ink, expect="digit")
    assert reading.text in ("3", "8")
    assert not reading.sure
    assert reading.reason == "there are 2 marks that could be digits; only the most prominent one was read"
    assert reading.numbers[0].confidence < 0.91


def test_ink_that_fills_the_canvas_from_side_to_side_is_no_rule(reader: Reader) -> None:
    ink = np.zeros((200, 300), np.uint8)
    cv2.line(ink, (150, 0), (150, 199), 255, 12)
    assert reader.read_drawing(ink, expect="digit").text == "1"
    line = np.zeros((200, 300), np.uint8)
    cv2.line(line, (0, 100), (299, 100), 255, 3)
    assert find_digit(line) is None
    assert find_digit(line, ruled=False) is not None


@pytest.mark.parametrize("expect", ["digit", "number"])
@pytest.mark.parametrize(
    ("ink", "reason"),
    [
        (np.zeros((280, 280), np.uint8), "the picture is blank: nothing stands out from the paper"),
        (np.full((4, 280), 255, np.uint8), "a picture of 280×4 pixels is too small to hold a digit"),
        (np.zeros((0, 0), np.uint8), "a picture of 0×0 pixels is too small to hold a digit"),
    ],
    ids=["blank", "low", "empty"],
)
def test_a_drawing_without_a_digit_says_why(reader: Reader, ink: np.ndarray, reason: str, expect: str) -> None:
    reading = reader.read_drawing(ink, expect=expect)
    assert reading.numbers == ()
    assert not reading.sure
    assert reading.reason == reason


def test_a_dot_and_noise_are_no_digit(reader: Reader) -> None:
    dot = np.zeros((280, 280), np.uint8)
    dot[140:142, 140:142] = 255
    assert "specks" in (reader.read_drawing(dot, expect="digit").reason or "")
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
    for expect in ("digit", "number"):
        assert not reader.read_drawing(noise, expect=expect).sure


def test_the_same_ink_on_a_picture_of_paper_is_read_alike(reader: Reader) -> None:
    ink = drawing("604", (900, 300), 0.1, np.random.default_rng(4))
    assert reader.read(255 - ink, expect="number").text == reader.read_drawing(ink).text == "604"


def test_a_page_is_no_drawing(reader: Reader) -> None:
    with pytest.raises(SettingError, match="page"):
        reader.read_drawing(np.zeros((50, 50), np.uint8), expect="page")


@pytest.mark.parametrize("given", [np.zeros((50, 50)), np.zeros((50, 50, 3), np.uint8), "a.png", [[0, 1]]])
def test_what_is_no_ink_is_refused_with_what_came(reader: Reader, given: object) -> None:
    with pytest.raises(DataError, match="this is"):
        reader.read_drawing(given)  # type: ignore[arg-type]


def test_a_model_of_letters_reads_them_one_by_one_only() -> None:
    letters = Reader(template_model_bytes(class_names=tuple("abcdefghij")), sure_confidence=0.1)
    assert letters.read_drawing(printed_digit(7), expect="digit").text == "h"
    with pytest.raises(SettingError, match="use expect 'digit'"):
        letters.read_drawing(printed_digit(7), expect="number")


def dot(height: int, width: int, radius: int) -> np.ndarray:
    ink = np.zeros((height, width), np.uint8)
    return np.asarray(cv2.circle(ink, (width // 2, height // 2), radius, 255, -1, cv2.LINE_AA))


@pytest.mark.parametrize("light", [False, True], ids=["dark on light", "light on dark"])
@pytest.mark.parametrize(("height", "width", "radius"), [(120, 160, 16), (300, 500, 14), (600, 900, 4), (600, 900, 36)])
def test_a_dot_is_no_sure_number_at_any_size(height: int, width: int, radius: int, light: bool) -> None:
    ink = dot(height, width, radius)
    assert not Reader().read(ink if light else 255 - ink, expect="number").sure


@pytest.mark.parametrize("expect", ["digit", "number"])
@pytest.mark.parametrize("radius", [6, 14, 24, 40])
def test_a_dot_may_be_a_closed_0_but_is_never_sure(expect: str, radius: int) -> None:
    ink = dot(300, 500, radius)

    for reading in (Reader().read_drawing(ink, expect=expect), Reader().read(255 - ink, expect=expect)):
        assert not reading.sure
        assert reading.reason == "it is a solid spot: a dot, or a digit whose holes have closed"
