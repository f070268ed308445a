"""digitry read --table, and what a person knows: grids printed and in files, and settings that reach the reader."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from digitry.cli.read import command
from digitry.errors import DataError, SettingError
from digitry.reading.batch import here
from digitry.reading.knowledge import Knowledge
from tests.unit.reading.tables.made import number, reading


class Knowing:
    """A reader to which every picture is a table of two rows, and a .tif two pages; it keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, object]] = []

    def read_pages(self, picture, **asked):
        self.asked.append(asked)
        if "bad" in picture:
            raise DataError(f"{picture}: not a picture")
        if "blank" in picture:
            yield reading(sizes=(), sure=False, reason="blank")
            return
        for page in (1, 2) if picture.endswith(".tif") else (1,):
            yield reading(number("12", 0, 0), number("=7", 1, 1, sure=False), page=page, sizes=((2, 2),))


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Knowing:
    knowing = Knowing()
    monkeypatch.setattr(here, "open_reader", lambda settings: knowing)
    return knowing


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(one) for one in arguments])


def refused(*arguments: object) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, SettingError), result.output
    return str(result.exception)


def test_a_table_is_printed_as_a_grid(reader: Knowing) -> None:
    result = run("a.png", "--table")
    assert result.stdout.splitlines() == [
        "a.png, table 0: 2 rows, 2 columns; ? marks 1 not sure",
        "  |   0   1",
        "0 |  12",
        "1 |      =7?",
    ]


def test_every_picture_has_its_grids_and_one_without_says_so(reader: Knowing) -> None:
    result = run("a.tif", "blank.png", "--table")
    titles = [line for line in result.stdout.splitlines() if "table" in line]
    assert titles == [
        "a.tif, page 1, table 0: 2 rows, 2 columns; ? marks 1 not sure",
        "a.tif, page 2, table 0: 2 rows, 2 columns; ? marks 1 not sure",
        "blank.png: no table",
    ]


def test_all_tables_go_into_one_csv_that_no_spreadsheet_computes(reader: Knowing, tmp_path: Path) -> None:
    result = run("a.png", "b.tif", "--table", tmp_path / "out.csv")
    assert result.stdout == ""
    assert result.stderr.splitlines()[-2:] == [
        "digitry: read 2 pictures: 6 numbers, 3 of them sure",
        f"digitry: written: {tmp_path / 'out.csv'} (3 tables)",
    ]
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    cells = [(row["column_0"], row["column_1"], row["not_sure"]) for row in rows]
    assert cells == 3 * [("12", "", ""), ("", "'=7", "1")]
    assert [(row["picture"], row["page"], row["row"]) for row in rows] == [
        ("a.png", "1", "0"), ("a.png", "1", "1"), ("b.tif", "1", "0"), ("b.tif", "1", "1"), ("b.tif", "2", "0"),
        ("b.tif", "2", "1"),
    ]  # fmt: skip


def test_quiet_says_nothing_of_what_was_read_and_written(reader: Knowing, tmp_path: Path) -> None:
    assert run("a.png", "--table", tmp_path / "out.csv", "--quiet").output == ""


def test_all_tables_go_into_one_workbook_a_sheet_each(reader: Knowing, tmp_path: Path) -> None:
    run("a.png", "b.tif", "--table", tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert [sheet.title for sheet in book] == ["a", "b", "b p2"]
    assert book["a"]["A1"].value == 12


def test_json_is_printed_beside_a_file_of_tables(reader: Knowing, tmp_path: Path) -> None:
    result = run("a.png", "--json", "--table", tmp_path / "out.csv")
    assert result.stdout.startswith('{"picture": "a.png"')
    assert (tmp_path / "out.csv").exists()


def test_a_picture_that_cannot_be_read_stops_no_table(reader: Knowing, tmp_path: Path) -> None:
    result = run("bad.png", "a.png", "--table", tmp_path / "out.csv")
    assert result.exit_code == 3
    assert "bad.png: not a picture" in result.stderr
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 3


def test_tables_that_were_written_are_not_written_over(reader: Knowing, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("corrected by hand")
    assert "exists; delete it, or choose another name" in refused("a.png", "--table", tmp_path / "out.csv")
    assert reader.asked == [], "nothing is read in vain"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--table", "a.png"), "name the pictures before --table"),
        (
            ("a.png", "--table", "b.png"),
            "whose name ends in .csv or .xlsx, not to b.png; to print it, put --table",
        ),
        (("a.png", "--expect", "digit", "--table"), "--table is for the tables of pages, and --expect is digit"),
        (("a.png", "--json", "--table"), "--json has the tables already"),
        (("a.png", "--resume", "--csv", "x.csv", "--table", "t.csv"), "--resume continues --csv and --jsonl files"),
        (("a.png", "--between", "20,0"), "between must be the least and the most"),
        (("a.png", "--length", "x"), "length must be a number of digits like 6, or two like 4..8"),
        (("a.png", "--check", "lun"), "did you mean 'luhn'"),
        (("a.png", "--column", "-1"), "column counts from 0"),
        (("a.png", "--region", "1,2"), "region must be four whole numbers"),
    ],
)
def test_what_does_not_go_together_is_said_before_anything_is_read(
    reader: Knowing, arguments: tuple[str, ...], why: str
) -> None:
    assert why in refused(*arguments)
    assert reader.asked == []


def test_without_a_picture_the_usage_is_the_error() -> None:
    result = run("--json")
    assert result.exit_code == 2
    assert "Missing argument 'PICTURE...'" in result.output


def test_what_is_known_reaches_the_reader(reader: Knowing) -> None:
    run("a.png", "--between", "0,20", "--length", "1..2", "--check", "luhn", "--column", "1", "--region", "1,2,3,4")
    assert reader.asked[0]["known"] == Knowledge((0, 20), (1, 2), "luhn", 1, (1, 2, 3, 4))
    run("a.png")
    assert reader.asked[1]["known"] is None
