"""Lines of writing: in order, with what belongs to them and without what does not; wide gaps part numbers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitry.images.lines import Line, find_lines, one_line
from tests.unit.images.written import ink_page, tight_box, write


def near(box: tuple[int, ...], expected: tuple[int, ...], pixels: int = 2) -> bool:
    return all(abs(a - b) <= pixels for a, b in zip(box, expected, strict=True))


def test_lines_come_from_top_to_bottom_each_with_its_box_and_its_height() -> None:
    page = np.zeros((400, 500), np.uint8)
    places = {300: "17", 40: "902", 170: "4455"}
    for top, text in places.items():
        write(page, text, 50 + top // 4, top)
    lines = find_lines(page)
    assert [line.box[1] for line in lines] == pytest.approx([40, 170, 300], abs=2)
    for line, top in zip(lines, sorted(places), strict=True):
        alone = np.zeros_like(page)
        alone[top : top + 40] = page[top : top + 40]
        assert near(line.box, tight_box(alone))
        assert abs(line.digit_height - 40) <= 2
        assert len(line.columns) == len(places[top])
        assert abs(line.ink - np.count_nonzero(alone > 90)) < 0.05 * line.ink


def test_columns_run_from_left_to_right_one_for_each_digit() -> None:
    page = np.zeros((120, 300), np.uint8)
    boxes = write(page, "3847", 40, 40)
    (line,) = find_lines(page)
    for (first, last), (x, _, width, _) in zip(line.columns, boxes, strict=True):
        assert abs(first - x) <= 2
        assert abs(last - x - width) <= 2


def test_digits_over_one_another_share_their_columns() -> None:
    page = np.zeros((120, 300), np.uint8)
    page[40:80, 50:60] = 255  # a bar, and an arm that reaches over it without a touch
    page[36:40, 30:34] = 255
    page[30:33, 30:70] = 255
    page[33:80, 30:34] = 255
    (line,) = find_lines(page)
    assert len(line.columns) == 1


@pytest.mark.parametrize("shift", [-8, 8])
def test_digits_that_stand_a_little_higher_or_lower_are_on_the_same_line(shift: int) -> None:
    page = np.zeros((140, 400), np.uint8)
    write(page, "38", 40, 50)
    write(page, "6", 140, 50 + shift)
    write(page, "52", 190, 50)
    (line,) = find_lines(page)
    assert len(line.columns) == 5


def test_dots_and_dashes_belong_to_the_line_they_are_in_and_are_no_digits() -> None:
    page = np.zeros((240, 400), np.uint8)
    write(page, "12", 60, 50)
    write(page, "50", 160, 50)
    page[82:88, 140:146] = 255  # a point on the line's foot
    page[68:72, 240:256] = 255  # a dash behind it
    write(page, "77", 60, 160)
    first, second = find_lines(page)
    assert first.box[1] + first.box[3] <= 92
    assert first.box[0] + first.box[2] == pytest.approx(256, abs=1)
    assert (len(first.columns), len(second.columns)) == (4, 2)


def test_a_speck_far_from_a_line_is_not_of_it() -> None:
    page = np.zeros((120, 600), np.uint8)
    write(page, "12", 60, 40)
    page[60:66, 400:406] = 255
    (line,) = find_lines(page)
    assert line.box[0] + line.box[2] < 160


def test_parts_of_a_broken_digit_make_no_line_of_their_own() -> None:
    page = np.zeros((120, 300), np.uint8)
    write(page, "555", 40, 40)
    page[57:60, 40:120] = 0
    (line,) = find_lines(page)
    assert near(line.box, tight_box(page))


def test_rules_and_boxes_are_no_lines() -> None:
    page = np.zeros((300, 500), np.uint8)
    for row in (40, 120, 200, 280):
        page[row : row + 2] = 200
    assert find_lines(page) == []
    write(page, "4711", 60, 140)
    (line,) = find_lines(page)
    assert near(line.box, (60, 140, line.box[2], 40), 4)
    framed = np.pad(np.zeros((100, 300), np.uint8), 3, constant_values=255)
    write(framed, "38", 60, 30)
    (line,) = find_lines(framed)
    assert line.box[2] < 100


def test_writing_that_stands_on_a_rule_is_found_without_it() -> None:
    page = np.zeros((300, 500), np.uint8)
    boxes = write(page, "4785", 60, 140)
    for row in (60, 178, 260):
        page[row : row + 2] = 200
    (line,) = find_lines(page)
    assert len(line.columns) == 4
    assert line.box[0] == pytest.approx(60, abs=2)
    assert line.box[0] + line.box[2] == pytest.approx(boxes[-1][0] + boxes[-1][2], abs=2)


@pytest.mark.parametrize("side", [1, 3])
def test_specks_are_no_lines(side: int) -> None:
    page = np.zeros((200, 300), np.uint8)
    rng = np.random.default_rng(0)
    for y, x in rng.integers(10, 190, (15, 2)).tolist():
        page[y : y + side, x : x + side] = 255
    assert find_lines(page) == []


@pytest.mark.parametrize("shape", [(1, 1), (5, 400), (200, 300)])
def test_a_blank_page_has_no_lines(shape: tuple[int, int]) -> None:
    assert find_lines(np.zeros(shape, np.uint8)) == []


def test_the_edge_of_a_sheet_that_goes_around_the_writing_is_no_line() -> None:
    page = ink_page("3062", "985", height=40, margin=120)
    plain = find_lines(page)
    outlined = page.copy()
    height, width = page.shape
    # Tilted, so that it is neither a rule nor a frame.
    edge = np.array([[[50, 70], [width - 70, 45], [width - 45, height - 70], [75, height - 45]]], np.int32)
    cv2.polylines(outlined, edge, True, 255, 3)
    assert [line.box for line in find_lines(outlined)] == [line.box for line in plain]


def piece(x: int, y: int, width: int = 20, height: int = 30, ink: int = 200) -> Line:
    """A line with one digit."""
    return Line((x, y, width, height), float(height), ink, ((x, x + width),))


def test_digits_on_a_slope_are_one_line_with_all_that_is_beside_it() -> None:
    stairs = [piece(0, 60), piece(30, 40), piece(60, 20, ink=300), piece(95, 0)]
    whole = one_line(stairs)
    assert whole.box == (0, 0, 115, 90)
    assert whole.columns == ((0, 20), (30, 50), (60, 80), (95, 115))
    assert whole.digit_height == 30
    assert whole.ink == 900


@pytest.mark.parametrize(
    "other",
    [piece(30, 29), piece(0, 35), piece(110, 0), piece(25, 0, 8, 12)],
    ids=["below its level", "under it", "too far away", "much lower"],
)
def test_what_does_not_go_on_with_the_line_is_left_out(other: Line) -> None:
    line = piece(0, 0, ink=300)
    assert one_line([other, line]) == line
