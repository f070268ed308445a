"""Writing: a file is either the old one or the whole new one."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from digitry import files
from digitry.errors import StorageError

pytestmark = pytest.mark.usefixtures("real_sync")

CALLS = ("write", "fsync", "replace")


def test_the_new_content_replaces_the_old(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_bytes(b"old")
    files.write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["figures.json"]


LABELS = (
    "7",
    "T-shirt/top",
    "T-shirt-top",
    "/",
    "\\",
    ".",
    "..",
    "./",
    "_",
    "__",
    "__numbers",
    "dataset",
    "Coat ",
    "Coat",
    "\u2215",
)


def test_every_label_has_a_visible_folder_of_its_own(tmp_path: Path) -> None:
    labels = [*LABELS, *("\u0969" * 99 + end for end in "ab")]
    names = [files.folder_for(label) for label in labels]
    assert len(set(names)) == len(labels)
    for name in names:
        (tmp_path / name).mkdir()
    assert set(os.listdir(tmp_path)) == set(names)
    assert not [name for name in names if name.startswith((".", "__")) or name != name.strip()]
    assert files.folder_for("T-shirt-top") == "T-shirt-top"


@pytest.mark.parametrize("name", ["a-file/out.json", f"{'a' * 251}.json", "no-folder/out.json"])
def test_a_place_where_nothing_can_be_written_is_named_as_it_was_given(name: str, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_bytes(b"")
    with pytest.raises(StorageError, match=r"; (make|choose) [a-z, ]+$") as caught:
        files.write_atomically(tmp_path / name, b"new")
    assert str(caught.value).startswith(f"cannot write {tmp_path / name}: ")


@pytest.mark.parametrize(
    ("number", "hint"),
    [(errno.ENOSPC, "make room there"), (errno.EROFS, "you may not write there"), (errno.EIO, "choose another folder")],
)
def test_what_to_try_fits_what_the_system_said(number: int, hint: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(number, os.strerror(number))))
    with pytest.raises(StorageError, match=f"cannot write .*: {os.strerror(number)}; {hint}"):
        files.write_atomically(tmp_path / "figures.json", b"new")


@pytest.mark.parametrize(
    ("number", "hint"), [(errno.ENOENT, "check the name"), (errno.EISDIR, "give a file"), (errno.EIO, "try another")]
)
def test_what_cannot_be_read_comes_with_what_to_try(number: int, hint: str) -> None:
    said = files.cannot_read("labels.csv", OSError(number, os.strerror(number)))
    assert said.startswith(f"cannot read labels.csv: {os.strerror(number)}; {hint}")


def test_a_folder_that_is_made_beside_its_place_has_a_name_of_this_process_that_is_never_too_long(
    tmp_path: Path,
) -> None:
    beside = files.temporary_beside(tmp_path / ("a" * 255))
    assert str(os.getpid()) in beside.name
    beside.mkdir()
    files.remove_stale_temporaries(tmp_path)
    assert beside.is_dir(), "its process lives"


def test_threads_write_one_file_at_once_and_each_time_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "best.toml"
    texts = [bytes([65 + k]) * 5000 for k in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(20):
            list(pool.map(lambda text: files.write_atomically(path, text), texts))
            assert path.read_bytes() in texts
    assert list(tmp_path.iterdir()) == [path]


def test_what_dead_processes_left_is_removed_files_and_folders_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "process_is_alive", lambda pid: False)
    folder = files.temporary_beside(tmp_path / "model")
    folder.mkdir()
    (folder / "part").write_bytes(b"half")
    files.temporary_beside(tmp_path / "model.onnx").write_bytes(b"half")
    files.remove_stale_temporaries(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("pid", [1, 9_999, 4_194_304])
@pytest.mark.parametrize("length", [1, 100, 240, 250, 255])
def test_every_name_that_the_disk_takes_can_be_written_whatever_the_number_of_the_process(
    length: int, pid: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files.os, "getpid", lambda: pid)
    files.write_atomically(tmp_path / ("a" * length), b"at once")
    files.write_chunks_atomically(tmp_path / ("b" * length), [b"in ", b"pieces"])
    assert sorted(os.listdir(tmp_path)) == ["a" * length, "b" * length]


def test_no_file_takes_the_place_of_a_device_or_a_pipe(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(os.devnull)
    for place in (pipe, link):
        with pytest.raises(StorageError, match="this is a device or a pipe; give the name of a file"):
            files.write_atomically(place, b"new")
        with pytest.raises(StorageError, match="this is a device or a pipe"):
            files.check_file_place(place)
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert len(os.listdir(tmp_path)) == 2


@pytest.mark.parametrize("old", [b"old", None], ids=["to a file", "to none yet"])
def test_what_a_link_leads_to_is_written_and_the_link_stays(old: bytes | None, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "near").mkdir()
    file, link, second = tmp_path / "far" / "figures.json", tmp_path / "near" / "link", tmp_path / "near" / "second"
    if old is not None:
        file.write_bytes(old)
    link.symlink_to("../far/figures.json")
    second.symlink_to("link")
    for path in (link, second):
        files.write_atomically(path, path.name.encode())
        assert file.read_bytes() == path.name.encode()
        assert path.is_symlink()
        files.temporary_beside(file).touch()
        files.remove_temporaries_of(path)
    assert os.listdir(tmp_path / "far") == ["figures.json"]
    assert sorted(os.listdir(tmp_path / "near")) == ["link", "second"]


def test_a_link_that_leads_nowhere_is_named_as_it_was_given(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "none" / "figures.json")
    with pytest.raises(StorageError, match="make its folder first") as caught:
        files.write_atomically(link, b"new")
    assert str(caught.value).startswith(f"cannot write {link}: ")
    assert link.is_symlink()


def test_a_folder_where_a_file_is_wanted_is_told_before_the_work_and_when_it_is_written(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="this is a folder; give the name of a file in it"):
        files.check_file_place(tmp_path)
    with pytest.raises(StorageError, match=r"; (give the name of a file, this is a folder|you may not write there)"):
        files.write_atomically(tmp_path, b"new")


def test_what_is_there_and_no_page_is_not_written_over_by_one(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").touch()
    (tmp_path / "PAGE.HTM").touch()
    with pytest.raises(StorageError, match=r"photo\.jpg already exists, and is not a \.html file"):
        files.check_file_place(tmp_path / "photo.jpg", *files.PAGE_SUFFIXES)
    files.check_file_place(tmp_path / "PAGE.HTM", *files.PAGE_SUFFIXES)
    files.check_file_place(tmp_path / "new", *files.PAGE_SUFFIXES)


def test_a_drive_that_syncs_no_folders_is_written_to_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        real(handle)

    monkeypatch.setattr(files.os, "fsync", fsync)
    files.write_atomically(tmp_path / "figures.json", b"new")
    assert (tmp_path / "figures.json").read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no folder to sync")
@pytest.mark.parametrize("number", range(1, 5))
def test_a_failing_system_call_leaves_the_old_file_and_no_temporary(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "figures.json"
    path.write_bytes(b"old")
    count = 0

    def fails(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments)

        return call

    for name in CALLS:
        monkeypatch.setattr(files.os, name, fails(getattr(os, name)))
    with pytest.raises(StorageError, match=r"No space left|cannot sync") as caught:
        files.write_atomically(path, b"new content")
    assert "\n" not in str(caught.value)
    # The fourth call syncs the folder: the rename has happened by then, but is not promised.
    assert path.read_bytes() == (b"old" if number < 4 else b"new content")
    assert os.listdir(tmp_path) == ["figures.json"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no folder to sync")
def test_a_power_cut_at_any_moment_leaves_the_old_or_the_whole_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replays the write on a disk that forgets whatever was not synced, as far as a file system may forget."""
    log = _record_calls(monkeypatch)
    files.write_atomically(tmp_path / "weights", b"new")
    assert [name for name, _ in log] == ["write", "fsync", "replace", "fsync"]
    for moment in range(len(log) + 1):
        states = _possible_after_power_cut(log[:moment])
        assert states <= {"old", "new"}, f"after {log[:moment]} the file may be {states}"
    assert _possible_after_power_cut(log) == {"new"}, "an acknowledged write is not durable"


