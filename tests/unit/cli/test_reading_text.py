"""Readings in words: known answers for one number, a page, pages, and doubts."""

from __future__ import annotations

from digitry.cli.reading_text import confidence, page_lines, printable, whole
from digitry.types import Box, Digit, Number, Reading


def number(
    text: str, p: float, box: Box, *, reason: str | None = None, others: tuple[tuple[str, float], ...] = ()
) -> Number:
    return Number(text, p, box, (), sure=reason is None, reason=reason, alternatives=others)


LIST = Reading(
    "list.jpg",
    (
        number("12", 0.9996, (10, 10, 40, 50)),
        number("3456", 0.987, (100, 14, 90, 50)),
        number("7", 0.61, (12, 90, 30, 50), reason="the confidence is 0.61", others=(("1", 0.3), ("9", 0.0001))),
        number("80", 0.99, (10, 170, 40, 50)),
    ),
    sure=False,
    reason="1 of 4 numbers is not sure",
)


def test_one_sure_number_is_itself_and_how_sure() -> None:
    assert whole([Reading("a.png", (number("4711", 0.9996, (0, 0, 9, 9)),), sure=True)]) == ["4711  > 99.9%"]


def test_one_doubtful_number_has_its_reason_and_its_alternatives() -> None:
    doubtful = number("7", 0.612, (0, 0, 9, 9), reason="it is faint", others=(("1", 0.301), ("9", 0.05)))
    reading = Reading("a.png", (doubtful,), reason="it is faint")
    assert whole([reading]) == ["7  61.2%  not sure: it is faint", "or 1 30.1%, 9 5.0%"]


def test_the_alternatives_of_a_digit_do_for_a_number_of_one() -> None:
    digit = Digit("7", 0.6, (0, 0, 9, 9), (("1", 0.4),))
    reading = Reading("a.png", (Number("7", 0.6, (0, 0, 9, 9), (digit,), sure=False),), reason="it is faint")
    assert whole([reading])[1] == "or 1 40.0%"


def test_a_page_is_a_table_in_reading_order() -> None:
    assert whole([LIST]) == [
        "line  number  confidence  box           note",
        "   1      12     > 99.9%  10,10 40×50",
        "   1    3456       98.7%  100,14 90×50",
        "   2       7       61.0%  12,90 30×50   not sure: the confidence is 0.61; or 1 30.0%",
        "   3      80       99.0%  10,170 40×50",
    ]


def test_a_doubt_about_the_page_as_a_whole_is_said_below() -> None:
    sure = tuple(number(text, 0.99, (x, 0, 9, 9)) for text, x in (("1", 0), ("2", 50)))
    text = whole([Reading("a.png", sure, reason="the page is crumpled")])
    assert text[-1] == "not sure: the page is crumpled"
    assert [line.endswith("not sure") for line in text[1:3]] == [True, True]


def test_pages_have_headings_or_stand_in_the_lines() -> None:
    pages = [
        Reading("a.tif", (number(text, 0.99, (0, 0, 9, 9)),), True, None, page) for page, text in ((1, "5"), (2, "6"))
    ]
    assert whole(pages) == ["page 1", "5  99.0%", "page 2", "6  99.0%"]
    assert page_lines("a.tif", pages) == ["a.tif, page 1: 5  99.0%", "a.tif, page 2: 6  99.0%"]


def test_in_a_line_a_page_is_as_sure_as_its_least_sure_number() -> None:
    assert page_lines("list.jpg", [LIST]) == ["list.jpg: 12 3456 7 80  61.0%  not sure: 1 of 4 numbers is not sure"]


def test_nothing_is_shown_as_certain() -> None:
    assert [confidence(p) for p in (1.0, 0.9996, 0.999, 0.5)] == ["> 99.9%", "> 99.9%", "99.9%", "50.0%"]


def test_a_name_cannot_move_the_cursor() -> None:
    assert printable("a\n\x1b[31mé\udcff.png") == "a\\n\\x1b[31mé\\udcff.png"
