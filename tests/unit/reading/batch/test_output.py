"""Tables that go on after a kill: the same bytes, whatever was there; and other jobs' tables are left alone."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from digitry.errors import ModelError, SettingError, StorageError
from digitry.reading.batch import output
from digitry.reading.batch.output import TableFile, describe_job
from digitry.reading.batch.records import Outcome, ReadingSettings
from digitry.reading.batch.rows import FORMATS
from tests.unit.reading.batch.outcomes import ALL, BROKEN, JOB, NAMES, SEVEN, bring_to_end


def write(path: Path, kind: str, outcomes: Sequence[Outcome] = ALL, *, resume: bool = False) -> tuple[int, int]:
    """Bring the table to its end."""
    return bring_to_end(TableFile(path, kind, JOB, NAMES, resume=resume), kind, outcomes)


@pytest.mark.parametrize("kind", FORMATS)
def test_wherever_a_kill_cuts_the_table_it_ends_up_the_same(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "out"
    write(path, kind)
    whole = path.read_bytes()
    done_before = set()
    line_ends = {at + near for at in range(len(whole)) if whole[at] == ord("\n") for near in range(-2, 4)}
    for cut in sorted(line_ends | set(range(0, len(whole), 1 if kind == "csv" else 11))):
        path.write_bytes(whole[:cut])
        done, failures = write(path, kind, resume=True)
        assert path.read_bytes() == whole, cut
        assert failures == sum(outcome.failure is not None for outcome in ALL[:done])
        done_before.add(done)
    assert done_before == set(range(len(ALL)))


def test_a_table_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("mine")
    with pytest.raises(SettingError, match=r"out\.csv already exists; continue it with --resume, delete it, or choose"):
        TableFile(tmp_path / "out.csv", "csv", JOB, NAMES, resume=False)
    with pytest.raises(SettingError, match=r"has no readable out\.csv\.job\.json beside it"):
        TableFile(tmp_path / "out.csv", "csv", JOB, NAMES, resume=True)
    assert (tmp_path / "out.csv").read_text() == "mine"


def test_nothing_is_written_before_the_start(tmp_path: Path) -> None:
    TableFile(tmp_path / "out.csv", "csv", JOB, NAMES, resume=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("digitry", r"another version of digitry \(1\)"),
        ("model", "another model; "),
        ("expect", r"another --expect \(page\)"),
        ("max_error", r"another --max-error \(0\.005\)"),
        ("page", "another option of pages; "),
        ("pictures", "another list of pictures; "),
    ],
)
def test_a_table_of_another_job_is_refused_and_untouched(key: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write(path, "csv", ALL[:3])
    before = path.read_bytes()
    with pytest.raises(SettingError, match=f"was started with {words}"):
        TableFile(path, "csv", JOB | {key: "new"}, NAMES, resume=True)
    assert path.read_bytes() == before


def test_a_table_that_somebody_edited_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write(path, "csv")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b",", b";"))
    with pytest.raises(SettingError, match="does not begin as"):
        TableFile(path, "csv", JOB, NAMES, resume=True)
    path.write_bytes(whole.replace(b"a/7.png", b"a/8.png"))
    with pytest.raises(SettingError, match=r"holds a/8\.png, which is not next"):
        TableFile(path, "csv", JOB, NAMES, resume=True)


def test_resuming_what_never_began_begins(tmp_path: Path) -> None:
    assert write(tmp_path / "out.jsonl", "jsonl", resume=True) == (0, 0)


def test_cut_to_fewer_pictures_than_are_done_it_goes_on_from_there(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write(path, "csv")
    whole = path.read_bytes()
    with TableFile(path, "csv", JOB, NAMES, resume=True) as table:
        assert table.start(2) == 0
        for outcome in ALL[2:]:
            table.append(FORMATS["csv"].lines(outcome))
    assert path.read_bytes() == whole


def test_two_processes_cannot_write_one_table(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    with TableFile(tmp_path / "out.csv", "csv", JOB, NAMES, resume=True) as first:
        first.start(0)
        with (
            pytest.raises(StorageError, match=r"another process is writing .*out\.csv"),
            TableFile(tmp_path / "out.csv", "csv", JOB, NAMES, resume=True) as second,
        ):
            second.start(0)


@pytest.mark.parametrize("call", ["write", "fsync", "ftruncate"])
def test_a_full_disk_is_one_line_that_says_how_to_go_on(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.csv"
    write(path, "csv")
    whole = path.read_bytes()
    path.write_bytes(whole[:100])

    def fails(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(output.os, call, fails)
        with pytest.raises(
            StorageError, match=r"cannot write .*out\.csv: No space left .*; .* continue with --resume$"
        ):
            write(path, "csv", resume=True)
    write(path, "csv", resume=True)
    assert path.read_bytes() == whole


def test_the_job_tells_models_settings_and_pictures_apart(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"1")
    settings = ReadingSettings((str(tmp_path),))
    job = describe_job(settings, ["a", "b"])
    assert job == describe_job(ReadingSettings((str(tmp_path / "model.onnx"),)), ["a", "b"])
    others = [
        describe_job(settings, ["ab"]),
        describe_job(ReadingSettings(), ["a", "b"]),
        describe_job(dataclasses.replace(settings, expect="digit"), ["a", "b"]),
        describe_job(dataclasses.replace(settings, max_error=0.01), ["a", "b"]),
    ]
    (tmp_path / "model.onnx").write_bytes(b"2")
    others.append(describe_job(settings, ["a", "b"]))
    assert job not in others
    with pytest.raises(ModelError, match="cannot read the model"):
        describe_job(ReadingSettings((str(tmp_path / "none.onnx"),)), ["a"])


def test_the_list_of_pictures_is_known_by_its_names_with_a_zero_byte_between_them() -> None:
    names = ["a.png", "ü/b.png", "\udcff.png"]
    whole = hashlib.sha256(b"a.png\0\xc3\xbc/b.png\0\xed\xb3\xbf.png").hexdigest()
    assert describe_job(ReadingSettings(), names)["pictures"] == whole
    assert describe_job(ReadingSettings(), [])["pictures"] == hashlib.sha256().hexdigest()


def test_a_picture_counts_as_done_only_when_the_next_one_has_begun(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    job_names = [SEVEN.name, BROKEN.name]
    with TableFile(path, "csv", JOB, job_names, resume=False) as table:
        table.start(0)
        table.append(FORMATS["csv"].lines(SEVEN))
    assert TableFile(path, "csv", JOB, job_names, resume=True).done == 0
