"""Many pictures over processes: the same as in one, in order; processes that die, and those that never start."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path

import cv2
import pytest

from digitry.errors import ModelError, StorageError
from digitry.reading.batch import processes
from digitry.reading.batch.read_all import read_all
from digitry.reading.batch.records import PictureSource, ReadingSettings
from tests.unit.reading.batch import finishers
from tests.unit.tiny_models import printed_digit, template_model_bytes

COUNT = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    (folder / "tiny.onnx").write_bytes(template_model_bytes())
    for digit in range(10):
        cv2.imwrite(str(folder / f"{digit}.png"), printed_digit(digit, height=40, thickness=5, side=56))
    (folder / "bad.png").write_text("no picture")
    return folder


def sources(folder: Path) -> list[PictureSource]:
    """Forty: the ten digits again and again, each fifth of them broken."""
    return [PictureSource(str(folder / ("bad.png" if i % 5 == 4 else f"{i % 10}.png"))) for i in range(COUNT)]


def settings(folder: Path) -> ReadingSettings:
    return ReadingSettings((str(folder / "tiny.onnx"),), expect="digit")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "CHUNK", 7)


def test_several_processes_give_what_one_gives_in_order(folder: Path) -> None:
    here = list(read_all(sources(folder), settings(folder), finishers.text, processes=1))
    assert [text for _, text, _ in here[:5]] == ["0", "1", "2", "3", ""]
    assert here[4][2] is not None
    assert here[4][2].startswith("not a picture of a known format")
    assert list(read_all(sources(folder), settings(folder), finishers.text, processes=2)) == here
    ids = set(read_all(sources(folder), settings(folder), finishers.process_id, processes=2))
    assert len(ids) == 2
    assert os.getpid() not in ids


def test_a_picture_that_kills_its_process_is_a_failure_and_all_others_are_read(folder: Path) -> None:
    (folder / "deadly.png").write_bytes((folder / "3.png").read_bytes())
    given = [PictureSource(str(folder / "3.png"))] * COUNT
    for at in (0, 12, COUNT - 1):
        given[at] = PictureSource(str(folder / "deadly.png"))
    found = list(read_all(given, settings(folder), finishers.dies_of_a_deadly_one, processes=2))
    assert [text for _, text, _ in found] == ["" if "deadly" in one.name else "3" for one in given]
    assert {why for _, _, why in found} == {
        None,
        "reading it killed the process; is it broken, or too large for the memory?",
    }


def test_a_process_that_is_killed_once_costs_nothing(folder: Path, tmp_path: Path) -> None:
    given = sources(folder)
    finish = finishers.DiesOnce(given[9].name, tmp_path / "died")
    found = list(read_all(given, settings(folder), finish, processes=2))
    assert (tmp_path / "died").exists()
    assert found == list(read_all(given, settings(folder), finishers.text, processes=1))


def test_errors_of_the_model_and_of_what_is_done_with_readings_come_through(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx"):
        list(read_all(sources(folder), ReadingSettings((str(folder / "none.onnx"),)), finishers.text, processes=2))
    with pytest.raises(StorageError, match="No space left"):
        list(read_all(sources(folder), settings(folder), finishers.full_disk, processes=2))


def test_where_no_process_can_be_started_this_one_reads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(subprocess, "Popen", refused)
    ids = list(read_all(sources(folder), settings(folder), finishers.process_id, processes=2))
    assert ids == [os.getpid()] * COUNT


def test_few_pictures_need_no_process_and_many_at_most_one_a_core() -> None:
    assert processes.sensible_count(processes.WORTHWHILE - 1) == 1
    assert 1 <= processes.sensible_count(10_000) <= min(os.cpu_count() or 1, processes.MOST_PROCESSES)


def test_a_fault_of_ours_in_one_picture_is_its_failure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from digitry.reading import Reader

    def fails(*_: object, **__: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(Reader, "read_pages", fails)
    asked = dataclasses.replace(settings(folder), expect="page")
    ((_, _, why),) = read_all(sources(folder)[:1], asked, finishers.text)
    assert why == "digitry itself failed here, please report it: IndexError: list index out of range"
