"""What looks like a 1 is a slash where that leaves a date or a mark."""

from __future__ import annotations

import pytest

from digitry.reading.slashes import ODDS, is_date_or_mark, may_be_ones, with_slashes
from digitry.types import Digit


def characters(text: str, *doubtful: int, slash: float = 0.3) -> list[Digit]:
    """A number whose characters at these places were read as 1, and may be a slash."""
    return [
        Digit("1", 0.6, (0, 0, 1, 1), (("/", slash), ("7", 0.01)))
        if place in doubtful
        else Digit(one, 0.9, (0, 0, 1, 1))
        for place, one in enumerate(text)
    ]


def text_of(given: list[Digit]) -> str:
    return "".join(one.label for one in with_slashes(given)[0])


@pytest.mark.parametrize(
    ("read", "doubtful", "text"),
    [
        ("12105/2024", [2], "12/05/2024"),
        ("12/0512024", [5], "12/05/2024"),
        ("15120", [2], "15/20"),
        ("18111183", [2, 5], "18111183"),  # both together are too unlikely
        ("2024105/12", [4], "2024/05/12"),
        ("15120", [], "15120"),
        ("151200", [2], "151200"),
        ("25120", [2], "25120"),  # 25 of 20
        ("12/0512424", [5], "12/0512424"),
        ("11", [0, 1], "11"),
    ],
)
def test_a_one_is_a_slash_where_a_date_or_a_mark_comes_out(read: str, doubtful: list[int], text: str) -> None:
    assert text_of(characters(read, *doubtful)) == text


def test_two_slashes_are_found_where_both_are_likely() -> None:
    assert text_of(characters("18111183", 2, 5, slash=0.45)) == "18/11/83"


def test_what_is_hardly_a_slash_stays_a_one() -> None:
    assert text_of(characters("15120", 2, slash=0.9 * 0.6 / ODDS)) == "15120"
    assert text_of(characters("15120", 2, slash=1.1 * 0.6 / ODDS)) == "15/20"


def test_a_slash_that_looks_more_like_a_one_is_as_probable_as_it_looks() -> None:
    changed, probability = with_slashes(characters("15120", 2))
    assert (changed[2].label, changed[2].confidence, changed[2].alternatives[0]) == ("/", 0.3, ("1", 0.6))
    assert probability == pytest.approx(ODDS * 0.5 / (1 + ODDS * 0.5))
    assert may_be_ones(changed)
    assert with_slashes(characters("15120"))[1] == 1
    assert not may_be_ones(characters("15/20"))


def test_dates_come_in_any_order_and_marks_are_out_of_a_usual_total() -> None:
    for text in ("31/12/99", "12/31/1999", "2024/2/29", "1/1/01", "0/5", "100/100", "17/20"):
        assert is_date_or_mark(text), text
    for text in ("32/12/99", "13/13/99", "0/1/99", "1/1/2999", "21/20", "01/20", "3/7", "1/2/3", "15/20/", "1-1-2020"):
        assert not is_date_or_mark(text), text
