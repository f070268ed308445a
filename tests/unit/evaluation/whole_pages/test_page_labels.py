"""The labels of whole pages, as people write them down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digitry.errors import DataError
from digitry.evaluation.whole_pages.page_labels import find_page_labels, read_page_labels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def labels(folder: Path, *pages):
    file = folder / "labels.json"
    file.write_text(json.dumps(list(pages)))
    return read_page_labels(file)


def table(folder: Path, text: str):
    file = folder / "labels.csv"
    file.write_text(text)
    return read_page_labels(file)


def test_a_page_says_its_numbers_what_is_set_aside_and_where_they_stand(folder):
    (page,) = labels(
        folder,
        {
            "file": "a.png",
            "kind": "form",
            "numbers": ["12", "2.5"],
            "printed": ["1"],
            "doubtful": ["7"],
            "rows": [["12", ""], ["", "2.5"]],
            "note": "x",
        },
    )
    assert (page.numbers, page.aside, page.rows) == (("12", "2.5"), ("1", "7"), (("12", ""), ("", "2.5")))
    assert (page.path, page.name, page.kind, page.problem) == (folder / "a.png", "a.png", "form", None)


def test_a_table_alone_says_which_numbers_there_are_but_for_words_and_what_stands_aside(folder):
    rows = [["Name", "2026"], ["", "21.5 −3"]]
    (folder / "labels.json").write_text(json.dumps([{"file": "a.png", "rows": rows, "printed": ["2026"]}]))
    (page,) = read_page_labels(folder / "labels.json")
    assert (page.numbers, page.aside, page.problem) == (("21.5", "−3"), ("2026",), None)


def test_numbers_in_json_count_as_they_are_written(folder):
    (folder / "labels.json").write_text('[{"file": "a.png", "numbers": [12, 2.50, -8]}]')
    assert read_page_labels(folder / "labels.json")[0].numbers == ("12", "2.50", "-8")


def test_a_table_has_a_row_a_number_and_pages_in_any_order(folder):
    first, second = table(
        folder,
        "file,number,row,column,aside,kind\n"
        "a.png,12,0,1,,form\nb.png,,,,,\na.png,2.5,1,0,,\na.png,3,1,0,,\na.png,99,,,yes,\n",
    )
    assert (first.name, first.numbers, first.aside, first.kind) == ("a.png", ("12", "2.5", "3"), ("99",), "form")
    assert first.rows == (("", "12"), ("2.5 3", ""))
    assert (second.name, second.numbers, second.rows, second.problem) == ("b.png", (), (), None)


def test_where_pages_are_marked_as_test_only_those_count(folder):
    pages = table(folder, "file,number,split\na.png,1,train\nb.png,2,Test\n")
    assert [page.name for page in pages] == ["b.png"]


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ({"numbers": []}, 'it has no "file"'),
        ({"file": "a.png"}, 'it has neither "numbers" nor "rows"'),
        ({"file": "a.png", "numbers": None, "rows": [["12"]]}, '"numbers" must be a list of numbers'),
        ({"file": "a.png", "numbers": "12"}, '"numbers" must be a list of numbers'),
        ({"file": "a.png", "numbers": [["12"]]}, '"numbers" must be a list of numbers'),
        ({"file": "a.png", "numbers": ["12"], "printed": None}, '"printed" must be a list of numbers'),
        ({"file": "a.png", "numbers": ["12"], "rows": ["12"]}, '"rows" must be a list of lists of texts'),
        ({"file": "a.png", "numbers": ["12"], "rows": [["1"] * 1001]}, '"rows" must be a list of lists'),
        ({"file": "a.png", "numbers": ["-"]}, "the number '-' has no digit"),
        ({"file": "gone.png", "numbers": ["1"]}, "there is no such file"),
        ({"file": "../a.png", "numbers": ["1"]}, "must be a path inside the table's own folder"),
    ],
)
def test_a_page_that_cannot_be_judged_says_why_and_stops_no_other(folder, page, problem):
    odd, good = labels(folder, page, {"file": "b.png", "numbers": ["1"]})
    assert problem in odd.problem
    assert good.problem is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("file,number,row,column\na.png,1,x,0\n", "line 2: the row 'x' is not a number from 0"),
        ("file,number,row,column\na.png,1,0,1000\n", "line 2: the column '1000' is not a number from 0"),
        ("file,number\n,1\n", "the row names no file"),
    ],
)
def test_a_row_that_cannot_be_used_is_the_problem_of_its_page(folder, text, problem):
    assert [page.problem for page in table(folder, text)] == [problem]


@pytest.mark.parametrize("text", ["", "{", "{}", "[1]", "[[]]", "[" * 100_000])
def test_what_is_no_list_of_pages_is_refused_with_what_was_expected(folder, text):
    (folder / "labels.json").write_text(text)
    with pytest.raises(DataError, match=r'labels\.json: .*a list of objects like \{"file": "page.jpg"'):
        read_page_labels(folder / "labels.json")


def test_an_empty_list_and_a_missing_file_are_refused(folder):
    with pytest.raises(DataError, match="no page is listed"):
        labels(folder)
    with pytest.raises(DataError, match=r"cannot read .*gone\.json: No such file"):
        read_page_labels(folder / "gone.json")


def test_labels_of_pages_are_told_from_labels_of_pictures(folder):
    assert find_page_labels(folder) is None
    (folder / "labels.json").write_text("[]")
    assert find_page_labels(folder) == folder / "labels.json"
    (folder / "labels.csv").write_text("file,label\n")
    assert find_page_labels(folder) is None, "a labels.csv is asked first, as it always was"
    (folder / "labels.csv").write_text("file,number\n")
    assert find_page_labels(folder) == folder / "labels.csv"
    assert find_page_labels(folder / "labels.csv") == folder / "labels.csv"
    assert find_page_labels(folder / "any.json") == folder / "any.json"
    assert find_page_labels(folder / "any.csv") is None
    assert find_page_labels(folder / "a.png") is None
