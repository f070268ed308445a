"""Which pictures a command line names: folders, patterns, files; each once, in order."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from digitry.cli.find_pictures import find_pictures, paths_inside
from digitry.errors import DataError, SettingError
from tests.unit.reading.store import store_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b/2.png", "b/note.txt", "a/1.png", "a/deep/3.png", "a/.hidden.png", "4[5].png"):
        path = tmp_path / "scans" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_pattern_means_the_files_and_folders_that_match_by_name(folder: Path) -> None:
    assert list(find_pictures(["scans/**/*.png"])) == [
        "scans/4[5].png", "scans/a/1.png", "scans/a/deep/3.png", "scans/b/2.png",
    ]  # fmt: skip
    assert list(find_pictures(["scans/?"])) == ["scans/a/1.png", "scans/a/deep/3.png", "scans/b/2.png"]
    assert list(find_pictures([f"{folder}/scans/b/*"])) == [f"{folder}/scans/b/2.png", f"{folder}/scans/b/note.txt"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(folder: Path) -> None:
    assert list(find_pictures(["scans/4[5].png"])) == ["scans/4[5].png"]


def test_a_pattern_that_matches_nothing_is_kept_to_be_told_of_as_a_missing_file(folder: Path) -> None:
    assert list(find_pictures(["scans/*.jpg"])) == ["scans/*.jpg"]


def test_what_is_named_twice_is_found_once(folder: Path) -> None:
    assert list(find_pictures(["scans/b", "scans/b/*.png", "scans/b/2.png"])) == ["scans/b/2.png"]


def test_a_path_inside_names_its_folder_where_there_are_several(folder: Path) -> None:
    assert list(paths_inside(find_pictures(["scans/a", "-"])).values()) == ["1.png", "deep/3.png", "standard input"]
    assert list(paths_inside(find_pictures(["scans/a", "scans/b/"])).values()) == ["a/1.png", "a/deep/3.png", "b/2.png"]
    assert list(paths_inside(find_pictures(["scans/*/*.png"])).values()) == ["1.png", "2.png"]


@pytest.mark.parametrize("scheme", ["s3", "gs"])
def test_a_picture_in_a_store_is_one_picture_and_a_folder_there_a_folder(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    with store_of({"a/b/1.png": b"", "a/2.png": b""}, monkeypatch, scheme):
        found = find_pictures([f"{scheme}://scans/5.png", f"{scheme}://scans/a"])
    assert paths_inside(found) == {
        f"{scheme}://scans/5.png": "5.png",
        f"{scheme}://scans/a/2.png": "2.png",
        f"{scheme}://scans/a/b/1.png": "b/1.png",
    }


@pytest.mark.parametrize("address", ["az://bucket/*.png", "https://example.org/7.png"])
def test_an_address_of_another_system_is_refused_in_words(address: str) -> None:
    with pytest.raises(SettingError, match="is on another system, which is not read from; copy it here, or mount it"):
        find_pictures([address])


def test_a_folder_that_may_not_be_read_is_named_with_what_to_try(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refuse(place: str) -> Any:
        if place == "scans/b":
            raise PermissionError(errno.EACCES, "Permission denied", place)
        return scandir(place)

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(DataError, match="cannot read scans/b: Permission denied; you may not read it"):
        find_pictures(["scans"])
