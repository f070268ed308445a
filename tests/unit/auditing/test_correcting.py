"""Confirmed corrections move a person's pictures, all of them or none."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from digitry.auditing.correcting import (
    BACKUP,
    REMOVED,
    Correction,
    apply_corrections,
    read_corrections,
    write_table,
)
from digitry.auditing.suspects import Suspect
from digitry.errors import DataError


def suspect(file: Path | None, label: str = "4") -> Suspect:
    return Suspect(7, label, "9", 0.98, 0.01, ("taken for 9", "unlike the others"), file)


def fill_in(table: Path, *answers: str) -> None:
    rows = list(csv.DictReader(table.read_text().splitlines()))
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"correct": answer} for row, answer in zip(rows, answers, strict=True))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("4/a.png", "4/b.png", "9/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.png")}


def test_what_the_table_asks_for_comes_back_and_empty_answers_do_not(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "suspects.csv"
    write_table([suspect(folder / "4/a.png"), suspect(folder / "4/b.png"), suspect(folder / "9/c.png", "9")], table)
    assert read_corrections(table) == []
    fill_in(table, " 9 ", "", "9")
    assert read_corrections(table) == [Correction(folder / "4/a.png", "4", "9")]


def test_a_picture_moves_to_the_folder_of_its_class_and_a_removed_one_out_of_all(folder: Path) -> None:
    lines = apply_corrections(
        folder, [Correction(folder / "4/a.png", "4", "9"), Correction(folder / "9/c.png", "9", "remove")]
    )
    assert files(folder) == {"9/a.png", "4/b.png", f"{REMOVED}/9/c.png"}
    assert (folder / "9/a.png").read_text() == "4/a.png"
    assert lines == ["4/a.png → 9/a.png", f"9/c.png → {REMOVED}/9/c.png"]


def test_removed_pictures_are_no_data_any_more(folder: Path) -> None:
    from digitry.data.pictures import class_folder_pictures

    apply_corrections(folder, [Correction(folder / "4/a.png", "4", "remove")])
    assert {picture.path.name for picture in class_folder_pictures(folder)()} == {"b.png", "c.png"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Correction(Path("4/gone.png"), "4", "9"), "no longer there"),
        (Correction(Path("4/b.png"), "9", "4"), "is not in a class folder 9/"),
        (Correction(Path("4/b.png"), "4", "5"), "there is no class '5'"),
        (Correction(Path("4/a.png"), "4", "9"), "is there already"),
        (Correction(Path("/elsewhere/4/a.png"), "4", "9"), "is not in a class folder"),
        (Correction(Path("4/b.png"), "4", "../.."), "there is no class"),
    ],
)
def test_one_impossible_move_and_nothing_moves(folder: Path, wrong: Correction, message: str) -> None:
    before = files(folder)
    good = Correction(folder / "4/a.png", "4", "9")
    with pytest.raises(DataError, match=message):
        apply_corrections(folder, [good, wrong._replace(file=folder / wrong.file)])
    assert files(folder) == before


def test_a_name_that_is_taken_is_never_written_over(folder: Path) -> None:
    (folder / "9/a.png").write_text("another")
    with pytest.raises(DataError, match="is there already"):
        apply_corrections(folder, [Correction(folder / "4/a.png", "4", "9")])
    assert (folder / "9/a.png").read_text() == "another"


def test_a_table_of_labels_is_rewritten_and_the_old_one_kept(folder: Path) -> None:
    table = folder / "labels.csv"
    table.write_text("file,label,author\n4/a.png,4,me\n4/b.png,4,you\n9/c.png,9,me\n")
    lines = apply_corrections(
        folder, [Correction(folder / "4/a.png", "4", "9"), Correction(folder / "9/c.png", "9", "remove")]
    )
    assert table.read_text() == "file,label,author\n4/a.png,9,me\n4/b.png,4,you\n"
    assert (folder / BACKUP).read_text() == "file,label,author\n4/a.png,4,me\n4/b.png,4,you\n9/c.png,9,me\n"
    assert files(folder) == {"4/a.png", "4/b.png", "9/c.png"}
    assert lines == ["4/a.png: 4 → 9", "9/c.png: 9 → remove"]


def test_a_table_that_has_changed_meanwhile_is_left_alone(folder: Path) -> None:
    table = folder / "labels.csv"
    table.write_text("file,label\n4/a.png,5\n")
    for one, message in (
        (Correction(folder / "4/a.png", "4", "9"), "no longer '4'"),
        (Correction(folder / "4/b.png", "4", "9"), "does not name"),
    ):
        with pytest.raises(DataError, match=message):
            apply_corrections(folder, [one])
    assert table.read_text() == "file,label\n4/a.png,5\n"
    assert not (folder / BACKUP).exists()


def test_arrays_have_no_files_to_move_and_other_tables_no_columns(tmp_path: Path) -> None:
    table = tmp_path / "suspects.csv"
    write_table([suspect(None)], table)
    fill_in(table, "9")
    with pytest.raises(DataError, match="arrays, not pictures"):
        read_corrections(table)
    table.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="no columns file, label and correct"):
        read_corrections(table)
    with pytest.raises(DataError, match="cannot read"):
        read_corrections(tmp_path / "nowhere.csv")


def test_a_name_that_is_no_utf8_travels_through_the_table(tmp_path: Path) -> None:
    file = Path("/data/4") / b"caf\xe9.png".decode("utf-8", "surrogateescape")
    table = tmp_path / "suspects.csv"
    write_table([suspect(file)], table)
    text = table.read_bytes()
    table.write_bytes(text.rstrip() + b"9\n")
    assert read_corrections(table) == [Correction(file, "4", "9")]
