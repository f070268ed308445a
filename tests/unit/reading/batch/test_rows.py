"""Outcomes as lines of a table and back: what each row says, and that a cut row is no row."""

from __future__ import annotations

import csv
import io
import json

import pytest

from digitry.reading.batch.rows import COLUMNS, FORMATS, csv_lines, csv_name, json_line
from digitry.types import Reading, is_sure
from tests.unit.reading.batch.outcomes import ALL, BLANK, BROKEN, HALF, ODD, PAGE, PAGES, SEVEN, number


def table(lines: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(lines.decode(), newline=""), COLUMNS))


def test_a_number_is_a_row_with_its_box_and_confidence() -> None:
    assert csv_lines(SEVEN) == b"a/7.png,1,1,7,0.999998,true,4,5,10,20,\n"


def test_the_doubt_of_one_number_is_in_its_row_alone() -> None:
    first, second = table(csv_lines(PAGE))
    assert (first["number"], first["text"], first["sure"], first["reason"]) == ("1", "12", "true", "")
    assert (second["number"], second["text"], second["sure"]) == ("2", "345", "false")
    assert second["reason"] == "the confidence is 0.50"


def test_a_doubt_about_the_whole_page_is_one_about_each_number_of_it() -> None:
    one, other = number("1", 0.9, 0), number("2", 0.9, 50)
    reading = Reading("a.png", (one, other), sure=False, reason="the page is upside down, perhaps")
    assert not is_sure(reading, one)
    assert not is_sure(reading, other)


def test_a_page_without_a_number_is_a_row_without_text_and_a_broken_file_one_without_a_page() -> None:
    (blank,) = table(csv_lines(BLANK))
    assert (blank["picture"], blank["page"], blank["text"], blank["x"]) == ("a/blank, or not.png", "1", "", "")
    assert blank["reason"] == "the picture is blank"
    (broken,) = table(csv_lines(BROKEN))
    assert (broken["page"], broken["sure"], broken["reason"]) == ("", "false", "not a picture of a known format")


def test_every_page_has_its_rows_and_those_before_a_broken_one_are_kept() -> None:
    assert [(row["page"], row["number"]) for row in table(csv_lines(PAGES))] == [("1", "1"), ("2", "1"), ("2", "2")]
    assert [(row["page"], row["text"]) for row in table(csv_lines(HALF))] == [("1", "8"), ("", "")]


def test_json_has_an_object_a_page_and_null_for_the_page_of_what_cannot_be_read() -> None:
    one, two = (json.loads(line) for line in json_line(PAGES).splitlines())
    assert (one["page"], two["page"], len(two["numbers"])) == (1, 2, 2)
    good, bad = (json.loads(line) for line in json_line(HALF).splitlines())
    assert good["numbers"][0]["text"] == "8"
    assert bad == {**Reading("a/half.tif", reason="page 2 is broken").to_json(), "page": None}


def test_a_file_name_that_is_no_unicode_is_written_and_comes_back() -> None:
    assert table(csv_lines(ODD))[0]["picture"] == 'a/li\nne "1",\\udcff.png' == csv_name(ODD.name)
    assert json.loads(json_line(ODD))["picture"] == ODD.name


@pytest.mark.parametrize("kind", FORMATS)
def test_what_was_written_is_found_again_with_its_ends(kind: str) -> None:
    wanted, text = [], b""
    for outcome in ALL:
        text += FORMATS[kind].lines(outcome)
        wanted.append((csv_name(outcome.name) if kind == "csv" else outcome.name, outcome.failure is not None))
    found = list(FORMATS[kind].rows(io.BytesIO(text)))
    names = list(dict.fromkeys(row.picture for row in found))
    assert [(name, any(r.is_failure for r in found if r.picture == name)) for name in names] == wanted
    assert found[-1].end == len(text)
    assert all(text[row.end - 1 : row.end] == b"\n" for row in found)


@pytest.mark.parametrize("kind", FORMATS)
def test_wherever_a_table_is_cut_only_whole_rows_are_found(kind: str) -> None:
    text = b"".join(FORMATS[kind].lines(outcome) for outcome in ALL)
    ends = [row.end for row in FORMATS[kind].rows(io.BytesIO(text))]
    for cut in range(len(text)):
        found = [row.end for row in FORMATS[kind].rows(io.BytesIO(text[:cut]))]
        assert found == [end for end in ends if end <= cut], cut


@pytest.mark.parametrize("kind", FORMATS)
def test_rows_end_before_what_is_no_row(kind: str) -> None:
    good = FORMATS[kind].lines(SEVEN)
    for bad in (b"\0" * 30 + b"\n", b"{}\n", b"[1, 2]\n", b"\n", b'{"picture": 1}\n'):
        assert [row.end for row in FORMATS[kind].rows(io.BytesIO(good + bad + good))] == [len(good)]


def test_rows_end_before_what_no_cell_can_hold() -> None:
    good = FORMATS["csv"].lines(SEVEN)
    for bad in (b"\0" * 200_000, b'"' + b"x,\n" * 100_000):  # what a power cut leaves, a quote that is never closed
        assert [row.end for row in FORMATS["csv"].rows(io.BytesIO(good + bad))] == [len(good)]
