"""Grids as files that spreadsheets open."""

from __future__ import annotations

import csv
import io
import sys
import zipfile

import openpyxl
import pytest

from digitry.errors import SettingError, StorageError
from digitry.reading.tables.csv_grids import csv_grids
from digitry.reading.tables.grids import grids
from digitry.reading.tables.write_grids import check_grid_file, write_grids
from digitry.reading.tables.xlsx_grids import xlsx_grids
from tests.unit.reading.tables.made import number, reading

BEHIND = ["not_sure", "picture", "page", "table", "row"]


def csv_of(*readings):
    text = csv_grids([grid for one in readings for grid in grids(one)]).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def book_of(*readings):
    return openpyxl.load_workbook(io.BytesIO(xlsx_grids([grid for one in readings for grid in grids(one)])))


def test_a_row_of_the_table_is_a_row_of_the_csv_with_what_it_is_of_behind_it():
    assert csv_of(reading(number("7", 0, 2), number("2.5", 1, 0))) == [
        ["column_0", "column_1", "column_2", *BEHIND],
        ["", "", "7", "", "page.png", "1", "0", "0"],
        ["2.5", "", "", "", "page.png", "1", "0", "1"],
    ]


def test_the_csv_says_in_which_columns_the_reader_is_not_sure():
    rows = csv_of(reading(number("7", 0, 0, sure=False), number("8", 0, 1), number("9", 0, 2, sure=False)))
    assert rows[1][3] == "0 2"
    assert rows[2][3] == ""


def test_tables_of_many_pages_stand_below_each_other_in_one_csv():
    first = reading(number("1"), sizes=((1, 1),), picture="a.png")
    second = reading(number("2", 0, 1, table=1), sizes=((1, 1), (1, 2)), picture="b.tif", page=2)
    assert csv_of(first, second) == [
        ["column_0", "column_1", *BEHIND],
        ["1", "", "", "a.png", "1", "0", "0"],
        ["", "", "", "b.tif", "2", "0", "0"],
        ["", "2", "", "b.tif", "2", "1", "0"],
    ]


def test_without_a_table_the_csv_has_its_heading_and_the_workbook_an_empty_sheet():
    assert csv_of(reading(sizes=())) == [BEHIND]
    book = book_of(reading(sizes=()))
    assert [sheet.title for sheet in book] == ["no table"]
    assert book["no table"].max_row == 1
    assert book["no table"]["A1"].value is None


@pytest.mark.parametrize("text", ["=1+2", "+49170", "@7", "-8-3"])
def test_no_spreadsheet_computes_a_cell(text):
    one = reading(number(text), picture="=evil.png")
    row = csv_of(one)[1]
    assert (row[0], row[4]) == (f"'{text}", "./=evil.png")
    cell = book_of(one).worksheets[0]["A1"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", True)


@pytest.mark.parametrize(
    ("text", "value"),
    [("65", 65), ("21.5", 21.5), ("-8", -8), ("1,250.00", 1250), ("0.5", 0.5), ("0", 0)],
)
def test_plain_numbers_are_numbers_in_a_workbook(text, value):
    cell = book_of(reading(number(text))).worksheets[0]["A1"]
    assert (cell.value, cell.data_type) == (value, "n")


@pytest.mark.parametrize("text", ["007", "12/05/2024", "10:45", "+7", "(5)", "1234567890123456", "3 4"])
def test_what_would_lose_something_as_a_number_is_text_in_a_workbook(text):
    cell = book_of(reading(number(text))).worksheets[0]["A1"]
    assert (cell.value, cell.data_type) == (text, "s")


def test_the_value_that_a_person_asked_for_is_the_number():
    cell = book_of(reading(number("1,250", value=1.25))).worksheets[0]["A1"]
    assert cell.value == 1.25


def test_what_is_no_plain_number_on_its_page_is_none_in_the_workbook():
    for hand in ("written", None):
        cell = book_of(reading(number("3,5", value=None, hand=hand))).worksheets[0][
            "A1"
        ]  # and the decimal sign is a point
        assert (cell.value, cell.data_type) == ("3,5", "s")


def test_a_cell_that_is_not_sure_has_a_colour_and_says_why():
    one = number("65", sure=False, reason="it is struck out", alternatives=(("66", 0.05),))
    sheet = book_of(reading(one, number("70", 0, 1))).worksheets[0]
    assert sheet["A1"].fill.start_color.rgb == "FFFFDD99"
    assert sheet["A1"].comment.text == "65 is not sure (90.0%; or 66 5.0%): it is struck out"
    assert sheet["B1"].fill.fill_type is None
    assert sheet["B1"].comment is None


def test_empty_cells_stay_empty():
    sheet = book_of(reading(number("7", 1, 2))).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(max_row=2, max_col=3)] == [
        [None, None, None],
        [None, None, 7],
    ]


def test_sheets_are_named_after_pictures_pages_and_tables_each_once():
    many = [
        reading(number("1"), sizes=((1, 1), (1, 1)), picture="scans/marks.png"),
        reading(number("1"), sizes=((1, 1),), picture="scans/MARKS.jpg"),
        reading(number("1"), sizes=((1, 1),), picture="scans/marks.tif", page=2),
        reading(number("1"), sizes=((1, 1),), picture="a:b[1]*?.png"),
        reading(number("1"), sizes=((1, 1),), picture="'" + 40 * "x" + ".png"),
        reading(number("1"), sizes=((1, 1),), picture="y" + 40 * "x" + "\udcff.png", page=12),
        reading(number("1"), sizes=((1, 1),), picture=""),
    ]
    titles = [sheet.title for sheet in book_of(*many)]
    assert titles == [
        "marks", "marks t2", "MARKS (2)", "marks p2", "a_b_1___", 31 * "x", "y" + 26 * "x" + " p12", "table",
    ]  # fmt: skip


def test_a_file_is_written_by_its_ending(tmp_path):
    found = grids(reading(number("7")))
    write_grids(found, tmp_path / "a.csv")
    write_grids(found, tmp_path / "b.XLSX")
    assert (tmp_path / "a.csv").read_bytes() == csv_grids(found)
    assert zipfile.is_zipfile(tmp_path / "b.XLSX")


def test_a_table_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "a.csv"
    target.write_text("corrected by hand")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StorageError, match="No space left"):
        write_grids(grids(reading(number("7"))), target)
    assert target.read_text() == "corrected by hand"
    assert list(tmp_path.iterdir()) == [target]


def test_another_kind_of_file_is_refused_with_what_is_possible(tmp_path):
    with pytest.raises(SettingError, match=r"a file whose name ends in \.csv or \.xlsx, not to .*page\.jpg"):
        check_grid_file(tmp_path / "page.jpg")


def test_a_file_that_is_there_is_not_written_over(tmp_path):
    (tmp_path / "a.csv").write_text("corrected by hand")
    with pytest.raises(SettingError, match="exists; delete it, or choose another name"):
        check_grid_file(tmp_path / "a.csv")


def test_a_missing_package_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    monkeypatch.setattr("digitry.packages.find_spec", lambda name: None)
    with pytest.raises(SettingError, match=r"marks\.xlsx needs openpyxl; install with: pip install .*\[xlsx\]"):
        check_grid_file(tmp_path / "marks.xlsx")
    check_grid_file(tmp_path / "marks.csv")