def _record_calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The calls that matter, each with what it works on: the data or the folder."""
    log: list[tuple[str, str]] = []

    def recorded(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            is_folder = name == "fsync" and stat.S_ISDIR(os.fstat(arguments[0]).st_mode)
            log.append((name, "folder" if is_folder else "data"))
            return real(*arguments)

        return call

    for name in CALLS:
        monkeypatch.setattr(files.os, name, recorded(name, getattr(os, name)))
    return log


def _possible_after_power_cut(log: list[tuple[str, str]]) -> set[str]:
    if ("replace", "data") not in log:
        return {"old"}
    rename = log.index(("replace", "data"))
    new = "new" if ("fsync", "data") in log[:rename] else "garbage"
    return {new} if ("fsync", "folder") in log[rename:] else {"old", new}


def test_only_temporaries_of_dead_processes_are_removed(tmp_path: Path) -> None:
    dead = _pid_of_a_dead_process()
    no_system_counts_so_far = 10**30
    for name in (f".a.tmp.{dead}", f".a.tmp.{no_system_counts_so_far}", f".b.tmp.{os.getpid()}", "c.tmp", "plain"):
        (tmp_path / name).touch()
    files.remove_stale_temporaries(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [f".b.tmp.{os.getpid()}", "c.tmp", "plain"]


def _pid_of_a_dead_process() -> int:
    import subprocess
    import sys

    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid
