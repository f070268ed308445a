"""What there is to read: a table, its folder, or class folders; each bad row has its own reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitry.errors import DataError
from digitry.evaluation.labels import Labelled, read_labels


def table(folder: Path, text: str, *files: str) -> Path:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    (folder / "labels.csv").write_text(text, encoding="utf-8")
    return folder


def problems(found: list[Labelled]) -> list[str | None]:
    return [one.problem for one in found]


def test_a_folder_and_its_table_give_the_same_pictures_in_the_tables_order(tmp_path: Path) -> None:
    folder = table(tmp_path, "file,label,author,medium\nb.png,7,ann,ink\na/c.png,1,bob,\n", "b.png", "a/c.png")
    found = read_labels(folder, "page")
    assert found == read_labels(folder / "labels.csv", "page")
    assert [(one.name, one.wanted, one.author) for one in found] == [("b.png", "7", "ann"), ("a/c.png", "1", "bob")]


@pytest.mark.parametrize(
    ("label", "wanted"), [("0042", "0042"), ("1,250.-", "1250"), (" 7 ", "7"), ("$ 3 000", "3000")]
)
def test_whole_numbers_are_compared_by_their_digits(tmp_path: Path, label: str, wanted: str) -> None:
    (one,) = read_labels(table(tmp_path, f'file,label\na.png,"{label}"\n', "a.png"), "number")
    assert one.wanted == wanted


def test_every_bad_row_stays_with_its_own_reason(tmp_path: Path) -> None:
    rows = "a.png,\nb.png,seven\ngone.png,7\n../up.png,7\n,7\na.png,5b\na.png,--\na.png\n"
    found = read_labels(table(tmp_path, f"file,label\n{rows}a.png,7\n", "a.png", "b.png"), "page")
    assert problems(found) == [
        "the label is empty",
        "the label 'seven' is not a whole number",
        "there is no such file",
        "'../up.png' must be a path inside the table's own folder",
        "the row names no file",
        "the label '5b' is not a whole number",
        "the label '--' is not a whole number",
        "the label is empty",
        None,
    ]
    assert [one.wanted for one in found] == [""] * 8 + ["7"]


def test_one_digit_a_picture_means_one_digit_a_label(tmp_path: Path) -> None:
    folder = table(tmp_path, "file,label\na.png,42\n", "a.png")
    assert problems(read_labels(folder, "digit")) == [
        "the label '42' is not one digit; measure numbers with --expect number"
    ]
    assert problems(read_labels(folder, "number")) == [None]


def test_class_folders_are_read_in_order(tmp_path: Path) -> None:
    for name in ("7/b.png", "7/a10.png", "7/a9.png", "0/x.jpg"):
        table(tmp_path, "", name)
    (tmp_path / "labels.csv").unlink()
    found = read_labels(tmp_path, "digit")
    assert [one.name for one in found] == ["0/x.jpg", "7/a9.png", "7/a10.png", "7/b.png"]
    assert [one.wanted for one in found] == ["0", "7", "7", "7"]


def test_where_some_are_for_the_test_only_those_count(tmp_path: Path) -> None:
    folder = table(tmp_path / "t", "file,label,split\na.png,1,train\na.png,2,test\na.png,3,\n", "a.png")
    assert [one.label for one in read_labels(folder, "digit")] == ["2"]
    for name in ("train/1/a.png", "test/2/a.png"):
        table(tmp_path / "c", "", name)
    (tmp_path / "c" / "labels.csv").unlink()
    assert [one.name for one in read_labels(tmp_path / "c", "digit")] == ["test/2/a.png"]


def test_no_labelled_pictures_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: there is no such file or folder"):
        read_labels(tmp_path / "nowhere", "page")
    with pytest.raises(DataError, match=r"labels.csv \(columns file,label\) or with class folders 0/ to 9/"):
        read_labels(tmp_path, "page")
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(DataError, match=r"a.png: expected a folder with a labels.csv"):
        read_labels(tmp_path / "a.png", "page")
    with pytest.raises(DataError, match="no picture is listed"):
        read_labels(table(tmp_path, "file,label\n"), "page")
    with pytest.raises(DataError, match="the first line must name the columns file,label"):
        read_labels(table(tmp_path, "what,digit\na,7\n"), "page")
    (tmp_path / "labels.csv").write_bytes(b"file,label\n\xff\xfe,7\n")
    with pytest.raises(DataError, match="not a table of comma-separated UTF-8 text"):
        read_labels(tmp_path, "page")
