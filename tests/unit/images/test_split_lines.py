"""Numbers of a drawing stand apart: in lines, and by gaps that are wide for their line."""

from __future__ import annotations

import pytest

from digitry.images.lines import Line
from digitry.images.split_lines import split_lines


def line(*lefts: int, y: int = 0, width: int = 20, height: int = 40) -> Line:
    """A line of digits that begin at these columns."""
    columns = tuple((left, left + width) for left in lefts)
    box = (lefts[0], y, columns[-1][1] - lefts[0], height)
    return Line(box, float(height), 100 * len(lefts), columns)


def test_lines_come_from_top_to_bottom_whichever_has_more_ink() -> None:
    upper, lower = line(0, 30), line(0, 30, 60, 90, y=100)

    assert split_lines([lower, upper]) == [upper, lower]


def test_digits_on_a_slope_stay_one_number() -> None:
    stairs = [line(0, y=60), line(30, y=40), line(60, y=20), line(95, y=0)]

    (whole,) = split_lines(stairs)

    assert whole.columns == ((0, 20), (30, 50), (60, 80), (95, 115))


@pytest.mark.parametrize(
    ("lefts", "parts"),
    [
        ((0, 30, 60), [3]),
        ((0, 30, 100, 130), [2, 2]),  # 50 pixels where the others are 10, and the digits 40 high
        ((0, 69, 138), [3]),  # as wide everywhere: a hand that writes so
        ((0, 67), [2]),
        ((0, 70), [1, 1]),  # one gap alone of more than 1.2 heights
        ((0, 121, 242), [1, 1, 1]),  # nobody writes one number so
        ((0, 30, 60, 130, 160, 230), [3, 2, 1]),
    ],
)
def test_a_gap_parts_two_numbers_where_it_is_wide_and_unlike_the_others(
    lefts: tuple[int, ...], parts: list[int]
) -> None:
    assert [len(part.columns) for part in split_lines([line(*lefts)])] == parts


def test_the_parts_of_a_line_reach_as_far_as_it_does_and_hold_their_digits() -> None:
    whole = line(10, 40, 130)._replace(box=(5, 0, 170, 40))

    first, second = split_lines([whole])

    assert (first.box, second.box) == ((5, 0, 55, 40), (130, 0, 45, 40))


def test_no_lines_are_no_numbers() -> None:
    assert split_lines([]) == []
