from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitry.datasets.class_names import natural_key
from digitry.datasets.label_table import PICTURE_SUFFIXES
from digitry.datasets.labelled_pictures import (
    class_folder_pictures,
    csv_pictures,
    innermost,
    read_pictures,
)
from digitry.errors import DataError
from digitry.images.sniff import SUFFIXES
from digitry.types import Images, Split

Read = tuple[Split, Split | None, tuple[str, ...], str]


def as_digit(path: Path) -> Images:
    """Stands for the door of pictures: a file's number, in every pixel."""
    text = path.read_text()
    if not text.isdigit():
        raise DataError("not a picture")
    return np.full((28, 28), int(text), np.uint8)


def put(folder: Path, files: dict[str, object]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(content))
    return folder


def from_folder(folder: Path, **options: bool) -> Read:
    return read_pictures(folder, class_folder_pictures(folder), as_digit, **options)


def from_csv(folder: Path, lines: str) -> Read:
    table = folder / "labels.csv"
    table.write_text(lines, encoding="utf-8")
    return read_pictures(table, csv_pictures(table), as_digit)


def contents(split: Split, names: tuple[str, ...]) -> list[tuple[int, str]]:
    return sorted((int(image[0, 0]), names[label]) for image, label in zip(split.images, split.labels, strict=True))


def test_each_sub_folder_is_a_class_and_ten_comes_after_nine(tmp_path: Path) -> None:
    put(tmp_path, {f"{name}/{i}.PNG": 10 * name + i for name in range(12) for i in range(3)})
    train, test, names, summary = from_folder(tmp_path)
    assert names == tuple(str(name) for name in range(12))
    assert contents(train, names) == sorted((10 * name + i, str(name)) for name in range(12) for i in range(3))
    assert test is None
    assert summary == "36 pictures"


def test_the_last_part_of_a_folder_holds_many_classes_and_the_order_is_always_the_same(tmp_path: Path) -> None:
    put(tmp_path, {f"{name}/{i}.png": i for name in range(5) for i in range(40)})
    first, again = from_folder(tmp_path)[0], from_folder(tmp_path)[0]
    assert len(set(first.labels[-40:].tolist())) == 5
    assert np.array_equal(first.labels, again.labels)
    assert np.array_equal(first.images, again.images)


def test_train_and_test_above_the_classes_are_the_splits(tmp_path: Path) -> None:
    put(tmp_path, {"train/a/1.png": 1, "train/b/2.png": 2, "test/b/3.png": 3})
    train, test, names, _ = from_folder(tmp_path)
    assert test is not None
    assert contents(train, names) == [(1, "a"), (2, "b")]
    assert contents(test, names) == [(3, "b")]


def test_hidden_files_and_files_that_are_no_pictures_are_left_alone(tmp_path: Path) -> None:
    put(tmp_path, {"a/1.png": 1, "b/2.png": 2, "a/notes.txt": "x", "a/.DS_Store": "x", ".git/x.png": 9, "README": "x"})
    train, _, names, summary = from_folder(tmp_path)
    assert contents(train, names) == [(1, "a"), (2, "b")]
    assert summary == "2 pictures"


def test_what_counts_as_a_picture_in_training_does_in_reading_too() -> None:
    assert PICTURE_SUFFIXES == SUFFIXES


def test_bad_pictures_are_counted_named_and_passed_over(tmp_path: Path) -> None:
    put(tmp_path, {f"a/{i}.png": i for i in range(3)} | {"b/0.png": 7} | {f"b/bad{i}.png": "x" for i in range(7)})
    with pytest.warns(
        UserWarning, match=r"7 of 11 pictures cannot be used \('bad\d.png': not a picture; .*; and 2 more\)"
    ):
        train, _, _, summary = from_folder(tmp_path)
    assert len(train) == 4
    assert summary == "4 pictures, 7 passed over"


