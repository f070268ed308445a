from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.datasets.folder import read_own
from digitry.errors import DataError
from digitry.types import Dataset, Images
from tests.conftest import make_digits

TRAIN, TEST = make_digits(100), make_digits(40, seed=1)
for _split in (TRAIN, TEST):
    _split.images[:, 0, 0] = _split.images[:, -1, -1] = 0  # as in every picture of ink
FLAT = TRAIN.images.reshape(100, 784)
PIXELS = [f"pixel{number}" for number in range(784)]
NAMES = {
    "label first": ["label", *PIXELS],
    "no names": None,
    "1x1 to 28x28": ["label", *(f"{row}x{column}" for row in range(1, 29) for column in range(1, 29))],
    "names that count": ["label", *map(str, range(784))],
    "another word": ["Digit", *PIXELS],
}


def refuse(path: Path) -> Images:
    raise AssertionError(f"{path} is no picture")


def own(path: Path) -> Dataset:
    return read_own(path, refuse)


def table(path: Path, names: list[str] | None, rows: list[list[Any]], separator: str = ",", end: str = "\n") -> Path:
    lines = [separator.join(map(str, row)) + end for row in ([names] if names else []) + rows]
    (path.write_bytes)("".join(lines).encode())
    return path


def first(labels: Any = TRAIN.labels, pixels: Any = FLAT) -> list[list[Any]]:
    return [[label, *row] for label, row in zip(labels.tolist(), pixels.tolist(), strict=True)]


def last() -> list[list[Any]]:
    return [[*row, label] for label, row in zip(TRAIN.labels.tolist(), FLAT.tolist(), strict=True)]


def same(dataset: Dataset) -> bool:
    return np.array_equal(dataset.train.images, TRAIN.images) and np.array_equal(dataset.train.labels, TRAIN.labels)


@pytest.mark.parametrize("names", NAMES)
def test_a_label_in_the_first_column_is_found_with_and_without_names(names: str, tmp_path: Path) -> None:
    assert same(own(table(tmp_path / "a.csv", NAMES[names], first())))


@pytest.mark.parametrize("names", [[*PIXELS, "class"], None, [*PIXELS, "something"], list(map(str, range(785)))])
def test_a_label_in_the_last_column_is_found_with_and_without_names(names: list[str] | None, tmp_path: Path) -> None:
    assert same(own(table(tmp_path / "a.csv", names, last())))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", " ", ", ", "  "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_any_separator_and_end_of_line_will_do(separator: str, end: str, tmp_path: Path) -> None:
    assert same(own(table(tmp_path / "a.txt", NAMES["label first"], first(), separator, end)))
    assert same(own(table(tmp_path / "b.txt", None, first(), separator, end)))


def test_lines_may_end_as_on_old_macs_all_of_them_or_one(tmp_path: Path) -> None:
    plain = table(tmp_path / "a.csv", None, first()[:40]).read_bytes()
    one = plain.replace(b"\n", b"\r", 20).replace(b"\r", b"\n", 19)
    assert b"\r" in one
    for data in (plain.replace(b"\n", b"\r"), one):
        (tmp_path / "b.csv").write_bytes(data)
        np.testing.assert_array_equal(own(tmp_path / "b.csv").train.images, TRAIN.images[:40])


def test_a_gzipped_table_is_read_whatever_its_name(tmp_path: Path) -> None:
    plain = table(tmp_path / "a.csv", None, first()).read_bytes()
    for name in ("b.csv.gz", "c.csv"):
        (tmp_path / name).write_bytes(gzip.compress(plain))
        assert same(own(tmp_path / name))


@pytest.mark.parametrize("name", ["", "id", "Unnamed: 0", "ImageId"])
def test_a_column_that_counts_the_rows_is_left_alone(name: str, tmp_path: Path) -> None:
    rows = [[number, *row] for number, row in enumerate(first())]
    assert same(own(table(tmp_path / "a.csv", [name, "label", *PIXELS], rows)))
    assert same(own(table(tmp_path / "b.csv", None, rows)))


def test_quotes_and_a_mark_of_byte_order_are_as_spreadsheets_write_them(tmp_path: Path) -> None:
    rows = [[f'"{number}"' for number in row] for row in first()]
    path = table(tmp_path / "a.csv", [f'"{name}"' for name in NAMES["label first"] or ()], rows)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert same(own(path))


@pytest.mark.parametrize(
    "pixels",
    [
        FLAT / 255,
        (FLAT / 127.5 - 1).round(5),
        FLAT.astype(float),
        (FLAT / 255 - 0.1307) / 0.3081,
        255 - FLAT,
        1 - FLAT / 255,
    ],
    ids=["0 to 1", "-1 to 1", "0.0 to 255.0", "standardised", "dark on light", "dark on light, 0 to 1"],
)
@pytest.mark.parametrize("names", ["label first", "no names"])
def test_pixels_are_of_any_range_that_arrays_are(pixels: Any, names: str, tmp_path: Path) -> None:
    dataset = own(table(tmp_path / "a.csv", NAMES[names], first(pixels=pixels)))
    assert np.abs(dataset.train.images.astype(int) - TRAIN.images).max() <= 1
    assert np.array_equal(dataset.train.labels, TRAIN.labels)


def test_commas_for_points_are_read_where_something_else_separates(tmp_path: Path) -> None:
    rows = [[str(value).replace(".", ",") for value in row] for row in first(pixels=(FLAT / 255).round(6))]
    assert same(own(table(tmp_path / "a.csv", NAMES["label first"], rows, ";")))


