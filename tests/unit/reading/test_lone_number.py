"""A page that is one number, or one digit, is read by the networks for these; what is not agreed about is not sure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from digitry.reading import Reader
from digitry.types import Box
from tests.unit.images.written import ink_page, write
from tests.unit.reading.seen import Seen, level, network_seeing, row
from tests.unit.reading.seen_pages import PAPER, on_paper, only, read
from tests.unit.tiny_models import template_model_bytes

TINY_25, TINY_8 = ((24, 40), 16, 2, 3), ((30, 40), 20, 2, 9)
LARGE_25, LARGE_8 = ((100, 150), 60, 6, 8), ((80, 140), 60, 7, 30)
"""Shape, height of digits, gap, and the size of the sign, in pixels."""


def two_point_five(shape: tuple[int, int], height: int, gap: int, dot: int) -> tuple[NDArray[np.uint8], list[Box]]:
    """A picture of 2.5, and the boxes of its characters."""
    ink = np.zeros(shape, np.uint8)
    top = (shape[0] - height) // 2
    (two,) = write(ink, "2", 3, top, height)
    point = (two[0] + two[2] + gap, top + height - dot, dot, dot)
    ink[point[1] : point[1] + dot, point[0] : point[0] + dot] = 255
    (five,) = write(ink, "5", point[0] + dot + gap, top, height)
    return on_paper(ink), [two, point, five]


def minus_eight(shape: tuple[int, int], height: int, thick: int, length: int) -> tuple[NDArray[np.uint8], list[Box]]:
    """A picture of -8, and the boxes of its characters."""
    ink = np.zeros(shape, np.uint8)
    top = (shape[0] - height) // 2
    minus = (3, top + (height - thick) // 2, length, thick)
    ink[minus[1] : minus[1] + thick, 3 : 3 + length] = 255
    (eight,) = write(ink, "8", 3 + length + max(2, height // 6), top, height)
    return on_paper(ink), [minus, eight]


def test_a_picture_of_one_number_is_read_by_the_network_for_numbers_where_the_other_sees_too_little():
    page = on_paper(ink_page("38502", height=60))
    reading = read(page, [])
    assert (reading.text, reading.sure) == ("38502", False)
    assert reading.reason == "read as 38502, but on the page no number is seen"
    assert only(reading).value == 38502
    part = read(page, level("38", 40, 40, 60))
    assert (part.text, part.reason) == ("38502", "read as 38502, but on the page 38 is seen")


def test_where_both_see_the_same_number_the_signs_are_those_that_the_page_s_network_sees():
    ink = ink_page("385", height=60)
    boxes = write(np.zeros_like(ink), "385", 40, 40, 60)
    seen = [*row("385", boxes, 60), Seen("-", (8, 68, 22, 6), 60, after=0)]
    number = only(read(on_paper(ink), [replace(seen[0], before=3), *seen[1:]]))
    assert (number.text, number.value) == ("-385", -385)


def test_a_picture_of_one_digit_is_read_by_the_network_for_digits():
    reader = Reader(template_model_bytes(), sure_confidence=0.0)
    page = on_paper(ink_page("7", height=120))
    reader.networks.see_page = network_seeing(page.shape, level("4", 46, 40, 120))  # type: ignore[method-assign]
    monkeyed = np.eye(10, dtype=np.float32)[[4]]
    reader.networks.read_digits = lambda images: monkeyed  # type: ignore[method-assign]
    assert only(reader.read(page)).text == "4"
    reader.networks.see_page = network_seeing(page.shape, level("7", 46, 40, 120))  # type: ignore[method-assign]
    doubted = reader.read(page)
    assert (doubted.text, doubted.sure, doubted.reason) == ("4", False, "read as 4, but on the page 7 is seen")


def test_a_digit_of_which_nobody_is_convinced_is_not_all_of_the_picture():
    page = on_paper(ink_page("7", height=120))
    reader = Reader(template_model_bytes(), sure_confidence=0.0)
    reader.networks.see_page = network_seeing(page.shape, [])  # type: ignore[method-assign]
    shares = np.full((1, 10), 0.6 / 9, np.float32)
    for share, text in ((0.4, ""), (0.6, "4")):
        shares[0, 4] = share
        reader.networks.read_digits = lambda images: shares  # type: ignore[method-assign]
        assert reader.read(page).text == text


def test_what_frames_several_digits_makes_no_digit_with_them():
    page = on_paper(ink_page("7", height=120))
    reader = Reader(template_model_bytes(), sure_confidence=0.0)
    shares = np.eye(10, dtype=np.float32)[[4]]
    reader.networks.read_digits = lambda images: shares  # type: ignore[method-assign]
    for seen, texts in (("1", ["4"]), ("17", [])):
        reader.networks.see_page = network_seeing(page.shape, level(seen, 60, 60, 40))  # type: ignore[method-assign]
        assert [number.text for number in reader.read(page).numbers if number.text == "4"] == texts


def test_beside_a_number_elsewhere_a_large_mark_is_not_all_of_the_picture():
    ink = np.zeros((400, 800), np.uint8)
    write(ink, "8", 80, 60, 280)
    boxes = write(ink, "47", 500, 100, 40)
    assert read(on_paper(ink), row("47", boxes, 40)).text == "47"


def test_a_digit_that_looks_printed_is_given_and_not_sure_unless_print_is_asked_for():
    ink = np.zeros((160, 160), np.uint8)
    boxes = write(ink, "7", 55, 30, 90)
    page = on_paper(ink)
    for printed in (True, False):
        seen = row("7", boxes, 90, written=not printed)
        by_default, asked = only(read(page, seen)), only(read(page, seen, only="all"))
        assert (by_default.text, asked.text) == ("7", "7")
        assert by_default.hand == asked.hand == ("printed" if printed else "written")
        assert (by_default.reason == "it looks printed") == printed
        assert (by_default.sure, asked.sure) == (not printed, True)


def test_a_tiny_picture_is_one_digit_or_one_number():
    tiny = on_paper(ink_page("7", height=20, margin=4))
    assert max(tiny.shape) <= 40
    number = only(read(tiny, level("1", 4, 4, 20)))
    assert (number.text, number.value) == ("7", 7)


@pytest.mark.parametrize("text", ["2.5", "-8"])
def test_a_tiny_number_has_its_signs_and_is_not_sure_or_is_its_digits_where_no_signs_are_wanted(text: str):
    page, _ = two_point_five(*TINY_25) if text == "2.5" else minus_eight(*TINY_8)
    assert max(page.shape) <= 40
    number, plain = only(read(page, [])), only(read(page, [], signs=False))
    assert (number.text, number.value, number.sure) == (text, float(text), False)
    assert number.reason == "signs in so small a picture are not read reliably enough to be called sure"
    digits = number.digits_text
    assert (plain.text, plain.value, plain.signs, plain.sure) == (digits, float(digits), (), False)


@pytest.mark.parametrize("text", ["2.5", "-8"])
def test_a_sign_that_the_page_s_network_does_not_see_is_read_and_not_sure(text: str):
    page, boxes = two_point_five(*LARGE_25) if text == "2.5" else minus_eight(*LARGE_8)
    digits = [(name, box) for name, box in zip(text, boxes, strict=True) if name.isdigit()]
    seen = row([name for name, _ in digits], [box for _, box in digits], 60)
    number, plain = only(read(page, seen)), only(read(page, seen, signs=False))
    assert (number.text, number.value, number.sure) == (text, float(text), False)
    assert number.reason == f"read as {text}, but on the page {number.digits_text} is seen"
    assert (plain.text, plain.value, plain.signs) == (number.digits_text, float(number.digits_text), ())
    assert (plain.sure, plain.reason) == (False, "there may be a sign among its digits")


def test_where_both_see_the_same_signs_they_agree_though_the_page_s_network_is_not_convinced():
    page, boxes = two_point_five(*LARGE_25)
    number = only(read(page, row("2.5", boxes, 60, clear=1.1)))
    assert (number.text, number.value) == ("2.5", 2.5)
    assert number.reason is None or "read as" not in number.reason


def test_a_digit_with_a_sign_is_one_digit_and_none_where_the_page_s_network_sees_several():
    page, _ = minus_eight(*LARGE_8)
    assert read(page, level("17", 46, 15, 40)).text == "17"
    assert read(page, []).text == "-8"


def test_a_number_that_looks_printed_is_given_and_not_sure_unless_print_is_asked_for():
    ink = ink_page("385", height=60)
    boxes = write(np.zeros_like(ink), "385", 40, 40, 60)
    for printed in (True, False):
        seen = row("385", boxes, 60, written=not printed)
        by_default, asked = (only(read(on_paper(ink), seen, rotate=0, only=hand)) for hand in ("written", "all"))
        assert by_default.text == asked.text == "385"
        assert (by_default.reason == "it looks printed") == printed
        assert (by_default.sure, asked.sure) == (not printed, True)


def test_whether_a_tiny_number_is_printed_is_not_known():
    tiny = on_paper(ink_page("7", height=20, margin=4))
    assert only(read(tiny, [])).hand is None
    assert read(tiny, []).sure
    printed = read(tiny, [], only="printed")
    assert (printed.text, printed.sure) == ("7", False)
    assert printed.reason == only(printed).reason == "in so small a picture it is unclear whether it is printed"


def slim_one() -> NDArray[np.uint8]:
    """A 1 in a picture that has room for nothing else, 20×4."""
    page = np.full((20, 4), PAPER, np.uint8)
    page[2:18, 1:3] = 30
    return page


def test_a_slim_1_is_a_tiny_picture_like_others():
    number = only(read(slim_one(), []))
    assert (number.text, number.value, number.sure) == ("1", 1, True)
    printed = read(slim_one(), [], only="printed")
    assert (printed.text, printed.sure) == ("1", False)
    assert printed.reason == "in so small a picture it is unclear whether it is printed"
    turned = read(np.rot90(slim_one()), [], rotate=90)
    assert (turned.text, turned.turn) == ("1", 90)
    assert only(turned).box[2] > only(turned).box[3], "on the picture as it lies"
    assert only(read(slim_one(), [], expect="number")).value == 1


def test_the_page_that_is_kept_is_the_one_that_was_given_however_it_was_turned():
    tiny = on_paper(ink_page("7", height=20, margin=4))
    assert tiny.shape[0] != tiny.shape[1]
    large = on_paper(ink_page("7", height=60))
    for page, seen in ((tiny, []), (slim_one(), []), (large, level("7", 40, 40, 60))):
        lying = np.ascontiguousarray(np.rot90(page))
        reading = read(lying, seen, rotate=90)
        assert np.array_equal(reading.stages["grey"], lying)


def test_what_is_not_agreed_about_has_the_hand_and_the_signs_beside_it_that_are_seen():
    page = on_paper(ink_page("38502", height=60))
    for written in (True, False):
        number = only(read(page, level("38%", 40, 40, 60, written=written)))
        assert (number.text, number.reason) == ("38502", "read as 38502, but on the page 38 is seen")
        assert (number.hand, number.around) == ("written" if written else "printed", ("%",))