def test_strict_makes_the_first_bad_picture_an_error(tmp_path: Path) -> None:
    put(tmp_path, {"a/1.png": 1, "b/2.png": 2, "b/bad.png": "x"})
    with pytest.raises(DataError, match=r"'bad\.png': not a picture"):
        from_folder(tmp_path, strict=True)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"1.png": 1}, "has no class folders"),
        ({"a/1.png": 1, "b/notes.txt": 1}, "class folder .*b has no pictures"),
        ({"a/1.png": "x", "b/1.png": "x"}, "2 of 2 pictures cannot be used"),
        ({"train/a/1.png": 1, "train/b/1.png": 1, "other/a/1.png": 1}, "beside train there is other/; move it away"),
        ({"train/a/1.png": 1, "Training/b/1.png": 1}, "could both be the train split"),
        ({"train/a/1.png": 1, "train/b/1.png": 1, "test/c/1.png": 1}, "class 'c' has no usable training picture"),
        ({f"{i}/1.png": 1 for i in range(257)}, "more than 256 classes"),
    ],
)
def test_a_folder_that_cannot_be_used_says_why(files: dict[str, object], reason: str, tmp_path: Path) -> None:
    put(tmp_path, files)
    with pytest.raises(DataError, match=reason):
        from_folder(tmp_path)


def test_256_classes_are_allowed(tmp_path: Path) -> None:
    put(tmp_path, {f"{i}/1.png": i for i in range(256)})
    train, _, names, _ = from_folder(tmp_path)
    assert contents(train, names) == [(i, str(i)) for i in range(256)]


def test_a_table_names_files_labels_and_splits(tmp_path: Path) -> None:
    put(tmp_path, {"img/1.png": 1, "img/2.png": 2, "3.png": 3})
    lines = "\ufefflabel,file,by,split\n9,img/1.png,me,\n10,img/2.png,you,Train\n9,3.png,me,test\n"
    train, test, names, _ = from_csv(tmp_path, lines)
    assert test is not None
    assert names == ("9", "10")
    assert train.images[:, 0, 0].tolist() == [1, 2]
    assert train.labels.tolist() == [0, 1]
    assert contents(test, names) == [(3, "9")]


def test_a_table_may_name_files_that_are_not_there(tmp_path: Path) -> None:
    put(tmp_path, {"1.png": 1, "2.png": 2})
    with pytest.warns(UserWarning, match=r"1 of 3 pictures cannot be used \('gone\.png': there is no such file\)"):
        train, *_ = from_csv(tmp_path, "file,label\n1.png,a\n2.png,b\ngone.png,a\n")
    assert len(train) == 2


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("", "must name the columns file,label"),
        ("what,which\n1,a\n", "must name the columns file,label"),
        ("file,label\n1.png\n", "line 2: the file or its label is missing"),
        ("file,label\n,a\n", "line 2: the file or its label is missing"),
        ("file,label\n1.png,a\n/etc/passwd,a\n", "line 3: '/etc/passwd' must be a path inside"),
        ("file,label\n../1.png,a\n", "must be a path inside"),
        ("file,label\nimg\\..\\..\\1.png,a\n", "must be a path inside"),
        ("file,label\n\\\\host\\share\\1.png,a\n", "must be a path inside"),
        ("file,label\nC:1.png,a\n", "must be a path inside"),
        ("file,label,split\n1.png,a,dark\n", "must be train, validation or test, not 'dark'"),
        ("file,label\n1.png,\x1b[31m\n", "is not a class name"),
        ("file,label\n1.png,  \n", "is not a class name"),
        (f"file,label\n1.png,{'a' * 101}\n", "is not a class name"),
        (f"file,label\n1.png,{'a' * 70_000}\n", "line 2 is longer than 65,536 characters"),
        ('file,label\n1.png,"a\n', "not a table"),
        ("file,label\n", "no pictures"),
    ],
)
def test_a_table_that_cannot_be_used_says_where_and_why(lines: str, reason: str, tmp_path: Path) -> None:
    put(tmp_path, {"1.png": 1})
    with pytest.raises(DataError, match=reason):
        from_csv(tmp_path, lines)


def test_a_table_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes(b"file,label\n\xff\xfe.png,a\n")
    with pytest.raises(DataError, match="not a table of comma-separated UTF-8 text"):
        read_pictures(tmp_path, csv_pictures(tmp_path / "labels.csv"), as_digit)