def test_labels_are_numbers_floats_or_texts(tmp_path: Path) -> None:
    assert same(own(table(tmp_path / "a.csv", None, first(TRAIN.labels.astype(float)))))
    letters = np.array(list("abcdefghij"))[TRAIN.labels]
    for names in ("label first", "no names"):
        dataset = own(table(tmp_path / "a.csv", NAMES[names], first(letters)))
        assert dataset.class_names == tuple("abcdefghij")
        assert np.array_equal(dataset.train.labels, TRAIN.labels)


def test_letters_may_come_long_after_digits(tmp_path: Path) -> None:
    labels = np.array([*"0123456789"] * 29 + [*"abcdefghij"])
    for names in ("label first", "no names"):
        dataset = own(table(tmp_path / "a.csv", NAMES[names], first(labels, np.tile(FLAT, (3, 1)))))
        assert dataset.class_names == tuple("0123456789abcdefghij")
        assert [dataset.class_names[label] for label in dataset.train.labels] == labels.tolist()


def test_rows_in_the_order_of_their_classes_are_no_matter(tmp_path: Path) -> None:
    order = np.argsort(TRAIN.labels, kind="stable")
    dataset = own(table(tmp_path / "a.csv", None, first(TRAIN.labels[order], FLAT[order])))
    assert np.array_equal(dataset.train.labels, TRAIN.labels[order])


def test_images_of_eight_by_eight_are_as_the_optical_digits_have_them(tmp_path: Path) -> None:
    drawn = np.zeros((40, 64), int)
    drawn[:, 3::8] = 16
    rows = [[*row, number % 10] for number, row in enumerate(drawn.tolist())]
    dataset = own(table(tmp_path / "optdigits.tra", None, rows))
    assert dataset.train.labels.tolist() == [number % 10 for number in range(40)]
    assert dataset.train.images[0].max() == 255


def test_files_of_a_folder_are_told_by_their_names(tmp_path: Path) -> None:
    table(tmp_path / "mnist_train.csv", None, first())
    table(tmp_path / "mnist_test.csv", None, first(TEST.labels, TEST.images.reshape(40, 784)))
    (tmp_path / "sample_submission.csv").write_text("ImageId,Label\n1,0\n")
    dataset = own(tmp_path)
    assert same(dataset)
    assert dataset.test is not None
    assert np.array_equal(dataset.test.images, TEST.images)
    assert np.array_equal(dataset.test.labels, TEST.labels)


@pytest.mark.parametrize("names", [PIXELS, ["id", *PIXELS], None])
def test_a_test_file_without_labels_says_so(names: list[str] | None, tmp_path: Path) -> None:
    table(tmp_path / "train.csv", NAMES["label first"], first())
    rows = FLAT.tolist() if names is None or names[0] != "id" else [[n, *row] for n, row in enumerate(FLAT.tolist())]
    table(tmp_path / "test.csv", names, rows)
    with pytest.warns(UserWarning, match=r"test\.csv has no labels, so there is no test split"):
        dataset = own(tmp_path)
    assert same(dataset)
    assert dataset.test is None
    with pytest.raises(DataError, match=r"test\.csv: it has the pixels of images and no labels"):
        own(tmp_path / "test.csv")


def broken(place: int, line: str) -> bytes:
    lines = [",".join(map(str, row)) for row in first()]
    lines[place] = line
    return "\n".join(lines).encode()


ROW = ",".join(["0"] * 784)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (broken(7, f"1,{ROW},5"), "line 8 has 786 fields, expected 785"),
        (broken(7, "1,2"), "line 8 has 2 fields, expected 785"),
        (broken(7, f"1,x{ROW[1:]}"), "could not convert string 'x'"),
        (broken(7, f"1,{ROW[2:]},"), "'' is not a class name"),
        (broken(7, f"1,nan{ROW[1:]}"), "NaN or infinity"),
        (broken(7, f"1,1e999{ROW[1:]}"), "NaN or infinity"),
        (broken(7, f"1,999{ROW[1:]}"), "values from 0 to 999, expected 0 to 255"),
        (broken(7, f"999,{ROW}"), "neither the first nor the last column is clearly the label"),
        (b"1," * 701 + b"1\n", "it has 702 columns, expected the pixels of a square"),
        (b"1," * 70_000 + b"1\n", "at most 65,544; give larger images as pictures"),
        (b"label," + b"1," * 700 + b"1\n", "expected the pixels of a square"),
        (",".join(["label", *PIXELS]).encode(), "it has no rows"),
        (",".join(["label", "class", *PIXELS]).encode() + b"\n1\n", "label and class could both be the label"),
        (b"1," * (1 << 20), "a line is longer than 1,048,576 bytes"),
        (b"\xff\xfe1\x00,\x002\x00", "not UTF-8 text"),
        (gzip.compress(broken(7, f"1,{ROW}"))[:-9], "gzip data is cut short"),
    ],
)
def test_a_table_that_cannot_be_used_says_where_and_why(data: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(DataError, match=reason) as caught:
        own(tmp_path / "a.csv")
    assert str(tmp_path / "a.csv") in str(caught.value)


def test_two_tables_of_one_split_are_refused(tmp_path: Path) -> None:
    for name in ("train_a.csv", "train_b.csv"):
        table(tmp_path / name, None, first())
    with pytest.raises(DataError, match=r"train_b\.csv and train_a\.csv could both be the train split"):
        own(tmp_path)
