"""Pictures in an object store: found as in a folder, read as from a file, and in one line where that fails."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

pytest.importorskip("pyarrow")

import cv2
import pyarrow.fs

from digitry.errors import DataError, SettingError
from digitry.images import decode
from digitry.reading import Reader, object_store
from digitry.reading.object_store import STORES, is_in_store, pictures_in_store, read_from_store
from tests.unit.reading.store import store_of
from tests.unit.tiny_models import printed_digit

SEVEN = cv2.imencode(".png", printed_digit(7))[1].tobytes()
OBJECTS = {
    "a/": b"",  # what consoles leave where somebody makes a folder
    "a/10.png": b"ten",
    "a/2 & 3.png": b"two",
    "a/b/1.JPG": b"one",
    "a/.hidden/1.png": b"hidden",
    "a/notes.txt": b"no picture",
    "ab/7.png": SEVEN,
    "ab/none.png": b"",
    "empty/notes.txt": b"no picture",
}


@pytest.fixture(params=list(STORES))
def scans(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a bucket in each store."""
    with store_of(OBJECTS, monkeypatch, request.param):
        yield f"{request.param}://scans"


@pytest.mark.parametrize("folder", ["a", "a/"])
def test_a_folder_is_all_pictures_in_it_and_below_by_name(scans: str, folder: str) -> None:
    names = ["a/10.png", "a/2 & 3.png", "a/b/1.JPG"]
    assert pictures_in_store(f"{scans}/{folder}") == [f"{scans}/{name}" for name in names]


def test_a_bucket_is_a_folder_and_a_picture_is_itself(scans: str) -> None:
    assert pictures_in_store(scans)[-2:] == [f"{scans}/ab/7.png", f"{scans}/ab/none.png"]
    assert pictures_in_store(f"{scans}/nowhere/5.png") == [f"{scans}/nowhere/5.png"]


def test_its_bytes_are_those_of_the_object(scans: str) -> None:
    assert read_from_store(f"{scans}/a/2 & 3.png") == b"two"
    assert read_from_store(f"{scans}/ab/none.png") == b""


@pytest.mark.parametrize("first", [1, 2, 3, 4])
def test_what_is_larger_than_the_first_fetch_comes_whole(
    scans: str, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_store, "FIRST_BYTES", first)
    assert read_from_store(f"{scans}/a/10.png") == b"ten"


def test_the_reader_reads_it_as_it_reads_a_file(scans: str) -> None:
    reading = Reader().read(f"{scans}/ab/7.png", expect="digit")
    assert (reading.text, reading.picture) == ("7", f"{scans}/ab/7.png")


MISSING = {"s3": ("does not exist", "no such bucket"), "gs": ("No such object: scans/a/5.png", "bucket does not exist")}
"""What each store says of an object and of a bucket that are not there."""


def test_what_is_not_there_is_told_at_once_with_its_address_in_the_words_of_the_store(scans: str) -> None:
    scheme = scans.partition(":")[0]
    since = time.monotonic()
    with pytest.raises(DataError, match=rf"^{scans}/a/5\.png: cannot be read: .*{MISSING[scheme][0]}") as of_object:
        Reader().read(f"{scans}/a/5.png")
    with pytest.raises(DataError, match=rf"^{scheme}://other/a cannot be listed: .*{MISSING[scheme][1]}") as of_bucket:
        pictures_in_store(f"{scheme}://other/a")
    assert time.monotonic() - since < 5
    assert "\n" not in f"{of_object.value}{of_bucket.value}"
    with pytest.raises(DataError, match=f"{scans}/empty holds no pictures; expected files ending in"):
        pictures_in_store(f"{scans}/empty")
    with pytest.raises(DataError, match=f"{scans}/nowhere cannot be listed: "):
        pictures_in_store(f"{scans}/nowhere")


def test_what_one_may_not_see_is_told(scans: str) -> None:
    private = scans.replace("scans", "private")
    words = {"s3": "ACCESS_DENIED", "gs": r"Anonymous caller does not have storage\.objects\.list access"}
    with pytest.raises(DataError, match=f"^{private}/a cannot be listed: .*{words[private[:2]]}"):
        pictures_in_store(f"{private}/a")


def test_what_is_too_large_is_not_fetched(scans: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "MAX_BYTES", 2)
    with pytest.raises(DataError, match="the file has 3 bytes, at most 2 are read"):
        read_from_store(f"{scans}/a/10.png")


@pytest.mark.parametrize("scheme", STORES)
def test_a_pattern_is_refused_in_words(scheme: str) -> None:
    with pytest.raises(SettingError, match=rf"{scheme}://scans/\*\.png is a pattern, which is not matched in a store"):
        pictures_in_store(f"{scheme}://scans/*.png")


def test_a_pyarrow_without_the_store_is_told_of(scans: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("S3FileSystem", "GcsFileSystem"):
        monkeypatch.delattr(pyarrow.fs, name)
    with pytest.raises(SettingError, match=f"{scans[:2]}:// cannot be read by the pyarrow installed here"):
        read_from_store(f"{scans}/a/10.png")


@pytest.mark.parametrize("scheme", STORES)
def test_a_path_never_turns_into_an_address(scheme: str) -> None:
    assert is_in_store(f"{scheme}://scans/7.png")
    assert not is_in_store(f"{scheme}:/scans/7.png")
    assert not is_in_store(f"./{scheme}://scans/7.png")
    assert not is_in_store(scheme)