TABLES = {
    "other words": "filename,digit\n{}",
    "capitals": "File,Label\n{}",
    "Kaggle's": "id,label\n{}",
    "tabs": "image\tclass\n{}",
    "semicolons": "path;target\n{}",
    "more columns": "annotator,image,choice,id\nme,{}",
    "no names": "{}",
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_is_read_with_any_usual_words_and_separator(kind: str, tmp_path: Path) -> None:
    put(tmp_path, {"img/1.png": 1, "img/2.png": 2})
    head, *_ = TABLES[kind].partition("{}")
    separator = next((mark for mark in "\t;" if mark in head), ",")
    before, after = ("me,", ",7") if kind == "more columns" else ("", "")
    rows = [f"{before}img/{name}.png{separator}{label}{after}" for name, label in ((1, "b"), (2, "a"))]
    names = head.partition("\n")[0]
    train, _, classes, _ = from_csv(tmp_path, "\n".join([*([names] if names else []), *rows]) + "\n")
    assert contents(train, classes) == [(1, "b"), (2, "a")]


@pytest.mark.parametrize("file", ["1.png", "1", "/data/upload/3/0123abcd-1.png", "/data/local-files/?d=far/1.png"])
def test_a_file_is_found_below_by_its_name_alone(file: str, tmp_path: Path) -> None:
    put(tmp_path, {"far/below/1.png": 1, "far/2.png": 2})
    train, _, classes, _ = from_csv(tmp_path, f"file,label\n{file},a\nfar/2.png,b\n")
    assert contents(train, classes) == [(1, "a"), (2, "b")]


def test_a_name_that_two_files_have_is_none(tmp_path: Path) -> None:
    put(tmp_path, {"a/1.png": 1, "b/1.png": 2, "2.png": 3})
    with pytest.warns(UserWarning, match=r"'1\.png': there is no such file"):
        from_csv(tmp_path, "file,label\n1.png,b\n2.png,b\n")


@pytest.mark.parametrize(
    "names", [("train", "valid", "test"), ("Train", "Val", "TEST"), ("training", "dev", "testing")]
)
def test_split_folders_are_known_however_they_are_spelt(names: tuple[str, str, str], tmp_path: Path) -> None:
    put(
        tmp_path,
        {f"{names[0]}/a/1.png": 1, f"{names[0]}/b/2.png": 2, f"{names[1]}/a/3.png": 3, f"{names[2]}/b/4.png": 4},
    )
    put(tmp_path, {"README.roboflow.txt": "x"})
    train, test, classes, _ = from_folder(tmp_path)
    assert test is not None
    assert contents(train, classes) == [(1, "a"), (2, "b"), (3, "a")]
    assert contents(test, classes) == [(4, "b")]


def test_one_folder_too_many_and_a_test_folder_without_labels_are_as_kaggle_has_them(tmp_path: Path) -> None:
    put(tmp_path, {"trainingSet/trainingSet/a/1.png": 1, "trainingSet/trainingSet/b/2.png": 2})
    put(tmp_path, {"testSet/testSet/img_1.png": 3, "trainingSample/trainingSample/a/1.png": 1})
    with pytest.warns(UserWarning, match="testSet has no class folders, so no labels, and there is no test split"):
        train, test, classes, _ = from_folder(tmp_path)
    assert contents(train, classes) == [(1, "a"), (2, "b")]
    assert test is None


def test_a_folder_that_holds_nothing_but_a_folder_of_classes_is_that_folder(tmp_path: Path) -> None:
    put(tmp_path, {"data/set/a/1.png": 1, "data/set/b/2.png": 2})
    assert innermost(tmp_path) == tmp_path / "data" / "set"
    put(tmp_path / "alone", {"7/1.png": 1})
    assert innermost(tmp_path / "alone") == tmp_path / "alone"


def test_progress_counts_pictures(tmp_path: Path) -> None:
    put(tmp_path, {"a/1.png": 1, "b/2.png": 2})
    seen: list[tuple[str, int, int]] = []
    read_pictures(tmp_path, class_folder_pictures(tmp_path), as_digit, progress=lambda *report: seen.append(report))
    assert seen == [("reading pictures", done, 2) for done in range(3)]


def test_names_sort_as_people_do() -> None:
    names = ["b", "a10", "a9", "A1", "10", "9", "a²"]
    assert sorted(names, key=natural_key) == ["9", "10", "A1", "a9", "a10", "a²", "b"]
