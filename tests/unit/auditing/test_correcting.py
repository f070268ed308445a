"""Confirmed corrections move a person's pictures, all of them or none."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from digitry.auditing.correcting import (
    REMOVED,
    Correction,
    apply_corrections,
    read_corrections,
    write_table,
)
from digitry.auditing.suspects import Suspect
from digitry.errors import DataError, StorageError
from digitry.files import folder_for_number, label_of_folder


def suspect(file: Path | None, label: str = "4", index: int = 7) -> Suspect:
    return Suspect(index, label, "9", 0.98, 0.01, ("taken for 9", "unlike the others"), file)


def fill_in(table: Path, *answers: str) -> None:
    rows = list(csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines()))
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


def test_a_class_whose_label_is_no_folders_name_is_known_by_its_label(tmp_path: Path) -> None:
    for name in ("1∕2/a.png", "10∶45/b.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(name)
    assert apply_corrections(tmp_path, [Correction(tmp_path / "1∕2/a.png", "1/2", "10:45")])
    assert files(tmp_path) == {"10∶45/a.png", "10∶45/b.png"}


def test_removed_pictures_are_no_data_any_more(folder: Path) -> None:
    from digitry.datasets.labelled_pictures import class_folder_pictures

    apply_corrections(folder, [Correction(folder / "4/a.png", "4", "remove")])
    assert {picture.path.name for picture in class_folder_pictures(folder)()} == {"b.png", "c.png"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Correction(Path("4/gone.png"), "4", "9"), "no longer there"),
        (Correction(Path("4/b.png"), "9", "4"), "is not in a class folder 9/"),
        (Correction(Path("4/b.png"), "4", "5"), "there is no class '5'"),
        (Correction(Path("4/b.png"), "4", ".."), "there is no class '..'"),
        (Correction(Path("4/b.png"), "4", "../9"), "there is no class '../9'"),
        (Correction(Path("4/a.png"), "4", "remove"), "two classes, '9' and 'remove'"),
        (Correction(Path("/elsewhere/4/a.png"), "4", "9"), "name the folder that was audited"),
        (Correction(Path("../elsewhere/4/a.png"), "4", "9"), "name the folder that was audited"),
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
    lines = apply_corrections(folder, [Correction(folder / "4/a.png", "4", "9")])
    assert lines == ["4/a.png → 9/a-from-4.png"]
    assert (folder / "9/a.png").read_text() == "another"
    assert (folder / "9/a-from-4.png").read_text() == "4/a.png"


def test_the_same_table_again_does_what_is_left_and_nothing_twice(folder: Path) -> None:
    first, second = Correction(folder / "4/a.png", "4", "9"), Correction(folder / "4/b.png", "4", "9")
    assert apply_corrections(folder, [first]) == ["4/a.png → 9/a.png"]
    assert apply_corrections(folder, [first, second]) == ["4/b.png → 9/b.png"]
    assert apply_corrections(folder, [first, second]) == []


def test_a_move_that_fails_says_how_far_it_came_and_the_same_call_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [Correction(folder / name, "4", "9") for name in ("4/a.png", "4/b.png")]
    real = shutil.move

    def full(old: Path, new: Path) -> None:
        if old.name == "b.png":
            raise OSError(28, "No space left on device")
        real(old, new)

    monkeypatch.setattr(shutil, "move", full)
    with pytest.raises(StorageError, match=r"1 of 2 pictures are moved; cannot move .*b\.png"):
        apply_corrections(folder, both)
    monkeypatch.undo()
    assert apply_corrections(folder, both) == ["4/b.png → 9/b.png"]


def test_the_folder_may_be_named_another_way(folder: Path) -> None:
    (folder.parent / "link").symlink_to(folder)
    assert apply_corrections(folder.parent / "link", [Correction(folder / "4/a.png", "4", "9")])


def test_pictures_of_the_test_part_stay_in_it(tmp_path: Path) -> None:
    for name in ("train/4/a.png", "test/4/b.png", "test/9/c.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(name)
    lines = apply_corrections(
        tmp_path,
        [Correction(tmp_path / "test/4/b.png", "4", "9"), Correction(tmp_path / "train/4/a.png", "4", "remove")],
    )
    assert lines == ["test/4/b.png → test/9/b.png", f"train/4/a.png → {REMOVED}/train/4/a.png"]


# The same in a labels.csv.

ROWS = b'file,label,author\r\n4/a.png,4,"Doe, Jane"\r\n4/b.png,4,you,surplus\r\n9/c.png,9,me\r\n'


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_table_is_rewritten_and_every_older_one_kept(folder: Path, bom: bytes) -> None:
    table = folder / "labels.csv"
    table.write_bytes(bom + ROWS)
    corrections = [Correction(folder / "4/a.png", "4", "9"), Correction(folder / "9/c.png", "9", "remove")]
    assert apply_corrections(folder, corrections) == ["4/a.png: 4 → 9", "9/c.png: 9 → remove"]
    now = bom + b'file,label,author\r\n4/a.png,9,"Doe, Jane"\r\n4/b.png,4,you,surplus\r\n'
    assert table.read_bytes() == now
    assert (folder / "labels.before-1.csv").read_bytes() == bom + ROWS
    assert apply_corrections(folder, corrections) == [], "it is done already"
    apply_corrections(table, [Correction(folder / "4/b.png", "4", "9")])
    assert (folder / "labels.before-1.csv").read_bytes() == bom + ROWS
    assert (folder / "labels.before-2.csv").read_bytes() == now
    assert files(folder) == {"4/a.png", "4/b.png", "9/c.png"}


def test_a_picture_with_two_labels_loses_the_wrong_one(folder: Path) -> None:
    table = folder / "labels.csv"
    table.write_text("file,label\n4/a.png,9\n4/a.png,4\n4/a.png,4\n\n4/b.png,4\n")
    lines = apply_corrections(folder, [Correction(folder / "4/a.png", "4", "9")])
    assert lines == ["4/a.png: 4 → 9"] * 2
    assert table.read_text().splitlines() == ["file,label", *["4/a.png,9"] * 3, "", "4/b.png,4"]


def test_pictures_that_are_links_are_known_by_their_own_names(folder: Path) -> None:
    (folder / "store").mkdir()
    (folder / "4/b.png").rename(folder / "store/123")
    (folder / "4/b.png").symlink_to(folder / "store/123")
    (folder / "labels.csv").write_text("file,label\n4/a.png,4\n4/b.png,4\n9/c.png,9\n")
    assert apply_corrections(folder, [Correction(folder / "4/b.png", "4", "9")]) == ["4/b.png: 4 → 9"]


def test_a_table_that_has_changed_meanwhile_or_lacks_the_class_is_left_alone(folder: Path) -> None:
    table = folder / "labels.csv"
    table.write_text("file,label\n4/a.png,5\n4/b.png,4\n")
    for one, message in (
        (Correction(folder / "4/a.png", "4", "9"), "does not name .*a.png"),
        (Correction(folder / "4/b.png", "4", "l0"), "has the class 'l0'"),
        (Correction(folder / "9/c.png", "9", "4"), "does not name .*c.png"),
    ):
        with pytest.raises(DataError, match=message):
            apply_corrections(folder, [one])
    assert table.read_text() == "file,label\n4/a.png,5\n4/b.png,4\n"
    assert not list(folder.glob("labels.before*"))


# The table of suspects, which a person fills in.


def test_answers_outlive_another_audit(tmp_path: Path) -> None:
    table = tmp_path / "suspects.csv"
    one, other = suspect(Path("/data/4/a.png")), suspect(Path("/data/4/b.png"))
    write_table([one, other], table)
    fill_in(table, "9", "")
    moved = suspect(Path("/data/4/a.png"), index=6)  # another picture has left the folder: all after it move up
    write_table([other, moved], table)
    assert read_corrections(table) == [Correction(Path("/data/4/a.png"), "4", "9")]
    assert list(tmp_path.iterdir()) == [table]
    write_table([other], table)
    assert read_corrections(table) == []
    assert read_corrections(tmp_path / "suspects.before-1.csv") == [Correction(Path("/data/4/a.png"), "4", "9")]


def test_answers_that_contradict_one_another_outlive_another_audit_too(tmp_path: Path) -> None:
    table, twice = tmp_path / "suspects.csv", [suspect(Path("/data/4/a.png"), index=index) for index in (6, 7)]
    write_table(twice, table)
    fill_in(table, "9", "8")
    write_table(twice, table)
    assert [one.correct for one in read_corrections(table)] == ["9", "8"]
    write_table(twice[:1], table)
    assert [one.correct for one in read_corrections(tmp_path / "suspects.before-1.csv")] == ["9", "8"]


def test_answers_about_arrays_are_known_by_their_position(tmp_path: Path) -> None:
    table = tmp_path / "suspects.csv"
    write_table([suspect(None, index=6), suspect(None, index=7)], table)
    fill_in(table, "9", "8")
    write_table([suspect(None, index=7), suspect(None, index=6)], table)
    rows = csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines())
    assert {row["index"]: row["correct"] for row in rows} == {"6": "9", "7": "8"}


def test_a_spreadsheet_may_save_semicolons(tmp_path: Path) -> None:
    table = tmp_path / "suspects.csv"
    table.write_text("rank;file;index;label;likely;trust;reasons;correct\n1;/data/4/a.png;7;4;9;0,01;taken for 9;9\n")
    assert read_corrections(table) == [Correction(Path("/data/4/a.png"), "4", "9")]


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


def test_only_what_holds_a_digit_is_translated_back_from_a_folders_name() -> None:
    assert label_of_folder(folder_for_number("12/05")) == "12/05"
    assert label_of_folder("\u2215") == "\u2215"
