"""Cells: nothing that a stranger names is computed by a spreadsheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitry.auditing.correcting import read_corrections, write_table
from digitry.auditing.suspects import Suspect
from digitry.pages.table_cells import file_cell, number_cell, text_cell, text_of
from digitry.reading.batch.records import Outcome
from digitry.reading.batch.rows import csv_lines
from digitry.types import Number, Reading

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@pytest.mark.parametrize("start", STARTS)
def test_a_file_is_named_from_its_folder_where_its_name_begins_like_a_formula(start: str) -> None:
    assert file_cell(f"{start}cmd.png") == f"./{start}cmd.png"
    assert Path(file_cell(f"{start}cmd.png")) == Path(f"{start}cmd.png")


@pytest.mark.parametrize("name", ["a=b.png", "/=a.png", "7.png", "-", "=", "", "'=a.png"])
def test_all_other_names_stay(name: str) -> None:
    assert file_cell(name) == name


@given(st.text() | st.builds(lambda quotes, start, rest: quotes + start + rest,
       st.text("'", max_size=3), st.sampled_from(STARTS), st.text()))  # fmt: skip
def test_a_text_begins_like_no_formula_and_comes_back(text: str) -> None:
    cell = text_cell(text)
    assert len(cell) < 2 or not cell.startswith(STARTS)
    assert text_of(cell) == text


def test_what_a_person_writes_without_a_quote_is_what_was_written() -> None:
    assert [text_of(given) for given in ("+", "=a", "'=a", "'a", "7")] == ["+", "=a", "=a", "'a", "7"]


@pytest.mark.parametrize("text", ["-8", "-2.5", "-1,250.00", "7", "12/05", ""])
def test_a_negative_number_stays_a_number(text: str) -> None:
    assert number_cell(text) == text


@pytest.mark.parametrize("text", ["-8-3", "-8+A1", "+49170", "-", "--8", "-8\n", "-٨", "=8"])
def test_what_is_more_than_a_negative_number_is_text(text: str) -> None:
    assert number_cell(text) == text_cell(text)


def formulas(table: bytes) -> list[str]:
    rows = csv.reader(io.StringIO(table.removeprefix(b"\xef\xbb\xbf").decode(), newline=""))
    return [cell for row in rows for cell in row if len(cell) > 1 and cell.startswith(STARTS)]


@pytest.mark.parametrize("start", STARTS)
def test_the_table_of_readings_holds_no_formula(start: str) -> None:
    """A model says what its classes are called, a file what it is called."""
    evil = f"{start}cmd|'/C calc'!A0"
    sure = Number(evil, 0.9, (0, 0, 1, 1), (), True, None, ())
    doubtful = Number("7", 0.9, (-3, 0, 1, 1), (), False, evil, ())
    readings = (Reading(evil, (sure, doubtful), sure=False, reason=evil), Reading(evil, reason=evil))
    assert formulas(csv_lines(Outcome(evil, readings, evil))) == ["-3"], "a number"


def test_a_negative_number_is_a_number_in_the_table_of_readings() -> None:
    number = Number("-8.5", 0.9, (0, 0, 1, 1), (), True, None, ())
    assert b",-8.5,0.900000," in csv_lines(Outcome("a.png", (Reading("a.png", (number,), sure=True),)))


@pytest.mark.parametrize("start", STARTS[:5])
def test_the_table_of_suspects_holds_no_formula_and_says_the_same(start: str, tmp_path: Path) -> None:
    evil, table = f"{start}cmd|A0", tmp_path / "suspects.csv"
    suspect = Suspect(0, evil, evil, 0.9, 0.1, (evil,), Path(evil))
    write_table([suspect], table)
    assert formulas(table.read_bytes()) == []
    table.write_text(table.read_text(encoding="utf-8").rstrip("\n") + f"'{start}other\n", encoding="utf-8")
    write_table([suspect], table)
    assert formulas(table.read_bytes()) == []
    [correction] = read_corrections(table)
    assert correction == (Path(evil), evil, f"{start}other")
