"""Braille charts, dot by dot."""

from __future__ import annotations

from digitry.training.chart import braille_chart


def lines(series: list[list[float]], width: int, height: int) -> list[str]:
    return ["".join(character for character, _ in row) for row in braille_chart(series, width, height)[0]]


def test_a_rising_line_goes_from_bottom_left_to_top_right() -> None:
    # 2 characters are 4 × 4 dots: (0,3) (1,2) (2,1) (3,0)
    assert lines([[0.0, 1.0]], width=2, height=1) == ["⡠⠊"]


def test_the_edges_are_the_lowest_and_highest_value() -> None:
    assert braille_chart([[3.0, 1.0], [2.0, 5.0]], width=4, height=2)[1:] == (1.0, 5.0)


def test_each_character_knows_the_curve_drawn_last_in_it() -> None:
    rows, _, _ = braille_chart([[0.0, 0.0], [1.0, 1.0]], width=3, height=2)
    assert {curve for _, curve in rows[0]} == {1}
    assert {curve for _, curve in rows[1]} == {0}


def test_one_point_is_one_dot_and_no_point_is_an_empty_chart() -> None:
    assert lines([[2.0]], width=1, height=1) == ["⠁"]
    assert lines([], width=2, height=1) == ["⠀⠀"]


def test_values_that_are_not_finite_are_left_out() -> None:
    assert lines([[0.0, float("nan"), 1.0]], width=2, height=1) == lines([[0.0, 1.0]], width=2, height=1)
