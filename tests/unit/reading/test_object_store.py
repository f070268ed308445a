"""Pictures in an object store: found as in a folder, read as from a file, and in one line where that fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("pyarrow")

import cv2

from digitry.errors import DataError, SettingError
from digitry.images import decode
from digitry.reading import Reader
from digitry.reading.object_store import is_in_store, pictures_in_store, read_from_store
from tests.unit.reading.store import store_of
from tests.unit.tiny_models import printed_digit

SEVEN = cv2.imencode(".png", printed_digit(7))[1].tobytes()
OBJECTS = {
    "a/10.png": b"ten",
    "a/2 & 3.png": b"two",
    "a/b/1.JPG": b"one",
    "a/.hidden/1.png": b"hidden",
    "a/notes.txt": b"no picture",
    "ab/7.png": SEVEN,
    "empty/notes.txt": b"no picture",
}


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with store_of(OBJECTS, monkeypatch):
        yield


@pytest.mark.parametrize("folder", ["s3://scans/a", "s3://scans/a/"])
def test_a_folder_is_all_pictures_in_it_and_below_by_name(folder: str) -> None:
    assert pictures_in_store(folder) == ["s3://scans/a/10.png", "s3://scans/a/2 & 3.png", "s3://scans/a/b/1.JPG"]


def test_a_bucket_is_a_folder_and_a_picture_is_itself() -> None:
    assert pictures_in_store("s3://scans")[-1] == "s3://scans/ab/7.png"
    assert pictures_in_store("s3://scans/nowhere/5.png") == ["s3://scans/nowhere/5.png"]


def test_its_bytes_are_those_of_the_object() -> None:
    assert read_from_store("s3://scans/a/2 & 3.png") == b"two"


def test_the_reader_reads_it_as_it_reads_a_file() -> None:
    reading = Reader().read("s3://scans/ab/7.png", expect="digit")
    assert (reading.text, reading.picture) == ("7", "s3://scans/ab/7.png")


def test_what_is_not_there_is_told_with_its_address() -> None:
    with pytest.raises(DataError, match=r"^s3://scans/a/5\.png: cannot be read: .*does not exist"):
        Reader().read("s3://scans/a/5.png")
    with pytest.raises(DataError, match=r"s3://other/a cannot be listed: .*no such bucket"):
        pictures_in_store("s3://other/a")
    with pytest.raises(DataError, match="s3://scans/empty holds no pictures; expected files ending in"):
        pictures_in_store("s3://scans/empty")


def test_what_is_too_large_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "MAX_BYTES", 2)
    with pytest.raises(DataError, match="the file has 3 bytes, at most 2 are read"):
        read_from_store("s3://scans/a/10.png")


def test_a_pattern_is_refused_in_words() -> None:
    with pytest.raises(SettingError, match=r"s3://scans/\*\.png is a pattern, which is not matched in a store"):
        pictures_in_store("s3://scans/*.png")


def test_a_path_never_turns_into_an_address() -> None:
    assert not is_in_store("s3:/scans/7.png")
    assert not is_in_store("./s3://scans/7.png")
